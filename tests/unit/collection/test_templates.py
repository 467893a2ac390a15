"""Templates, cloze deletions and which cards a note makes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection.cloze import cloze_numbers, cloze_texts, hide_cloze, show_cloze
from recollect.collection.rendering import (
    TYPE_MARK,
    TypeIn,
    card_ordinals,
    fill_type_mark,
    render_card,
)
from recollect.collection.rows import Card, Field, Note, NoteType, Template
from recollect.collection.templates import (
    FieldNode,
    Section,
    cloze_fields,
    field_is_empty,
    parse_template,
)
from recollect.errors import NoteError


def note_type(*questions, kind="normal", fields=("Front", "Back", "Extra"), answer="{{FrontSide}}"):
    templates = tuple(
        Template(f"Card {number}", question, answer) for number, question in enumerate(questions, 1)
    )
    return NoteType(1, "A & B", kind, tuple(map(Field, fields)), templates, "css")


def rendered(question, *fields, answer="{{FrontSide}}", kind="normal", ordinal=0, flag=0, deck="D"):
    made = note_type(question, kind=kind, answer=answer)
    texts = (*fields, "", "", "")[:3]
    note = Note(5, "g", 1, texts, ("t1", "<t2>"))
    return render_card(made, note, Card(7, 5, 1, ordinal=ordinal, flag=flag), deck)


def question(source, *fields, **options):
    return rendered(source, *fields, **options).question


def test_the_parts_of_a_template():
    assert parse_template("a {{B}}{{#C}}{{d:e:F}}{{^G}}h{{/G}}{{/C}}i") == (
        "a ",
        FieldNode("B", ()),
        Section("C", False, (FieldNode("F", ("e", "d")), Section("G", True, ("h",)))),
        "i",
    )


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("{{ Front }}", (FieldNode("Front", ()),)),
        ("{{{Front}}}", (FieldNode("Front", ()), "}")),
        ("{{# A }}x{{/ A }}", (Section("A", False, ("x",)),)),
        ("{{#}}", (FieldNode("#", ()),)),
        ("a }} b", ("a }} b",)),
        ("{{::A}}", (FieldNode("A", ()),)),
        ("<!-- {{A}} -->{{B}}", ("<!-- {{A}} -->", FieldNode("B", ()))),
        ("<!-- {{A}}", ("<!--", " ", FieldNode("A", ()))),
        ("{{=<% %>=}}<%A%>{{B}}", (FieldNode("A", ()), "{{B}}")),
        ("", ()),
    ],
)
def test_how_templates_are_read(source, parts):
    assert parse_template(source) == parts


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a {{B", ("no }}", "{{B")),
        ("{{#A}}", ("opens {{#A}}", "does not close")),
        ("{{/A}}", ("closes {{/A}}", "nothing to close")),
        ("{{#A}}{{#B}}{{/A}}{{/B}}", ("closes {{/A}}", "{{/B}} first")),
        ("{{#A}}" * 1_000, ("deeper",)),
    ],
)
def test_templates_that_cannot_be_read(source, words, fails):
    with fails(NoteError, *words):
        parse_template(source)


@given(st.text(st.sampled_from("{}#^/:<!- %=Ac1"), max_size=60))
def test_whatever_a_template_is_it_is_read_or_refused(source):
    try:
        nodes = parse_template(source)
    except NoteError as error:
        problem = str(error)
        nodes = ()
    else:
        problem = ""
    assert all(isinstance(node, str | FieldNode | Section) for node in nodes)
    assert "\n" not in problem
    assert not problem or "template-error" in question(source, "x")


@given(st.text(st.sampled_from("ab<>&\n "), max_size=30))
def test_text_without_marks_stays(source):
    assert question(source + "{{Front}}", "x") == source + "x"


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "<br>", "<br/>", "<br />", "<div></div>", "<DIV>\n<br></div> ", "</div>"],
)
def test_fields_that_show_nothing(text):
    assert field_is_empty(text)


@pytest.mark.parametrize("text", ["a", "0", "&nbsp;", "<img>", "<p>", "<br class=x>", "<divx>"])
def test_fields_that_show_something(text):
    assert not field_is_empty(text)


@pytest.mark.parametrize(
    ("source", "fields", "expected"),
    [
        ("{{Front}} – {{Back}}", ("<b>a</b>", "b"), "<b>a</b> – b"),
        ("{{#Back}}[{{Back}}]{{/Back}}{{Front}}", ("a", "b"), "[b]a"),
        ("{{#Back}}[{{Back}}]{{/Back}}{{Front}}", ("a", "<br>"), "a"),
        ("{{^Back}}none{{/Back}}{{Front}}", ("a", " "), "nonea"),
        ("{{^Back}}none{{/Back}}{{Front}}", ("a", "b"), "a"),
        ("{{text:Front}}", ("<b>a</b>&lt;<i>b</i>",), "a&lt;b"),
        ("{{Front}}{{Front}}", ("{{Back}}",), "{{Back}}{{Back}}"),
        ("{{furigana:Front}}", (" 漢字[かんじ]x",), "<ruby><rb>漢字</rb><rt>かんじ</rt></ruby>x"),
        ("{{kanji:Front}}", ("お 茶[ちゃ]",), "お茶"),
        ("{{kana:Front}}", ("お 茶[ちゃ]",), "おちゃ"),
        ("{{furigana:Front}}", ("a[sound:x.mp3]",), "a[sound:x.mp3]"),
        ("{{Front}}{{FrontSide}}", ("a",), "a"),
        ("{{Front}}<!-- {{Nothing}} -->", ("a",), "a<!-- {{Nothing}} -->"),
        (
            "{{hint:Back}}{{Front}}",
            ("a", "<b>x</b>"),
            '<details class="hint"><summary>Back</summary><b>x</b></details>a',
        ),
        ("{{hint:Back}}{{Front}}", ("a", "<br>"), "a"),
        (
            "{{tts en_US voices=Bob speed=1:Front}}",
            ('<b>a</b> & "b"',),
            '<span class="speech" lang="en_US" data-text="a &amp; &quot;b&quot;"></span>',
        ),
    ],
)
def test_rendering(source, fields, expected):
    assert question(source, *fields) == expected


def test_what_is_known_of_the_card():
    source = "{{Tags}}|{{Type}}|{{Deck}}|{{Subdeck}}|{{Card}}|{{CardFlag}}|{{CardID}}|{{Front}}"
    expected = "t1 &lt;t2&gt;|A &amp; B|X::&lt;Y&gt;|&lt;Y&gt;|Card 1|flag3|7|f"
    assert question(source, "f", flag=3, deck="X::<Y>") == expected
    assert question("{{CardFlag}}{{#CardFlag}}x{{/CardFlag}}{{Front}}", "f") == "f"
    assert question("{{#Tags}}x{{/Tags}}{{Front}}", "f") == "xf"


def test_the_answer_repeats_the_question():
    card = rendered("Q: {{Front}}", "a", "b", answer="{{FrontSide}}<hr>{{Back}}")
    assert card.answer == "Q: a<hr>b"
    assert card.css == "css"
    assert not card.is_blank
    assert card.type_in is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{Nothing}}{{Front}}", "{{Nothing}}: there is no field &#x27;Nothing&#x27;"),
        ("{{#Nothing}}x{{/Nothing}}{{Front}}", "there is no field &#x27;Nothing&#x27;"),
        ("{{odd:Front}}", "unknown filter &#x27;odd&#x27; in {{odd:Front}}"),
        ("{{#Front}}", "does not close it"),
        ("{{<script>:Front}}", "&lt;script&gt;"),
    ],
)
def test_what_is_wrong_is_said_on_the_card(source, words):
    shown = question(source, "text")
    assert 'class="template-error"' in shown
    assert words in shown
    assert "<script>" not in shown


def test_an_unknown_filter_leaves_the_text():
    assert question("{{odd:text:Front}}", "<b>a</b>").endswith("</span> a")


def test_a_card_that_shows_nothing_says_so():
    card = rendered("Text {{Front}}", "", "b")
    assert card.is_blank
    assert "shows nothing of the note" in card.question
    card = rendered("{{cloze:Front}}", "{{c2::a}}", kind="cloze")
    assert card.is_blank
    assert "no cloze 1" in card.question
    assert not rendered("{{cloze:Front}}", "{{c2::a}}", kind="cloze", ordinal=1).is_blank


def test_a_card_without_a_template_says_so():
    card = rendered("{{Front}}", "a", ordinal=3)
    assert card.is_blank
    assert "no template 4" in card.question


def test_typing_the_answer():
    card = rendered(
        "{{Front}} {{type:Back}}",
        "a",
        "<div>Tōkyō</div>&amp;  <b>x</b>[sound:a.mp3]",
        answer="{{FrontSide}} {{type:Back}}",
    )
    assert card.type_in == TypeIn("Tōkyō & x", exact=True)
    assert card.question == f"a {TYPE_MARK}"
    assert card.answer == f"a {TYPE_MARK} {TYPE_MARK}"
    assert fill_type_mark(card.answer, "<i>x</i>") == "a  <i>x</i>"
    assert fill_type_mark("nothing", "x") == "nothing"


def test_typing_without_accents_and_in_cloze():
    assert rendered("{{type:nc:Front}}", "é").type_in == TypeIn("é", exact=False)
    source = "{{cloze:Front}} {{type:cloze:Front}}"
    text = "{{c1::<b>one</b>::hint}} {{c2::two}} {{c1::three {{c2::four}}}}"
    card = rendered(source, text, kind="cloze")
    assert card.type_in == TypeIn("one, three four", exact=True)
    assert card.question.endswith(TYPE_MARK)
    assert rendered("{{Front}}{{type:Back}}", "a", "").type_in is None


CLOZE = "{{c1::one::hint}} {{c2::two}} {{c3,1::three}}"


def test_cloze():
    assert cloze_numbers(CLOZE) == {1, 2, 3}
    assert cloze_texts(CLOZE, 1) == ["one", "three"]
    assert hide_cloze(CLOZE, 1) == (
        '<span class="cloze" data-ordinal="1">[hint]</span> '
        '<span class="cloze-inactive" data-ordinal="2">two</span> '
        '<span class="cloze" data-ordinal="3,1">[...]</span>'
    )
    assert show_cloze(CLOZE, 2) == (
        '<span class="cloze-inactive" data-ordinal="1">one</span> '
        '<span class="cloze" data-ordinal="2">two</span> '
        '<span class="cloze-inactive" data-ordinal="3,1">three</span>'
    )
    assert hide_cloze(CLOZE, 4) == show_cloze(CLOZE, 4) == ""


def plain(source):
    return re.sub(r"<[^>]*>", "", source)


@pytest.mark.parametrize(
    ("text", "number", "hidden", "shown"),
    [
        ("{{c1::a {{c2::b}} c}}", 1, "[...]", "a b c"),
        ("{{c1::a {{c2::b}} c}}", 2, "a [...] c", "a b c"),
        ("{{c1::a {{c1::b}}::h}}", 1, "[h]", "a b"),
        ("x {{c1::a}} {{c2::b", 1, "x [...] {{c2::b", "x a {{c2::b"),
        ("{{c1::a}} }} y", 1, "[...] }} y", "a }} y"),
        ("{{c1::a::}}", 1, "[...]", "a"),
        ("{{c1::::h}}", 1, "[h]", ""),
        ("{{c1::std::vector}}", 1, "[vector]", "std"),
        ("{{c0::x}}{{c501::y}}{{c1::z}}", 1, "{{c0::x}}{{c501::y}}[...]", "{{c0::x}}{{c501::y}}z"),
        ("{{c1::x}}{{C2::y}}{{c::z}}", 1, "[...]{{C2::y}}{{c::z}}", "x{{C2::y}}{{c::z}}"),
        (r"\(a {{c1::\frac<b>1</b>2}}\) b", 1, r"\(a [...]\) b", r"\(a \frac12\) b"),
    ],
)
def test_odd_cloze(text, number, hidden, shown):
    assert plain(hide_cloze(text, number)) == hidden
    assert plain(show_cloze(text, number)) == shown


def test_tags_of_cloze_stay_out_of_mathematics():
    r"""Where MathJax would read them as TeX; also where ``\(`` is never closed."""
    assert show_cloze(r"\[ {{c1::x}} \] {{c1::y}}", 1) == (
        r'\[ x \] <span class="cloze" data-ordinal="1">y</span>'
    )
    assert "<span" in show_cloze(r"\( {{c1::x}}", 1)


def test_image_occlusion_keeps_its_shapes():
    text = '{{c1::image-occlusion:rect:left=.1:top="2<"}} {{c2::image-occlusion:oval:rx=3}}'
    assert hide_cloze(text, 1) == (
        '<div class="cloze" data-ordinal="1" data-shape="rect" data-left=".1" '
        'data-top="&quot;2&lt;&quot;"></div> '
        '<div class="cloze-inactive" data-ordinal="2" data-shape="oval" data-rx="3"></div>'
    )


@given(st.text(st.sampled_from("{}c1:2,:a "), max_size=80))
def test_cloze_loses_no_text(text):
    for number in cloze_numbers(text):
        hidden, shown = hide_cloze(text, number), show_cloze(text, number)
        assert "[" in hidden
        assert 'class="cloze"' in shown
        assert len(plain(shown)) <= len(text)
    assert not cloze_numbers(text) or 0 not in cloze_numbers(text)


def nested(depth):
    return st.recursive(
        st.text(st.sampled_from("abc "), min_size=1, max_size=5),
        lambda inner: st.tuples(st.integers(1, 4), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: f"{{{{c{pair[0]}::{''.join(pair[1])}}}}}"
        ),
        max_leaves=depth,
    )


@given(nested(12))
def test_shown_cloze_is_the_text_without_its_marks(text):
    bare = re.sub(r"\{\{c\d::|\}\}", "", text)
    for number in range(1, 5):
        if number in cloze_numbers(text):
            assert plain(show_cloze(text, number)) == bare


def test_which_fields_count_for_cloze():
    assert cloze_fields(parse_template("{{cloze:A}}{{#B}}{{text:cloze:C}}{{/B}}{{D}}")) == {
        "A",
        "C",
    }
    made = note_type("{{cloze:Front}}", kind="cloze")
    assert card_ordinals(made, ("{{c3::x}}{{c1::y}}", "{{c2::not shown}}", "")) == [0, 2]
    assert card_ordinals(made, ("", "{{c2::not shown}}", "")) == [0]
    assert card_ordinals(note_type("{{Front}}", kind="cloze"), ("", "{{c2::x}}", "")) == [1]


@pytest.mark.parametrize(
    ("source", "fields", "made"),
    [
        ("{{Front}}", ("a", "", ""), True),
        ("{{Front}}", ("<br>", "b", ""), False),
        ("text", ("a", "b", ""), False),
        ("{{Tags}} {{Deck}}", ("a", "b", ""), False),
        ("{{#Back}}{{Front}}{{/Back}}", ("a", "", ""), False),
        ("{{#Back}}{{Front}}{{/Back}}", ("a", "b", ""), True),
        ("{{^Back}}{{Front}}{{/Back}}", ("a", "", ""), True),
        ("{{#Front}}text{{/Front}}", ("a", "", ""), False),
        ("{{type:Front}}", ("a", "", ""), True),
        ("{{#Front}}", ("a", "", ""), False),
    ],
)
def test_which_cards_a_note_makes(source, fields, made):
    always = note_type("{{Extra}}", source)
    assert card_ordinals(always, (*fields[:2], "x")) == ([0, 1] if made else [0])


def test_every_note_has_a_card():
    assert card_ordinals(note_type("{{Front}}", "{{Back}}"), ("", "", "x")) == [0]
    assert card_ordinals(note_type("{{Front}}", "{{Back}}"), ("", "b", "")) == [1]
