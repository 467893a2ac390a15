import sys
import time

import numpy as np
import pytest

from recollect.cli import _compiling, _progress
from recollect.cli._compiling import watch_compiling
from recollect.cli._progress import progress, status
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


def on_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return terminal


@pytest.mark.parametrize("total", [0, 3])
def test_a_terminal_shows_a_bar(monkeypatch, total):
    terminal = on_terminal(monkeypatch)
    with progress(Session(), "Evaluating [all]") as tell:
        tell(0, total, "learner 7 fsrs-6")
    assert "Evaluating [all]" in terminal.text
    assert f"0/{total}" in terminal.text
    assert "learner 7 fsrs-6" in terminal.text


def test_a_terminal_is_told_while_jax_compiles(monkeypatch):
    from jax import monitoring

    terminal = on_terminal(monkeypatch)
    with status(Session(), "Predicting", compiles=True):
        monitoring.record_event("/jax/compilation_cache/compile_requests_use_cache")
        deadline = time.monotonic() + 10
        while "compiling" not in terminal.text and time.monotonic() < deadline:
            time.sleep(0.02)
    assert "Predicting" in terminal.text
    assert "compiling (first run only)" in terminal.text


def test_what_jax_compiles_is_seen(monkeypatch):
    """The names of JAX's events are its own: this fails should they change."""
    import jax
    import jax.numpy as jnp
    from jax import monitoring

    heard = []
    with watch_compiling() as watch:
        monkeypatch.setattr(_compiling, "_LEAST_S", -1.0)  # as if a moment had passed
        listen = lambda event, **_: heard.append((event, watch.compiling))  # noqa: E731
        done = lambda event, _, **__: heard.append((event, watch.compiling))  # noqa: E731
        monitoring.register_event_listener(listen)
        monitoring.register_event_duration_secs_listener(done)
        try:
            salt = float(np.random.default_rng().random())
            jax.jit(lambda x: x * salt + 1.0)(jnp.ones(3)).block_until_ready()
        finally:
            monitoring.unregister_event_listener(listen)
            monitoring.unregister_event_duration_listener(done)
    assert ("/jax/compilation_cache/compile_requests_use_cache", True) in heard
    assert heard[-1] == ("/jax/core/compile/backend_compile_duration", False)
    assert not watch.compiling


@pytest.mark.parametrize("session", [Session(), Session(quiet=True)])
def test_work_of_unknown_length_says_nothing_to_a_file(capsys, session):
    with status(session, "Predicting"):
        pass
    assert capsys.readouterr() == ("", "")
