"""Time and peak memory to personalise and to fit, beside other programs, in one run.

    python benchmarks/speed.py [--sizes 1000,10000] [--json FILE] [--readme]

Every figure comes from a process of its own that does nothing else. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import logs as made_logs
import numpy as np
from report import machine, machine_line, put_into_readme, table

HERE = Path(__file__).resolve().parent
BENCH_PYTHON = "RECOLLECT_BENCH_PYTHON"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
REFERENCE = "fsrs-rs"


@dataclass(frozen=True)
class Contender:
    """One column of the tables.

    Attributes:
        name: in the tables.
        script: that measures it.
        task: first argument of the script.
        own: Recollect itself, whose compiled code is kept between two processes.
        torch: needs the interpreter named by RECOLLECT_BENCH_PYTHON.
    """

    name: str
    script: str
    task: str
    own: bool = False
    torch: bool = False


CONTENDERS = (
    Contender("recollect one pass", "speed_recollect.py", "pass", own=True),
    Contender("recollect fit", "speed_recollect.py", "fit", own=True),
    Contender(REFERENCE, "speed_peers.py", "fsrs-rs"),
    Contender("fsrs-rs by card", "speed_peers.py", "fsrs-rs-by-card"),
    Contender("fsrs-optimizer", "speed_peers.py", "fsrs-optimizer", torch=True),
    Contender("py-fsrs", "speed_peers.py", "py-fsrs", torch=True),
)


@dataclass(frozen=True)
class Figure:
    """What one contender needed for one log.

    Attributes:
        contender: its name.
        log: name of the log.
        reviews: rows of the log.
        seconds: median of repeats in a process that has done it once already; where it was
            done once only, that once.
        first_seconds: the first time in a process; compiled code, if any, is on disk.
        cold_seconds: the first time on a machine, compiling; None where nothing is compiled.
        prepare_seconds: importing, reading and converting, before the work.
        cpu_seconds: of all threads.
        peak_mib: of the process with everything it imported.
        peak_before_mib: of the process before the work.
    """

    contender: str
    log: str
    reviews: int
    seconds: float
    first_seconds: float
    cold_seconds: float | None
    prepare_seconds: float
    cpu_seconds: float
    peak_mib: float
    peak_before_mib: float


class LeftOut(Exception):
    """A measurement that was not made, and why."""


def run_once(
    contender: Contender, log: Path, cache: Path, limit: float, *more: str
) -> dict[str, Any]:
    """One process; what it told."""
    python = os.environ[BENCH_PYTHON] if contender.torch else sys.executable
    settings = {
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [python, str(HERE / contender.script), contender.task, str(log), *more]
    try:
        done = subprocess.run(
            command,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LeftOut(f"not done after {limit:.0f} s") from None
    if done.returncode != 0:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise LeftOut(f"failed: {last[0] if last else f'exit code {done.returncode}'}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(contender: Contender, name: str, reviews: int, log: Path, limit: float) -> Figure:
    with tempfile.TemporaryDirectory() as cache:
        cold = run_once(contender, log, Path(cache), limit, "once") if contender.own else None
        told = run_once(contender, log, Path(cache), limit)
    return Figure(
        contender=contender.name,
        log=name,
        reviews=reviews,
        seconds=statistics.median(told["repeat_seconds"] or [told["first_seconds"]]),
        first_seconds=told["first_seconds"],
        cold_seconds=cold and cold["first_seconds"],
        prepare_seconds=told["prepare_seconds"],
        cpu_seconds=told["cpu_seconds"],
        peak_mib=told["peak_mib"],
        peak_before_mib=told["peak_before_mib"],
    )


def logs_to_measure(sizes: list[int], folder: Path) -> tuple[list[tuple[str, int, Path]], str]:
    """Name, reviews and file of every log, smallest first, and what they are made of."""
    sources, made_of = made_logs.learners()
    found = []
    for size in sizes:
        path = folder / f"{size}.npz"
        np.savez(path, **made_logs.columns_of_size(sources, size))
        found.append((f"{size:,}", size, path))
    csv = made_logs.real_csv()
    if csv is not None:
        np.savez(folder / "csv.npz", **made_logs.columns_of(csv))
        found.append((f"{len(csv):,} (CSV)", len(csv), folder / "csv.npz"))
    return sorted(found, key=lambda log: log[1]), made_of


def measure_all(
    logs: list[tuple[str, int, Path]], contenders: list[Contender], limit: float
) -> tuple[list[Figure], list[str]]:
    """All figures, and a line for each that is left out."""
    figures, left_out = [], []
    for contender in contenders:
        given_up = ""
        for name, reviews, path in logs:
            who = f"{contender.name}, {name} reviews"
            if given_up:
                left_out.append(f"{who}: not tried, {given_up}")
                continue
            try:
                figure = measure(contender, name, reviews, path, limit)
            except LeftOut as reason:
                left_out.append(f"{who}: {reason}")
                given_up = f"{reason} with {name}"
                continue
            figures.append(figure)
            print(f"{who}: {duration(figure.seconds)}, {figure.peak_mib:,.0f} MiB", flush=True)
    return figures, left_out


def duration(seconds: float) -> str:
    """Three figures at most, in the unit that suits."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def report(figures: list[Figure], left_out: list[str], about: dict[str, Any]) -> str:
    """All tables in Markdown."""
    at = {(figure.log, figure.contender): figure for figure in figures}
    logs = list(dict.fromkeys(f.log for f in sorted(figures, key=lambda f: f.reviews)))
    names = [c.name for c in CONTENDERS if any(f.contender == c.name for f in figures)]

    def grid(title: str, columns: list[str], cell: Any) -> str:
        rows = [[log, *(cell(at.get((log, name)), log) for name in columns)] for log in logs]
        return f"{title}\n\n{table(['reviews', *columns], rows)}"

    def ratio(figure: Figure | None, log: str) -> str:
        reference = at.get((log, REFERENCE))
        return f"{figure.seconds / reference.seconds:.2f}" if figure and reference else "–"

    own = [name for name in names if name.startswith("recollect")]
    parts = [
        f"{machine_line(about)} Logs: {about['made_of']}.",
        grid("Time, warm:", names, lambda f, _: duration(f.seconds) if f else "–"),
        grid(
            "Peak memory of the process, MiB:",
            names,
            lambda f, _: f"{f.peak_mib:,.0f}" if f else "–",
        ),
        grid(f"Time as a multiple of {REFERENCE}'s in this run:", names, ratio),
    ]
    first = [
        [
            log,
            *(
                duration(seconds) if (f := at.get((log, name))) and (seconds := pick(f)) else "–"
                for name in own
                for pick in (lambda f: f.cold_seconds, lambda f: f.first_seconds)
            ),
        ]
        for log in logs
    ]
    header = [f"{name}, {kind}" for name in own for kind in ("compiling", "compiled on disk")]
    parts.append(f"First call of a process:\n\n{table(['reviews', *header], first)}")
    if left_out:
        parts.append("Left out:\n\n" + "\n".join(f"- {line}" for line in left_out))
    return "\n\n".join(parts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of reviews")
    parser.add_argument("--only", help="contenders, by name, separated by commas")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one process")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--readme", action="store_true", help="put the tables into README.md")
    return parser.parse_args()


def chosen(only: str | None) -> tuple[list[Contender], list[str]]:
    """Contenders to measure, and a line for each that cannot be."""
    names = [contender.name for contender in CONTENDERS]
    wanted = [name.strip() for name in only.split(",")] if only else names
    for name in wanted:
        if name not in names:
            raise SystemExit(f"no contender named {name!r}; there are: {', '.join(names)}")
    chosen = [contender for contender in CONTENDERS if contender.name in wanted]
    if BENCH_PYTHON in os.environ:
        return chosen, []
    left_out = [
        f"{contender.name}: set {BENCH_PYTHON} to an interpreter that has it (see README.md)"
        for contender in chosen
        if contender.torch
    ]
    return [contender for contender in chosen if not contender.torch], left_out


def main() -> None:
    options = arguments()
    contenders, missing = chosen(options.only)
    with tempfile.TemporaryDirectory() as folder:
        logs, made_of = logs_to_measure(list(map(int, options.sizes.split(","))), Path(folder))
        figures, left_out = measure_all(logs, contenders, options.limit)
    if not figures:
        raise SystemExit("nothing could be measured: " + "; ".join(missing + left_out))
    about = machine() | {"made_of": made_of}
    text = report(figures, missing + left_out, about)
    print("\n" + text)
    if options.json:
        document = {
            "about": about,
            "figures": [asdict(figure) for figure in figures],
            "left_out": missing + left_out,
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.readme:
        put_into_readme("speed", text)


if __name__ == "__main__":
    main()
