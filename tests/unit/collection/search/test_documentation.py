"""Every term that ``docs/searching.md`` shows is understood and runs; every keyword is shown."""

import re
from pathlib import Path

import pytest

from recollect.collection.search import find_cards, nodes, parse
from recollect.collection.search.terms import KEYWORDS, PROPERTIES, STATES
from recollect.errors import SearchError

PAGE = (Path(__file__).parents[4] / "docs" / "searching.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+?)` \| (.*) \|$", PAGE, flags=re.MULTILINE)
QUERIES = [query.replace("\\|", "|") for query, _ in ROWS]
QUERIES += [query for _, rest in ROWS for query in re.findall(r"`([a-z]+:[^`]+)`", rest)]


def test_the_page_has_rows():
    assert len(ROWS) > 60
    assert len(QUERIES) > len(ROWS)


def test_every_term_of_the_page_runs(filled, toys):
    collection = filled(1)
    with collection.reading() as transaction:
        for query in QUERIES:
            assert len(find_cards(transaction, query, extensions=toys)) < 100, query


def test_every_keyword_is_on_the_page():
    shown = {query.lstrip("-(").partition(":")[0] for query in QUERIES if ":" in query}
    shown |= {found for query in QUERIES for found in re.findall(r"([a-z]+):", query)}
    assert {*KEYWORDS, "similar"} <= shown
    leaves = [leaf for query in QUERIES for leaf in nodes.leaves(parse(query, extra=("similar",)))]
    assert {leaf.name for leaf in leaves if isinstance(leaf, nodes.State)} == set(STATES)
    assert {leaf.name for leaf in leaves if isinstance(leaf, nodes.Property)} == set(PROPERTIES)


@pytest.mark.parametrize(
    "refused", ["deck:current", "has-cd:x", "is:buried-manually", "is:buried-sibling", "prop:r>0.9"]
)
def test_what_the_page_says_is_refused_is(refused):
    assert refused.split(":")[0] in PAGE
    with pytest.raises(SearchError):
        parse(refused)
