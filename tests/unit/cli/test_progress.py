import sys

import pytest

from recollect.cli import _progress
from recollect.cli._progress import progress
from recollect.cli._session import Session


class Terminal:
    """A stderr that says it is a terminal and remembers what was written."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass


def test_a_quiet_run_shows_no_progress(capsys):
    with progress(Session(quiet=True), "Reading") as tell:
        tell(1, 2)
        tell(2, 2, "learner 7")
    assert capsys.readouterr() == ("", "")


def test_a_quick_job_says_nothing_to_a_file(capsys):
    with progress(Session(), "Reading") as tell:
        tell(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_long_job_says_something_now_and_then(capsys, monkeypatch):
    clock = iter([0.0, 4.0, 11.0, 12.0, 22.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    with progress(Session(), "Evaluating") as tell:
        for done in range(1, 5):
            tell(done, 4, f"learner {done}")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Evaluating: 2 of 4 learner 2\nEvaluating: 4 of 4 learner 4\n"


@pytest.mark.parametrize("total", [0, 3])
def test_a_terminal_shows_a_bar(monkeypatch, total):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress(Session(), "Evaluating [all]") as tell:
        tell(0, total, "learner 7 fsrs-6")
    assert "Evaluating [all]" in terminal.text
    assert f"0/{total}" in terminal.text
    assert "learner 7 fsrs-6" in terminal.text
