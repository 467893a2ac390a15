"""Settings of all tests: how Hypothesis searches, and what is kept between runs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings


def pytest_configure(config: pytest.Config) -> None:
    """Before anything imports JAX, which reads its settings from the environment once.

    Compiled code is kept in pytest's cache folder, so that a second run is much quicker;
    processes that tests start inherit the settings. ``pytest --cache-clear`` forgets it.
    """
    # How long an example takes says more about the machine's load than about the code.
    settings.register_profile("recollect", parent=settings.default, deadline=None)
    settings.load_profile("recollect")
    cache = getattr(config, "cache", None)  # none with ``-p no:cacheprovider``
    compiled = cache.mkdir("compiled") if cache else None
    jax_settings = {
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(compiled or ""),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    for name, value in jax_settings.items():
        os.environ.setdefault(name, value)


@pytest.fixture(scope="session", autouse=True)
def recollect_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the test session's own: the user's may hold predictions of other code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOLLECT_CACHE", str(tmp_path_factory.mktemp("recollect-cache")))
        yield
