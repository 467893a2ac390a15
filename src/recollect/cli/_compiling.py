"""Whether JAX is compiling in this process just now, so that waiting can be explained."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["CompileWatch", "watch_compiling"]

_ASKED = "/jax/compilation_cache/compile_requests_use_cache"
_FOUND = "/jax/compilation_cache/cache_hits"
_COMPILED = "/jax/core/compile/backend_compile_duration"
_LEAST_S = 0.3


class CompileWatch:
    """Hears what JAX says of itself; several threads may compile at a time."""

    def __init__(self) -> None:
        self._since_s: dict[int, float] = {}

    @property
    def compiling(self) -> bool:
        """Whether something has been compiling for longer than a moment."""
        now_s = time.monotonic()
        return any(now_s - since_s > _LEAST_S for since_s in list(self._since_s.values()))

    def on_event(self, event: str, **_: object) -> None:
        """A function is wanted, or was found among those compiled before."""
        if event == _ASKED:
            self._since_s[threading.get_ident()] = time.monotonic()
        elif event == _FOUND:
            self._since_s.pop(threading.get_ident(), None)

    def on_duration(self, event: str, duration_secs: float, **_: object) -> None:
        """A function has been compiled."""
        if event == _COMPILED:
            self._since_s.pop(threading.get_ident(), None)


@contextmanager
def watch_compiling() -> Iterator[CompileWatch]:
    """Watch for the length of a ``with`` block. Imports JAX: prepare it before."""
    from jax import monitoring

    watch = CompileWatch()
    monitoring.register_event_listener(watch.on_event)
    monitoring.register_event_duration_secs_listener(watch.on_duration)
    try:
        yield watch
    finally:
        monitoring.unregister_event_listener(watch.on_event)
        monitoring.unregister_event_duration_listener(watch.on_duration)
