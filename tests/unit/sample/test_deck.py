import unicodedata
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.sample import SampleCard, cue_similarity, deck_ids, load_deck

LEAST_SIMILARITY_OF_A_PAIR = 0.5
ALWAYS_A_PAIR_FROM = 0.8


@pytest.fixture(scope="module")
def deck() -> tuple[SampleCard, ...]:
    return load_deck()


@pytest.fixture(scope="module")
def by_id(deck) -> dict[int, SampleCard]:
    return {card.card_id: card for card in deck}


def test_size_and_variety(deck):
    assert len(deck) >= 320
    assert len({card.note_id for card in deck}) >= 300
    assert {card.deck for card in deck} == {
        "Languages::Spanish",
        "Languages::German",
        "Geography::Capitals",
        "Formulas::Mathematics",
        "Formulas::Physics",
    }
    kinds = Counter(card.kind for card in deck)
    assert kinds.keys() == {"word", "capital", "formula"}
    assert min(kinds.values()) >= 40


def test_ids_and_prompts_are_unique(deck):
    assert len({card.card_id for card in deck}) == len(deck)
    assert len({card.prompt for card in deck}) == len(deck)


def test_texts_are_clean(deck):
    for card in deck:
        for text in (card.prompt, card.answer):
            assert text == text.strip() != ""
            assert text == unicodedata.normalize("NFC", text)
            assert "  " not in text
            assert all(unicodedata.category(letter) != "Cc" for letter in text)


def test_tex_is_balanced(deck):
    for card in deck:
        for text in (card.prompt, card.answer):
            assert text.count(r"\(") == text.count(r"\)")
            assert text.count("{") == text.count("}")
        if card.kind == "formula":
            assert card.answer.startswith(r"\(")
            assert card.answer.endswith(r"\)")


def test_siblings_mirror_each_other(deck):
    notes: dict[int, list[SampleCard]] = {}
    for card in deck:
        notes.setdefault(card.note_id, []).append(card)
    pairs = [cards for cards in notes.values() if len(cards) > 1]
    assert len(pairs) >= 100
    for cards in notes.values():
        assert [card.direction for card in cards] in (["forward"], ["forward", "reverse"])
        assert len({(card.deck, card.kind) for card in cards}) == 1
    for forward, reverse in pairs:
        assert reverse.prompt.endswith(forward.answer)
        assert forward.prompt.endswith(reverse.answer)


def test_links_are_mutual_and_between_different_answers(deck, by_id):
    linked = [card for card in deck if card.confusable_with]
    assert len(linked) >= 200
    for card in linked:
        assert len(set(card.confusable_with)) == len(card.confusable_with)
        for other in card.confusable_with:
            assert card.card_id in by_id[other].confusable_with
            assert by_id[other].note_id != card.note_id
            assert by_id[other].answer != card.answer
            assert by_id[other].deck.split("::")[0] == card.deck.split("::")[0]
            assert by_id[other].direction == card.direction


def test_every_link_joins_similar_prompts(deck, by_id):
    unlike = [
        (card.prompt, by_id[other].prompt)
        for card in deck
        for other in card.confusable_with
        if cue_similarity(card.prompt, by_id[other].prompt) < LEAST_SIMILARITY_OF_A_PAIR
    ]
    assert unlike == []


def test_no_similar_foreign_words_are_left_unlinked(deck):
    forward = [card for card in deck if card.direction == "forward"]
    letters = {card.card_id: set(card.prompt.casefold()) for card in forward}
    missing = [
        (a.prompt, b.prompt)
        for a, b in combinations(forward, 2)
        if a.deck == b.deck
        and b.card_id not in a.confusable_with
        # So alike as to count, two words share most letters; the check saves the slow measure.
        and len(letters[a.card_id] & letters[b.card_id]) > 0.6 * len(letters[a.card_id])
        and cue_similarity(a.prompt, b.prompt) >= ALWAYS_A_PAIR_FROM
    ]
    assert missing == []


def test_unlinked_prompts_are_much_less_alike(deck, by_id):
    words = [card for card in deck if card.deck == "Languages::Spanish"][::2][:80]
    unlinked = [
        cue_similarity(a.prompt, b.prompt)
        for a, b in combinations(words, 2)
        if b.card_id not in a.confusable_with
    ]
    linked = [
        cue_similarity(a.prompt, by_id[other].prompt) for a in words for other in a.confusable_with
    ]
    assert sum(unlinked) / len(unlinked) < 0.3
    assert sum(linked) / len(linked) > 0.6


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("pero", "but"),
        ("el perro", "dog"),
        ("die Kirche", "church"),
        ("die Kirsche", "cherry"),
        ("capital of Slovenia", "Ljubljana"),
        ("country whose capital is Bratislava", "Slovakia"),
        (r"derivative of \(\cos x\)", r"\(-\sin x\)"),
    ],
)
def test_some_facts(deck, prompt, answer):
    assert {card.prompt: card.answer for card in deck}[prompt] == answer


def test_deck_ids_are_numbered_by_name(deck):
    assert deck_ids(deck) == {
        "Formulas::Mathematics": 1,
        "Formulas::Physics": 2,
        "Geography::Capitals": 3,
        "Languages::German": 4,
        "Languages::Spanish": 5,
    }


@pytest.mark.parametrize(
    ("a", "b", "similarity"),
    [
        ("el perro", "pero", 6 / 7),  # pairs pe er ro in pe er rr ro
        ("schon", "schön", 4 / 5),  # one letter of five
        ("capital of Mali", "capital of Peru", 0.0),
        ("to sew", "TO SEW", 1.0),
        ("", "", 1.0),
    ],
)
def test_similarity_by_hand(a, b, similarity):
    assert cue_similarity(a, b) == pytest.approx(similarity)


@given(st.text(max_size=12), st.text(max_size=12))
def test_similarity_is_symmetric_and_bounded(a, b):
    assert 0.0 <= cue_similarity(a, b) <= 1.0
    assert cue_similarity(a, b) == pytest.approx(cue_similarity(b, a))
    assert cue_similarity(a, a) == 1.0
