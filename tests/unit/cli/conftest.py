"""Running commands in this process, on a small log, with a cache of the test session's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recollect.cli import main
from recollect.reviews import ReviewLog, write_csv
from recollect.sample import load_deck, simulate_log

JAX_SETTINGS = (
    "JAX_PLATFORMS",
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def session_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of this session's own, but for compiled code, which sessions share."""
    cache = tmp_path_factory.mktemp("cache")
    assert request.config.cache is not None
    (cache / "compiled").symlink_to(request.config.cache.mkdir("recollect-compiled"))
    return cache


@pytest.fixture
def no_jax_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names none of the settings now, and again none afterwards."""
    for name in JAX_SETTINGS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def run(
    session_cache: Path, no_jax_settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """``run("predict", path, ...)`` in an empty folder; the result has stdout and stderr."""
    monkeypatch.setenv("RECOLLECT_CACHE", str(session_cache))
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture(scope="session")
def small_log() -> ReviewLog:
    """Forty days of a simulated learner."""
    return simulate_log(load_deck(), seed=1, days=40)


@pytest.fixture(scope="session")
def log_csv(small_log: ReviewLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "simulated.csv"
    write_csv(small_log, path)
    return path


@pytest.fixture(scope="session")
def class_csv(small_log: ReviewLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with three learners: the even cards' log, the odd cards' log, and a very short one."""
    path = tmp_path_factory.mktemp("class") / "class.csv"
    even = small_log.card_id % 2 == 0
    logs = {
        "ann": small_log.select(even),
        "bob": small_log.select(~even),
        "new": small_log.select(np.arange(len(small_log)) < 5),
    }
    write_csv([log.named(name) for name, log in logs.items()], path)
    return path


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``without("pyarrow")``: as if it were not installed."""

    def hide(module: str) -> None:
        for name in [m for m in sys.modules if m == module or m.startswith(f"{module}.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, module, None)

    return hide
