"""Cards like a text or a card, and competitors, against comparing with every card."""

from dataclasses import replace

import pytest

from recollect.collection import (
    Card,
    Field,
    Note,
    NoteType,
    Template,
    cards,
    note_types,
    notes,
    open_collection,
)
from recollect.collection.keys import (
    all_competitors,
    card_keys,
    competitors_of,
    contents_of,
    similar_cards,
    similar_term,
    similar_to_card,
)
from recollect.collection.search import count_cards, find_cards, find_page
from recollect.cues import NgramSettings, WordSettings, pairs_of
from recollect.errors import ParameterError, UnknownNameError
from recollect.sample import load_deck

KANJI = ("大", "犬", "太", "大学", "大人", "大切", "小学", "小さい", "学校", "山")


def fill(collection, sides):
    """A note with a card of the same number for each pair of prompt and answer."""
    with collection.transaction("Fill") as transaction:
        kind = NoteType(
            10,
            "Basic",
            "normal",
            (Field("Front"), Field("Back")),
            (Template("Card", "{{Front}}", "{{Back}}"),),
        )
        note_types.add_note_type(transaction, kind)
        notes.add_notes(
            transaction, [Note(number, f"g{number}", 10, pair) for number, pair in sides.items()]
        )
        cards.add_cards(transaction, [Card(number, number, 1) for number in sides])


JAPANESE = {2001 + at: (word, f"meaning {at}") for at, word in enumerate(KANJI)}
SPANISH = {1: ("el perro", "dog"), 2: ("la perra", "bitch"), 3: ("pero", "but"), 4: ("1945", "war")}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The built-in cards, 1 to 863, and some Japanese ones from 2001; being read."""
    path = tmp_path_factory.mktemp("sample") / "collection.db"
    sides = {at: (card.prompt, card.answer) for at, card in enumerate(load_deck(), 1)}
    with open_collection(path) as collection:
        fill(collection, sides | JAPANESE)
        with collection.reading() as transaction:
            yield transaction


@pytest.fixture(scope="module")
def ngrams(sample):
    return sample, card_keys(sample, NgramSettings(), None)


@pytest.fixture(scope="module")
def letters(sample):
    return sample, card_keys(sample, WordSettings(), None)


@pytest.fixture
def small(collection):
    """Few cards, once on each database."""
    fill(collection, SPANISH | JAPANESE)
    with collection.reading() as transaction:
        yield transaction, card_keys(transaction, NgramSettings(), None)


def brute(transaction, keys, text, least):
    contents = contents_of(transaction, keys.card_ids.tolist())
    prompts = [content.prompt for content in contents.values()]
    alike = keys.encoder.compared([text] * len(prompts), prompts)
    found = [(n, float(a)) for n, a in zip(contents, alike, strict=True) if a >= least]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


TEXTS = ("el perro", "capital of Spain", "Madrid", "大", "zzz", "", "x" * 10**6)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20])
@pytest.mark.parametrize("encoder", ["ngrams", "letters"])
def test_similar_cards_are_those_that_comparing_with_all_finds(request, encoder, text):
    transaction, keys = request.getfixturevalue(encoder)
    found = list(similar_cards(transaction, keys, text, least=0.4).items())
    wanted = brute(transaction, keys, text, 0.4)
    assert len(wanted) < 500
    missed = {number for number, alike in wanted if alike > 0.45} - {number for number, _ in found}
    assert not missed
    assert set(found) <= set(wanted)
    assert [alike for _, alike in found] == sorted((a for _, a in found), reverse=True)


def test_how_many_and_how_similar(ngrams):
    transaction, keys = ngrams
    found = similar_cards(transaction, keys, "capital of Spain")
    assert min(found.values()) >= 0.3
    assert len(found) > 50
    few = similar_cards(transaction, keys, "capital of Spain", most=3)
    assert list(few.items()) == list(found.items())[:3]
    assert all(alike >= 0.5 for alike in similar_cards(transaction, keys, "el", least=0.5).values())


def test_words_of_a_character(ngrams):
    transaction, keys = ngrams
    found = similar_cards(transaction, keys, "大")
    assert next(iter(found)) == 2001
    assert found[2001] == pytest.approx(1, abs=1e-5)
    assert set(found) == {2001, 2004, 2005, 2006}


def test_similar_to_a_card_leaves_the_card_out(ngrams):
    transaction, keys = ngrams
    found = similar_to_card(transaction, keys, 2001)
    assert found == {n: a for n, a in similar_cards(transaction, keys, "大").items() if n != 2001}
    with pytest.raises(UnknownNameError, match="no card named 5000"):
        similar_to_card(transaction, keys, 5000)


def test_competitors_have_similar_prompts_and_other_answers(ngrams):
    transaction, keys = ngrams
    contents = contents_of(transaction, keys.card_ids.tolist())
    capitals = [n for n, content in contents.items() if content.prompt.startswith("capital of")]
    for number in capitals[:5]:
        found = competitors_of(transaction, keys, number, most=10)
        assert len(found) == 10
        alike = [one.similarity for one in found]
        assert alike == sorted(alike, reverse=True)
        for one in found:
            assert one.card_id != number
            assert one.content == contents[one.card_id]
            assert one.content.answer.casefold() != contents[number].answer.casefold()
            assert one.similarity >= 0.3
    with pytest.raises(UnknownNameError):
        competitors_of(transaction, keys, 5000)


def test_siblings_and_cards_with_the_same_answer_do_not_compete(collection):
    twins = {1: ("a rare prompt", "one"), 2: ("a rare prompt", "One "), 3: ("A rare prompt", "two")}
    fill(collection, twins | {4: ("nothing of it", "zzz")} | JAPANESE)
    with collection.transaction("Add a sibling") as transaction:
        note_type = note_types.get_note_type(transaction, 10)
        other = Template("Other", "{{Front}}!", "{{Back}}?")
        both = replace(note_type, templates=(*note_type.templates, other))
        note_types.update_note_type(transaction, both, templates_from=(0, None))
        cards.add_cards(transaction, [Card(5, 1, 1, ordinal=1)])
    with collection.reading() as transaction:
        keys = card_keys(transaction, NgramSettings(), None)
        rivals = {
            number: {one.card_id for one in competitors_of(transaction, keys, number)}
            for number in range(1, 6)
        }
        assert rivals == {1: {3}, 2: {3}, 3: {1, 2, 5}, 4: set(), 5: {3}}
        pairs = pairs_of(all_competitors(keys))
        numbers = [keys.card_ids[side].tolist() for side in (pairs.first, pairs.second)]
        found = set(zip(*numbers, strict=True))
        assert {pair for pair in found if max(pair) < 10} == {(1, 3), (2, 3), (3, 5)}


def test_all_competitors_agree_with_those_of_one_card(ngrams):
    transaction, keys = ngrams
    pairs = pairs_of(all_competitors(keys, most=5, least=0.6))
    assert len(pairs.first) > 100
    contents = contents_of(transaction, keys.card_ids.tolist())
    prompts = [content.prompt for content in contents.values()]
    exact = keys.encoder.compared(
        [prompts[at] for at in pairs.first], [prompts[at] for at in pairs.second]
    )
    assert abs(exact - pairs.similarity).mean() < 0.05
    assert (exact > 0.4).all()


def test_a_card_that_asks_nothing_is_like_nothing(collection):
    fill(collection, {1: ("", ""), 2: ("", "x"), 3: (" ", "y")})
    with collection.reading() as transaction:
        keys = card_keys(transaction, NgramSettings(), None)
        assert similar_to_card(transaction, keys, 1) == {}
        assert competitors_of(transaction, keys, 1) == []
        assert similar_cards(transaction, keys, "") == {}
        assert (all_competitors(keys).places == -1).all()


def test_one_card(collection):
    fill(collection, {7: ("alone", "x")})
    with collection.reading() as transaction:
        keys = card_keys(transaction, NgramSettings(), None)
        assert similar_cards(transaction, keys, "alone") == {7: pytest.approx(1)}
        assert similar_to_card(transaction, keys, 7) == {}
        assert competitors_of(transaction, keys, 7) == []


def test_the_term_in_a_search(small):
    transaction, keys = small
    extensions = similar_term(keys)

    def find(query, sort="similar", **options):
        return find_cards(transaction, query, sort=sort, extensions=extensions, **options)

    alike = similar_cards(transaction, keys, "el perro")
    assert find('similar:"el perro"') == list(alike)
    assert find('similar:"el perro"', descending=True) == list(alike)[::-1]
    assert find('similar:"el perro"', sort="added") == sorted(alike)
    assert find("similar:大") == list(similar_cards(transaction, keys, "大"))
    assert find("similar:2001") == list(similar_to_card(transaction, keys, 2001))
    assert find("similar:1945") == [4]
    assert find("similar:大 -大学") == [n for n in find("similar:大") if n != 2004]
    assert find("similar:zzzz") == []
    both = find('similar:大 or similar:"el perro"')
    best = {**alike}
    for number, one in similar_cards(transaction, keys, "大").items():
        best[number] = max(one, best.get(number, 0))
    assert both == sorted(best, key=lambda number: (-best[number], number))
    behind = find("similar:大 or 山")
    assert behind == [*find("similar:大"), 2010]
    others = count_cards(transaction, "-similar:大", extensions=extensions)
    assert others == 14 - len(find("similar:大")) < 14


def test_pages_in_order_of_similarity(small):
    transaction, keys = small
    query, options = "similar:大 or similar:perro or 犬 or w:pero", {"sort": "similar"}
    options["extensions"] = similar_term(keys)
    whole = find_cards(transaction, query, **options)
    for descending in (False, True):
        found, after = [], None
        while not found or after is not None:
            page = find_page(
                transaction, query, size=2, after=after, descending=descending, **options
            )
            found.extend(page.card_ids)
            after = page.after
        assert found == (whole[::-1] if descending else whole)


def test_orders_that_cannot_be(small):
    transaction, keys = small
    extensions = similar_term(keys)
    with pytest.raises(ParameterError, match="needs similar: in the query"):
        find_cards(transaction, "dog", sort="similar", extensions=extensions)
    with pytest.raises(ParameterError, match=r"no order 'colour'; there are: due, .*, similar"):
        find_cards(transaction, "dog", sort="colour", extensions=extensions)
    with pytest.raises(ParameterError, match="no order 'similar'"):
        find_cards(transaction, "dog", sort="similar")


def test_terms_that_do_not_say_how_well_cards_fit_are_no_order(small):
    from recollect.collection.search import Extensions

    extensions = Extensions(terms={"odd": lambda transaction, text: [1, 3]})
    transaction, _ = small
    assert find_cards(transaction, "odd:x", extensions=extensions) == [1, 3]
    with pytest.raises(ParameterError, match="is no order"):
        find_cards(transaction, "odd:x", sort="odd", extensions=extensions)
