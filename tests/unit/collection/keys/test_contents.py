"""What a card asks and wants to hear, of all that templates can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection import Field, NoteType, Template
from recollect.collection.keys import card_content


def kind(question, answer, fields=("Front", "Back", "Extra"), cloze=False):
    return NoteType(
        1,
        "Type",
        "cloze" if cloze else "normal",
        tuple(map(Field, fields)),
        (Template("Card", question, answer),),
    )


NOTE = ("el <b>perro</b>", "the&nbsp;dog", "noun")


@pytest.mark.parametrize(
    ("question", "answer", "prompt", "told"),
    [
        ("{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}", "el perro", "the dog"),
        ("{{Front}}", "{{Front}}<hr>{{Back}}", "el perro", "the dog"),
        ("{{Front}}", "{{Back}} {{Extra}}", "el perro", "the dog noun"),
        ("{{Front}}", "{{Back}} {{Back}}", "el perro", "the dog"),
        ("What is {{Front}} in English?", "It is {{Back}}", "el perro", "the dog"),
        ("{{Front}} ({{Extra}})", "{{FrontSide}} {{Back}}", "el perro noun", "the dog"),
        ("{{Front}} {{hint:Extra}}", "{{Back}} {{Extra}}", "el perro", "the dog noun"),
        ("{{Front}} {{type:Back}}", "{{Front}} {{type:Back}} {{Extra}}", "el perro", "the dog"),
        ("{{type:Back}}", "{{type:Back}}", "el perro", "the dog"),
        ("{{tts en_US:Front}}", "{{Back}}", "el perro", "the dog"),
        ("{{unheard-of:Front}}", "{{Back}}", "el perro", "the dog"),
        ("{{#Extra}}{{Front}}{{/Extra}}", "{{^Extra}}x{{/Extra}}{{Back}}", "el perro", "the dog"),
        ("{{Front}}{{#Tags}}{{Extra}}{{/Tags}}", "{{Back}}", "el perro", "the dog"),
        ("{{Front}}", "{{FrontSide}}", "el perro", ""),
        ("{{Front}}", "{{Front}}", "el perro", "el perro"),
        ("{{Front}}", "", "el perro", ""),
        ("{{Nothing}}", "{{Back}}", "el perro", "the dog"),
        ("{{Deck}}: {{Tags}}", "{{Back}}", "el perro", "the dog"),
        ("{{Front", "{{Back}}", "el perro", "the dog noun"),
        ("{{#Front}}", "{{Back}}", "el perro", "the dog noun"),
    ],
)
def test_templates(question, answer, prompt, told):
    assert card_content(kind(question, answer), NOTE, 0) == (prompt, told)


def test_a_card_without_a_template():
    assert card_content(kind("{{Front}}", "{{Back}}"), NOTE, 5) == ("el perro", "the dog noun")


@pytest.mark.parametrize(
    ("ordinal", "prompt", "answer"),
    [
        (0, "[...] is the capital of Spain", "Madrid"),
        (1, "Madrid is the [what] of Spain", "capital"),
        (2, "Madrid is the capital of Spain", "a city"),
    ],
)
def test_cloze_deletions(ordinal, prompt, answer):
    cloze = kind("{{cloze:Text}}", "{{cloze:Text}}<br>{{Extra}}", ("Text", "Extra"), cloze=True)
    text = "{{c1::Madrid}} is the {{c2::capital::what}} of <i>Spain</i>"
    found = card_content(cloze, (text, "a city"), ordinal)
    if ordinal < 2:
        assert found == (prompt, answer)
    else:  # of no deletion, as when the note has lost it
        assert found.answer == answer


def test_cloze_deletions_that_are_typed_or_several():
    cloze = kind("{{cloze:Text}} {{type:cloze:Text}}", "{{cloze:Text}}", ("Text",), cloze=True)
    assert card_content(cloze, ("{{c1::a}} b {{c1::c}}",), 0) == ("[...] b [...]", "a c")


def test_readings():
    japanese = kind("{{kanji:Front}}", "{{furigana:Front}} {{kana:Front}} {{Back}}")
    found = card_content(japanese, ("日本[にほん]", "Japan", ""), 0)
    assert found == ("日本", "Japan")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<img src='red_panda.jpg'>", "red panda"),
        ("[sound:el_perro.mp3]", "el perro"),
        ("a panda <img src='panda.jpg'>[sound:x.mp3]", "a panda"),
        ('<img src="paste-1f4e5d6c7b8a90123456789abcdef01234567890.png">', ""),
        ("<video src=cat.mp4></video><audio><source src='purr.ogg'></audio>", "cat purr"),
        ("<object data='map.svg'></object>", "map"),
        ("<style>.x{}</style><script>alert(1)</script><!-- c -->", ""),
        ("&lt;b&gt; &amp; &#x1F600;", "<b> & 😀"),
        ("a<br>b<div>c</div>", "a b c"),
        ("<img alt='nothing'>", ""),
        ("", ""),
    ],
)
def test_html_and_media(html, text):
    found = card_content(kind("{{Back}}", "{{Extra}}"), ("", html, html), 0)
    assert found == (text, text)


def test_long_fields_take_no_time():
    repeated = ("<", "<img ", "{{c1::", "大", "[sound:", "&", "<!--")
    for long in (text * (10**6 // len(text)) for text in repeated):
        card_content(kind("{{Front}}", "{{Back}}"), (long, long, ""), 0)
        card_content(kind("{{cloze:Front}}", "{{Back}}", cloze=True), (long, long, ""), 0)


@given(st.tuples(*[st.text(max_size=30)] * 3), st.text(max_size=60), st.integers(0, 3))
def test_any_fields_and_templates_have_a_content(fields, template, ordinal):
    for side in (template, "{{Front}}" + template, "{{cloze:Front}}"):
        for cloze in (False, True):
            found = card_content(kind(side, "{{Back}}" + template, cloze=cloze), fields, ordinal)
            for text in found:
                assert text == " ".join(text.split())
