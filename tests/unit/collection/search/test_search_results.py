"""What a search finds is what brute force finds: on both databases, with and without the texts."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.collection.search import count_cards, find_cards, find_notes, parse
from recollect.collection.search import nodes as n
from recollect.collection.search.patterns import Glob, Regex

PIECES = ("dog", "d", "cat", "Über", "uber", "ete", "été", "は", "ば", "_", "*", "a", " ", "\\_")
PIECES += ("\\*", "\\\\", "%", "c++", "<", "&", "so", '"', "dog.png", "straße", ":", "fi", "g")

globs = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map(lambda p: Glob("".join(p)))
texts = globs.filter(lambda glob: glob.text.strip())
expressions = st.sampled_from(
    ["dog", "^d.g$", "(?-i)Dog", "<b>", "c[1-9]::", r"\bdog\b", "(cat|ü)", "^$", '"', "&amp;"]
).map(Regex)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
days = st.integers(1, 20)


# Nodes are made in the tests: the checker of types draws random numbers, which strategies must not.
def late(kind, *arguments):
    return st.tuples(*arguments).map(lambda values: partial(kind, *values))


def joined(kind, parts):
    return kind(tuple(part() for part in parts))


def denied(part):
    return n.Not(part())


def named(*names):
    return st.sampled_from(names).map(Glob)


def properties():
    whole = st.integers(0, 12)
    back = st.integers(-12, 0)
    return st.one_of(
        late(n.Property, st.sampled_from(["ivl", "pos", "reps", "lapses"]), signs, whole),
        late(n.Property, st.just("due"), signs, st.integers(-4, 4)),
        late(n.Property, st.just("ease"), signs, st.sampled_from([0.0, 2.3, 2.5])),
        late(n.Property, st.just("rated"), signs, back, st.none() | st.integers(1, 4)),
        late(n.Property, st.just("resched"), signs, back),
        late(n.Property, st.just("r"), signs, st.sampled_from([0.0, 0.5, 0.9])),
    )


leaves = st.one_of(
    late(n.Text, texts, st.sampled_from(["exact", "nc", "word"])),
    late(n.Text, texts),
    late(n.Text, expressions),
    late(n.FieldIs, named("front", "Back", "fr*", "_*", "word"), globs | named("")),
    late(n.FieldIs, named("front", "Back"), globs, st.just(True)),
    late(n.FieldIs, named("front", "*"), expressions),
    late(
        n.DeckIs,
        named(
            "lang", "Lang::*", "lang*", "LANG::fran\u00e7ais", "filtered", "sci\\*ence", "no", "_*s"
        ),
    ),
    late(
        n.TagIs,
        named("animal", "ANIMAL::dog", "*cat", "none", "*", "Über", "a_b", "a\\_b", "leech")
        | expressions,
    ),
    late(n.TagIs, named("uber", "über", "*x"), st.just(True)),
    late(n.NoteTypeIs, named("cloze", "basic*", "Vocabulary", "none", "_____")),
    late(n.TemplateIs, named("1", "2", "3", "forward", "c*", "cloze", "back")),
    late(n.PresetIs, named("default", "hard one", "*", "x")),
    late(n.State, st.sampled_from(["new", "learn", "review", "due", "suspended", "buried"])),
    properties(),
    late(n.Added, days),
    late(n.Edited, days),
    late(n.Rated, days, st.none() | st.integers(1, 4)),
    late(n.Introduced, days),
    late(n.Rescheduled, days),
    late(n.Flag, st.integers(0, 7)),
    late(
        n.Ids, st.sampled_from(["did", "mid"]), st.lists(st.integers(1, 15), min_size=1).map(tuple)
    ),
    late(n.Duplicate, st.sampled_from([11, 12, 14]), st.sampled_from(["dog", "CAT", "", "a  dog"])),
    late(n.Extra, st.just("similar"), st.sampled_from(["x", "xy"])),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: partial(joined, n.And, parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: partial(joined, n.Or, parts)),
        inner.map(lambda part: partial(denied, part)),
    ),
    max_leaves=6,
)


@given(made=trees | st.just(n.Everything))
@settings(max_examples=250)
def test_a_tree_written_out_parses_to_itself(made):
    tree = made()
    assert parse(str(tree), extra=("similar",), properties=("r",)) == tree


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(more, marks=pytest.mark.slow) for more in (3, 4, 5))]
)
def test_search_finds_what_brute_force_finds(filled, oracle, toys, seed):
    collection = filled(seed)
    with collection.reading() as transaction:
        brute = oracle.BruteForce(transaction, toys)
        empty = 0

        @given(made=trees)
        @settings(
            max_examples=25,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        def check(made):
            nonlocal empty
            tree = made()
            expected = brute.find(tree)
            found = find_cards(transaction, str(tree), extensions=toys)
            assert found == sorted(expected), str(tree)
            assert count_cards(transaction, tree, extensions=toys) == len(expected)
            noted = {card.note_id for card in brute.cards if card.id in expected}
            assert find_notes(transaction, tree, extensions=toys) == sorted(noted)
            empty += not 0 < len(expected) < len(brute.cards)

        check()
        assert empty < 20  # most queries part the cards
