"""Cards as text for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection.markup import Tag, parts, strip_tags, unescape
from recollect.collection.plain_text import html_to_text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("a  <b>b</b>\n c", "a b c"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>c", "a\nb\nc"),
        ("<div><br></div><div>a</div>", "a"),
        ("<p>a<p>b</p>c", "a\n\nb\n\nc"),
        ("<h1>A</h1>b", "A\n\nb"),
        ("a<hr id=answer>b", "a\n────────────────────\nb"),
        ("<ul><li>a</li><li>b<ul><li>c</ul></ul>d", "• a\n• b\n  • c\n\nd"),
        ("<ol><li>a<li>b</ol><ol><li>c</ol>", "1. a\n2. b\n\n1. c"),
        ("<li>a", "• a"),
        ("<table><tr><th>a<th>b<tr><td>c<td>d</table>", "a  b\nc  d"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("x<sup>2</sup>, e<sup>i x</sup>, H<sub>2</sub>O", "x^2, e^(i x), H_2O"),
        ("<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>", "漢字[かんじ]"),
        ("<img src=cat.jpg alt=cat>", "[image: cat.jpg]"),
        ("<img alt='a cat'>", "[image: a cat]"),
        ("<img>", ""),
        ("<img src='data:image/png;base64,AAAA'>", "[image: data]"),
        ("a [sound:b&amp;c.mp3] d", "a [sound: b&c.mp3] d"),
        ("<audio src=a.mp3></audio><video src=b.mp4></video>", "[sound: a.mp3][video: b.mp4]"),
        ("<audio controls><source src=a.ogg></audio>", "[sound: a.ogg]"),
        ("<object data=a.svg></object>", "[object: a.svg]"),
        ("a<script>alert('<b>')</script>b<style>.x{}</style>c", "abc"),
        ("a<!-- b --> c<!DOCTYPE x>", "a c"),
        ("&lt;b&gt; &amp; &eacute; &#233; &nbsp;x", "<b> & é é  x"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<a href='x>y' title=\"<b>\">z</a>", "z"),
        ("<a href=x/y>z</a>", "z"),
        ("<B CLASS=x>y</B >", "y"),
        ('<span class="type-answer"></span>', "[type the answer]"),
        ('<span class="speech" lang="ja_JP" data-text="secret"></span>', "[speech: ja_JP]"),
        ('<span class="cloze" data-ordinal="1">[...]</span> b', "[...] b"),
        (r"\(\frac{1}{2}\)", r"\(\frac{1}{2}\)"),
        ("a\u3000b", "a\u3000b"),
    ],
)
def test_html_as_text(source, expected):
    assert html_to_text(source) == expected


def test_hints_hide_what_they_hold():
    source = 'a<details class="hint"><summary>More</summary>x<details>y</details>z</details>b'
    assert html_to_text(source) == "a\n[hint: More]\nb"
    assert html_to_text(source, show_hints=True) == "a\nMore\nx\ny\nz\nb"
    assert html_to_text('<details class="hint">secret</details>b') == "b"


def test_no_card_commands_the_terminal():
    source = "a\x1b[31mb&#27;[0m&#x9b;2J\x07\x00<img src='\x1b]0;x\x07'>\r\nc"
    text = html_to_text(source)
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in text)


@given(st.text(st.sampled_from("<>/!-=\"' abpdivscript&#;1\x1b\n"), max_size=100))
def test_whatever_it_is_it_gives_text(source):
    text = html_to_text(source)
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\n\n\n\n" not in text or "pre" in source
    assert text == text.strip("\n")
    assert isinstance(strip_tags(source), str)


@given(st.lists(st.sampled_from(["<b>", "</b>", "<i x='1'>", "word", " ", "&amp;"])))
def test_words_are_never_lost(pieces):
    source = "".join(pieces)
    assert (
        html_to_text(source).split()
        == unescape("".join(piece for piece in pieces if not piece.startswith("<"))).split()
    )


def test_parts():
    assert list(parts("a<B c=1 C=2 d>e</b>")) == [
        "a",
        Tag("b", {"c": "1", "d": ""}),
        "e",
        Tag("/b"),
    ]
    assert list(parts("a<b")) == ["a<b"]
    assert list(parts("<a x='1' y=&quot;>")) == [Tag("a", {"x": "1", "y": '"'})]
    assert "".join(p for p in parts("<!-- a") if isinstance(p, str)) == "<!-- a"


def test_numbers_of_thousands_of_digits():
    source = "&#" + "9" * 5_000 + ";"
    assert unescape(source) == source
    assert html_to_text(source) == source
