"""What a search finds is what brute force finds: on both databases, with and without the texts."""

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


def named(*names):
    return st.sampled_from(names).map(Glob)


def properties():
    whole = st.integers(0, 12)
    back = st.integers(-12, 0)
    return st.one_of(
        st.builds(n.Property, st.sampled_from(["ivl", "pos", "reps", "lapses"]), signs, whole),
        st.builds(n.Property, st.just("due"), signs, st.integers(-4, 4)),
        st.builds(n.Property, st.just("ease"), signs, st.sampled_from([0.0, 2.3, 2.5])),
        st.builds(n.Property, st.just("rated"), signs, back, st.none() | st.integers(1, 4)),
        st.builds(n.Property, st.just("resched"), signs, back),
        st.builds(n.Property, st.just("r"), signs, st.sampled_from([0.0, 0.5, 0.9])),
    )


leaves = st.one_of(
    st.builds(n.Text, texts, st.sampled_from(["exact", "nc", "word"])),
    st.builds(n.Text, texts),
    st.builds(n.Text, expressions),
    st.builds(n.FieldIs, named("front", "Back", "fr*", "_*", "word"), globs | named("")),
    st.builds(n.FieldIs, named("front", "Back"), globs, st.just(True)),
    st.builds(n.FieldIs, named("front", "*"), expressions),
    st.builds(
        n.DeckIs,
        named(
            "lang", "Lang::*", "lang*", "LANG::fran\u00e7ais", "filtered", "sci\\*ence", "no", "_*s"
        ),
    ),
    st.builds(
        n.TagIs,
        named("animal", "ANIMAL::dog", "*cat", "none", "*", "Über", "a_b", "a\\_b", "leech")
        | expressions,
    ),
    st.builds(n.TagIs, named("uber", "über", "*x"), st.just(True)),
    st.builds(n.NoteTypeIs, named("cloze", "basic*", "Vocabulary", "none", "_____")),
    st.builds(n.TemplateIs, named("1", "2", "3", "forward", "c*", "cloze", "back")),
    st.builds(n.PresetIs, named("default", "hard one", "*", "x")),
    st.builds(n.State, st.sampled_from(["new", "learn", "review", "due", "suspended", "buried"])),
    properties(),
    st.builds(n.Added, days),
    st.builds(n.Edited, days),
    st.builds(n.Rated, days, st.none() | st.integers(1, 4)),
    st.builds(n.Introduced, days),
    st.builds(n.Rescheduled, days),
    st.builds(n.Flag, st.integers(0, 7)),
    st.builds(
        n.Ids, st.sampled_from(["did", "mid"]), st.lists(st.integers(1, 15)).map(tuple)
    ).filter(lambda ids: ids.numbers),
    st.builds(
        n.Duplicate, st.sampled_from([11, 12, 14]), st.sampled_from(["dog", "CAT", "", "a  dog"])
    ),
    st.builds(n.Extra, st.just("similar"), st.sampled_from(["x", "xy"])),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: n.And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: n.Or(tuple(parts))),
        inner.map(n.Not),
    ),
    max_leaves=6,
)


@given(tree=trees | st.just(n.Everything()))
@settings(max_examples=600)
def test_a_tree_written_out_parses_to_itself(tree):
    assert parse(str(tree), extra=("similar",), properties=("r",)) == tree


@pytest.mark.parametrize("seed", range(6))
def test_search_finds_what_brute_force_finds(filled, oracle, toys, seed):
    collection = filled(seed)
    with collection.reading() as transaction:
        brute = oracle.BruteForce(transaction, toys)
        empty = 0

        @given(tree=trees)
        @settings(
            max_examples=40,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        def check(tree):
            nonlocal empty
            expected = brute.find(tree)
            found = find_cards(transaction, str(tree), extensions=toys)
            assert found == sorted(expected), str(tree)
            assert count_cards(transaction, tree, extensions=toys) == len(expected)
            noted = {card.note_id for card in brute.cards if card.id in expected}
            assert find_notes(transaction, tree, extensions=toys) == sorted(noted)
            empty += not 0 < len(expected) < len(brute.cards)

        check()
        assert empty < 30  # most queries part the cards
