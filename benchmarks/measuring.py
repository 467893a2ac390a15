"""Time and peak memory of one piece of work, inside the process that does nothing else.

Standard library only: it also runs under interpreters that have nothing of Recollect installed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEBIBYTE = 2**20


def peak_mib() -> float:
    """Most memory that this process has held so far, in MiB.

    Linux keeps it for each program (``VmHWM``); ``getrusage`` is the fallback, which on Linux
    may still show the peak of the program that started this one.
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEBIBYTE if sys.platform == "darwin" else peak / 1024


def measure(
    prepare: Callable[[], Any],
    work: Callable[[Any], Any],
    *,
    repeats: int = 7,
    budget_seconds: float = 20.0,
) -> dict[str, Any]:
    """Do the work once, then again while there is time.

    Args:
        prepare: makes what the work needs (reading, conversion); timed apart.
        work: what is measured.
        repeats: most times that it is done again.
        budget_seconds: no further repeat is begun after this long; 0 does it once.

    Returns:
        ``prepare_seconds``, ``first_seconds``, ``repeat_seconds`` (a list), ``cpu_seconds`` (of
        the last time, all threads), ``peak_mib``, ``peak_before_mib`` (before the work).
    """
    start = time.perf_counter()
    material = prepare()
    prepared = time.perf_counter()
    before = peak_mib()
    seconds = []
    begun = time.perf_counter()
    for number in range(repeats + 1):
        if number and time.perf_counter() - begun > budget_seconds:
            break
        processor, clock = time.process_time(), time.perf_counter()
        work(material)
        seconds.append(time.perf_counter() - clock)
        used = time.process_time() - processor
    return {
        "prepare_seconds": prepared - start,
        "first_seconds": seconds[0],
        "repeat_seconds": seconds[1:],
        "cpu_seconds": used,
        "peak_before_mib": before,
        "peak_mib": peak_mib(),
    }


def tell(result: dict[str, Any]) -> None:
    """The result as the last line of standard output, whatever the work itself has printed."""
    sys.stdout.flush()
    os.write(1, ("\n" + json.dumps(result) + "\n").encode())
