"""Fields made to take for ever: time grows with their length, not with its square."""

import subprocess
import sys

import pytest

LONG = 250_000
# On a slow machine; with quadratic time each of these would take minutes.
MOST_SECONDS = 8

PIECES = """
< | <a | <a b=" | <a b='c | <!-- | </ | <? | <![CDATA[ | <script> | <sup>a | </sup> | <ul><li>
[sound: | &#9 | <br> | <details class=hint> | <pre> | <rt> | <a/ | <a      x | > | <a b=c
{{c1:: | }} | {{c1::a}} | {{c1::{{c2:: | :: | {{ | \\( | \\(x\\) | \\[ | \\(x | a[ | a[b] | <div>
"""

CODE = """
import sys, time
from recollect.collection.cloze import hide_cloze, show_cloze
from recollect.collection.filters import FilterContext, apply_filters, plain_answer
from recollect.collection.markup import strip_tags
from recollect.collection.plain_text import html_to_text
from recollect.collection.templates import field_is_empty

long = int(sys.argv[1])
for piece in sys.stdin.read().splitlines():
    text = piece * (long // len(piece))
    for work in (
        html_to_text,
        strip_tags,
        plain_answer,
        field_is_empty,
        lambda text: show_cloze("{{c1::a}}" + text, 1),
        lambda text: hide_cloze("{{c1::a" + text + "}}", 1),
        lambda text: apply_filters(text, "F", ("furigana",), FilterContext(1, True), ""),
    ):
        started = time.process_time()
        work(text)
        print(f"{time.process_time() - started:.2f} {piece!r} {work}")
"""


@pytest.mark.slow
def test_long_fields_take_time_that_grows_with_them():
    pieces = [piece.strip() for line in PIECES.strip().splitlines() for piece in line.split(" | ")]
    assert len(pieces) > 30
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(LONG)],
        input="\n".join(pieces),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 7 * len(pieces)
    slow = [line for line in lines if float(line.split()[0]) > MOST_SECONDS]
    assert slow == []
