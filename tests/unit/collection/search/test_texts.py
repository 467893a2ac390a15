"""What is searched of a field, and how patterns match it."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection.search import fold, plain_text, without_marks
from recollect.collection.search.patterns import Glob, Regex
from recollect.collection.search.regexes import matching


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("dog", "dog"),
        ("<b>exa</b>mple", "example"),
        ("a<br>b<div>c</div>d<li>e", "a b c d e"),
        ("<ruby>漢<rt>かん</rt></ruby>", "漢 かん"),
        ("a &amp; b&nbsp;c &lt;i&gt; &#233;", "a & b c <i> é"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("x <!-- no --> y<style>.a{}</style><script>let b</script> z", "x y z"),
        ("a<!-- open", "a"),
        (
            '<img alt="x" src="pic 1.jpg"> and <img src=\'b.png\'><img src=c.gif>',
            "pic 1.jpg and b.png c.gif",
        ),
        ("[sound:a.mp3] {{c1::x::y}}", "[sound:a.mp3] {{c1::x::y}}"),
        ("  two \n\t spaces\x1f ", "two spaces"),
        ('<span style="color: red" class=x>red</span>', "red"),
    ],
)
def test_plain_text(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<", "<a", "<!--", "<style>", "&", "<img src=", "</style ", "a<b "]
)
def test_hostile_fields_take_no_longer_than_long_ones(piece):
    start = time.perf_counter()
    plain_text(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - start < 10


@given(st.text())
def test_folding_keeps_characters_apart(text):
    folded = fold(text)
    assert len(folded) == len(fold(folded))
    assert fold(text.upper().lower()) == fold(text.lower()) or not text.isascii()
    assert without_marks(without_marks(folded)) == without_marks(folded)


@pytest.mark.parametrize(
    ("one", "other"), [("DOG", "dog"), ("ÜBER", "u\u0308ber"), ("СЛОВО", "слово"), ("ΣΑΣ", "σας")]
)
def test_case_and_composition_are_of_no_account(one, other):
    assert fold(one) == fold(other)


def test_a_sharp_s_is_one_character():
    assert fold("Straße") == "straße"


@pytest.mark.parametrize(
    ("text", "bare"), [("über", "uber"), ("ば", "は"), ("ﬁ", "fi"), ("한글", "한글"), ("ø", "ø")]
)
def test_marks_are_taken_away(text, bare):
    assert without_marks(fold(text)) == bare


PIECES = st.lists(st.sampled_from(["a", "b", "ab", "_", "*", " ", "\\*", "\\_", "\\\\", "."]))


@given(
    PIECES.map("".join),
    st.text("ab *_\\.", max_size=12),
    st.sampled_from(["all", "anywhere", "words"]),
)
def test_patterns_match_as_the_plain_expression_does(pattern, text, where):
    glob = Glob(pattern)
    plain = "".join({"*": ".*", "_": "."}[t] if w else re.escape(t) for w, t in glob.tokens)
    plain = re.sub(r"(\\ )+", r"\\ ", plain)
    found = {
        "all": re.fullmatch(plain, text, re.DOTALL),
        "anywhere": re.search(plain, text, re.DOTALL),
        "words": re.search(rf"\b(?:{plain})\b", text, re.DOTALL),
    }[where]
    assert glob.matcher(str, where)(text) == (found is not None)


@pytest.mark.parametrize("where", ["all", "anywhere", "words"])
@pytest.mark.parametrize("pattern", ["a*a*a*a*a*a*a*a*b", "*_a*_a*_a*_a*b", "a*b"])
def test_many_wildcards_take_linear_time(pattern, where):
    matches = Glob(pattern).matcher(str, where)
    start = time.perf_counter()
    assert not matches("a " * 50_000)
    assert time.perf_counter() - start < 5


def test_expressions_find_their_lists():
    lists = ['["a dog","x"]', '["cat"]', '["DOG\\n"]', '["\\u00e9"]']
    assert matching(Regex("d.g"), lists) == [0, 2]
    assert matching(Regex("(?-i)d.g"), lists) == [0]
    assert matching(Regex("É"), lists) == [3]
    assert matching(Regex("^$"), []) == []


def test_an_expression_that_takes_too_long_is_ended():
    start = time.perf_counter()
    assert matching(Regex("(a+)+$"), [f'["{"a" * 60}b"]'], longest_seconds=1.0) is None
    assert time.perf_counter() - start < 5


def test_a_quotation_mark_needs_no_escape_in_an_expression():
    assert Regex(r"say \"hi\" \\").text == r'say "hi" \\'
