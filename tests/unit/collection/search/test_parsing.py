"""Queries and their trees; what is not understood, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection.search import nodes as n
from recollect.collection.search import parse
from recollect.collection.search.parsing import LONGEST_QUERY, MOST_TERMS
from recollect.collection.search.patterns import Glob, Regex
from recollect.errors import SearchError


def text(pattern, mode="exact"):
    return n.Text(Glob(pattern), mode)


TREES = {
    "": n.Everything(),
    "  \u3000 ": n.Everything(),
    "dog": text("dog"),
    "dog cat": n.And((text("dog"), text("cat"))),
    "dog and cat": n.And((text("dog"), text("cat"))),
    "dog\u3000cat": n.And((text("dog"), text("cat"))),
    "dog or cat": n.Or((text("dog"), text("cat"))),
    "dog OR cat And bird": n.Or((text("dog"), n.And((text("cat"), text("bird"))))),
    "(dog or cat) bird": n.And((n.Or((text("dog"), text("cat"))), text("bird"))),
    "dog(cat)": n.And((text("dog"), text("cat"))),
    'a"b c"d': n.And((text("a"), text("b c"), text("d"))),
    "-dog": n.Not(text("dog")),
    '-"a dog"': n.Not(text("a dog")),
    "-(dog cat)": n.Not(n.And((text("dog"), text("cat")))),
    "-(-dog)": n.Not(n.Not(text("dog"))),
    "--dog": n.Not(text("-dog")),
    "- dog": n.And((text("-"), text("dog"))),
    '"-dog"': text("-dog"),
    r"\-dog": text("-dog"),
    '"and"': text("and"),
    '"a (dog)"': text("a (dog)"),
    r"a\(dog\)": text("a(dog)"),
    r"x\_y\*\\": text(r"x\_y\*\\"),
    r"\"hi\"": text('"hi"'),
    r"w\:e\:b": text("w:e:b"),
    "w:e:b": text("e:b", "word"),
    "nc:über": text("über", "nc"),
    "W:dog*": text("dog*", "word"),
    r"re:\d{3}": n.Text(Regex(r"\d{3}")),
    '"re:(a|b) \\"c\\""': n.Text(Regex('(a|b) "c"')),
    're:"a b"': n.Text(Regex("a b")),
    r"re:a\(b\)": n.Text(Regex(r"a\(b\)")),
    "front:dog": n.FieldIs(Glob("front"), Glob("dog")),
    'front:"a dog"': n.FieldIs(Glob("front"), Glob("a dog")),
    '"front page:a dog"': n.FieldIs(Glob("front page"), Glob("a dog")),
    "front:": n.FieldIs(Glob("front"), Glob("")),
    "fr*:_*": n.FieldIs(Glob("fr*"), Glob("_*")),
    "front:nc:x": n.FieldIs(Glob("front"), Glob("x"), ignore_marks=True),
    "front:re:^a$": n.FieldIs(Glob("front"), Regex("^a$")),
    r"w\:e:b": n.FieldIs(Glob("w:e"), Glob("b")),
    "deck:french::*": n.DeckIs(Glob("french::*")),
    'DECK:"french vocab"': n.DeckIs(Glob("french vocab")),
    "tag:a::b": n.TagIs(Glob("a::b")),
    "tag:none": n.TagIs(Glob("none")),
    "tag:nc:uber": n.TagIs(Glob("uber"), ignore_marks=True),
    "tag:re:^a": n.TagIs(Regex("^a")),
    "note:basic": n.NoteTypeIs(Glob("basic")),
    "card:2": n.TemplateIs(Glob("2")),
    "preset:hard*": n.PresetIs(Glob("hard*")),
    "is:due": n.State("due"),
    "prop:ivl>=10": n.Property("ivl", ">=", 10),
    '"prop:due<-2"': n.Property("due", "<", -2),
    "prop:ease!=2.5": n.Property("ease", "!=", 2.5),
    "prop:rated=-1:3": n.Property("rated", "=", -1, 3),
    "added:0": n.Added(1),
    "edited:7": n.Edited(7),
    "rated:7:1": n.Rated(7, 1),
    "rated:30": n.Rated(30),
    "introduced:365": n.Introduced(365),
    "resched:2": n.Rescheduled(2),
    "flag:7": n.Flag(7),
    "cid:1,2": n.Ids("cid", (1, 2)),
    "nid:5": n.Ids("nid", (5,)),
    "dupe:5,a dog": n.And((n.Duplicate(5, "a"), text("dog"))),
    '"dupe:5,a, dog"': n.Duplicate(5, "a, dog"),
    "similar:x": n.Extra("similar", "x"),
    "prop:r<0.9": n.Property("r", "<", 0.9),
}


@pytest.mark.parametrize("query", TREES)
def test_trees(query):
    tree = parse(query, extra=("similar",), properties=("r",))
    assert tree == TREES[query]
    assert parse(str(tree), extra=("similar",), properties=("r",)) == tree


# The query with what is wrong between » and «, and words of the message.
WRONG = [
    ('a »"«b', "second quotation mark"),
    ("dog »(«cat", 'no ")"'),
    ("»(«dog (cat)", 'no ")"'),
    ("dog»)« cat", 'no "("'),
    ("»)«", 'no "("'),
    ("a »()« b", "nothing between"),
    ("a »(«", 'no ")"'),
    ("»or« dog", '"or" must stand between'),
    ("dog »or«", '"or" must stand between'),
    ("dog or »and« cat", '"and" must stand between'),
    ("(dog »or«)", '"or" must stand between'),
    ("-»and«", '"and" must stand between'),
    ('»""«', "nothing between the quotation marks"),
    ("»:«x", "no keyword"),
    ("a»\\x«", "no meaning"),
    ("front:a»\\«", "no meaning"),
    ("deck:»\\x«", "no meaning"),
    ('front:"a»\\x«"', "no meaning"),
    ("»deck:«", "which one"),
    ("dog »deck:current«", "no deck is current"),
    ("»has-cd:x«", "add-ons"),
    ("»is:buried-manually«", "use is:buried"),
    ("is:»dew«", "expected a state: new"),
    ("is:new is:»Due«", "expected a state"),
    ("card:»0«", "numbered from 1"),
    ("prop:»foo=1«", "no property 'foo'"),
    ("prop:»r>0.9«", "needs the recall model"),
    ("prop:»ivl«", "comparison"),
    ("prop:ivl=»1.5«", "whole number, 0 or more"),
    ("prop:ivl>»-1«", "whole number, 0 or more"),
    ("prop:due=»x«", "whole number"),
    ("prop:ease>»x«", "a number"),
    ("prop:rated=»1«", "back from today"),
    ("prop:rated=-1:»5«", "an answer"),
    ("added:»x«", "expected days"),
    ("added:»-1«", "expected days"),
    ("»added:«", "expected days"),
    ("rated:»x«:1", "expected days"),
    ("rated:1:»9«", "1 Again"),
    ("flag:»8«", "0 to 7"),
    ("nid:»1,x«", "numbers separated by commas"),
    ("dupe:»x«", "note type's number"),
    ("re:»[«", "cannot be used"),
    ("front:re:»a**«", "cannot be used"),
    ("tag:re:»\\p{L}«", "cannot be used"),
    ("»similar:dog«", "cannot be used here"),
    ("»w:«", "what is to be found"),
]


@pytest.mark.parametrize(("marked", "words"), WRONG)
def test_errors_point_to_the_place(marked, words):
    start, end = marked.index("»"), marked.index("«") - 1
    query = marked.replace("»", "").replace("«", "")
    with pytest.raises(SearchError) as caught:
        parse(query)
    error = caught.value
    assert words in error.message
    assert "\n" not in error.message
    assert (error.query, error.start, error.end) == (query, start, end)
    message, shown, pointer = str(error).split("\n")
    assert message == error.message
    assert shown == f"  {query}"
    assert pointer == "  " + " " * start + "^" * (end - start)


def test_the_pointer_stands_under_wide_characters():
    with pytest.raises(SearchError) as caught:
        parse("日本\x00 is:日")
    assert str(caught.value).split("\n")[1:] == ["  日本  is:日", "  " + " " * 9 + "^^"]


def test_far_from_the_place_a_long_query_is_cut():
    with pytest.raises(SearchError) as caught:
        parse("dog " * 60 + "is:x" + " cat" * 60)
    _, shown, pointer = str(caught.value).split("\n")
    assert len(shown) < 90
    assert shown[pointer.index("^")] == "x"
    assert pointer.count("^") == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a" * (LONGEST_QUERY + 1), "a query can have"),
        ("a " * (MOST_TERMS + 1), "a query can have"),
        ("(" * 100 + "a" + ")" * 100, "deep"),
        ("a" * 1001, "a pattern can have"),
        ("re:" + "a" * 1001, "more than 1000"),
        ("cid:" + ",".join(["1"] * 4000) + ",x", "numbers separated"),
        ("added:99999999999999999999", "expected days"),
        ("prop:ivl>99999999999999999", "whole number"),
    ],
)
def test_limits(query, words):
    with pytest.raises(SearchError, match=words):
        parse(query)


PARTS = [
    '"',
    "(",
    ")",
    "-",
    "\\",
    ":",
    " ",
    "or",
    "and",
    "deck",
    "re",
    "prop",
    "is",
    "due",
    "*",
    "_",
]
PARTS += ["ivl", ">", "=", "1", "-1", "a", "tag", "nc", "\u3000", "\n", "{", "[", "rated", "ü", ","]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join) | st.text(max_size=20))
def test_anything_is_parsed_or_refused_with_a_place(query):
    refused = None
    try:
        tree = parse(query)
    except SearchError as error:
        refused = error
    if refused is None:
        assert parse(str(tree)) == tree
    else:
        assert 0 <= refused.start <= refused.end <= len(query) + 1
        assert len(str(refused).split("\n")) == 3
