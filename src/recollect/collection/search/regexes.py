"""Regular expressions of users: in a process of their own, which is ended if it takes too long.

Python's expressions can take time that grows exponentially with the text, and nothing can stop
them within the process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from recollect.collection.search.patterns import Regex

__all__ = ["LONGEST_SECONDS", "matching"]

LONGEST_SECONDS = 10.0

_PROGRAM = """
import json, re, sys, warnings
warnings.simplefilter("ignore")
expression, flags = json.loads(sys.stdin.buffer.readline())
search = re.compile(expression, flags).search
found = []
for number, line in enumerate(sys.stdin.buffer):
    if any(search(text) for text in json.loads(line)):
        found.append(number)
sys.stdout.write(json.dumps(found))
"""


def matching(
    regex: Regex, lists: Sequence[str], longest_seconds: float = LONGEST_SECONDS
) -> list[int] | None:
    """Places of the lists of texts in which the expression finds something.

    Args:
        regex: an expression without a :meth:`~Regex.problem`.
        lists: each a JSON list of texts, on one line.
        longest_seconds: how long it may take.

    Returns:
        The places, ascending; None if it took longer.
    """
    if not lists:
        return []
    lines = [json.dumps([regex.expression, regex.flags]), *lists]
    try:
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            input="\n".join(lines).encode("utf-8", "surrogatepass"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=longest_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(run.stdout) if run.returncode == 0 else None
