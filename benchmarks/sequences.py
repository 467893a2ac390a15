"""Attention and fast weights along sequences, beside PyTorch on the CPU, in one run.

    RECOLLECT_BENCH_PYTHON=.../python python benchmarks/sequences.py [--steps 1024,4096]

Two processes stay alive, one a library, and are asked in turn, so that what else the machine
does falls on both. Of each library the quickest form counts. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from report import machine, machine_line, put_into_readme, table

HERE = Path(__file__).resolve().parent
BENCH_PYTHON = "RECOLLECT_BENCH_PYTHON"
RULES = ("linear", "delta", "attention")


class Library:
    """A process that measures what it is asked."""

    def __init__(self, python: str, script: str) -> None:
        self.process = subprocess.Popen(
            [python, str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"JAX_PLATFORMS": "cpu"},
        )
        self.forms: dict[str, list[str]] = self._told()["forms"]

    def seconds(self, **ask: Any) -> float | None:
        """None for a form that does not go so far."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(ask) + "\n")
        self.process.stdin.flush()
        return self._told()["seconds"]

    def _told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended early; see above")
        return json.loads(line)


def compare(
    libraries: dict[str, Library], repeats: int, **cell: Any
) -> dict[str, dict[str, float]]:
    """Median seconds of every form, the libraries taking turns."""
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in libraries}
    for _ in range(repeats):
        for name, library in libraries.items():
            for form in library.forms[cell["rule"]]:
                seconds = library.seconds(form=form, **cell)
                if seconds is not None:
                    taken[name].setdefault(form, []).append(seconds)
    return {
        name: {form: statistics.median(times) for form, times in forms.items()}
        for name, forms in taken.items()
    }


def report(cells: list[dict[str, Any]], about: dict[str, Any]) -> str:
    rows = []
    for cell in cells:
        best = {
            name: min(forms.items(), key=lambda one: one[1]) for name, forms in cell["of"].items()
        }
        ours = cell["of"]["recollect"].get("auto") or best["recollect"][1]
        torch_form, torch_best = best["torch"]
        rows.append(
            [
                cell["rule"],
                "forward and backward" if cell["slopes"] else "forward",
                f"{cell['steps']:,}",
                f"{1000 * ours:.3g}",
                f"{1000 * torch_best:.3g}",
                torch_form,
                f"{ours / torch_best:.2f}",
            ]
        )
    heads = ["rule", "what", "steps", "recollect ms", "torch ms", "torch's quickest", "ratio"]
    return f"{machine_line(about)}\n\n{table(heads, rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", default="1024,4096,16384", help="lengths, with commas between")
    parser.add_argument("--rules", default=",".join(RULES), help="which of %(default)s")
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7, help="of each cell (%(default)s)")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", action="store_true", help="put the tables into the README")
    asked = parser.parse_args()
    if BENCH_PYTHON not in os.environ:
        parser.error(f"{BENCH_PYTHON} names no interpreter that has torch; see README.md")
    libraries = {
        "recollect": Library(sys.executable, "sequences_recollect.py"),
        "torch": Library(os.environ[BENCH_PYTHON], "sequences_torch.py"),
    }
    cells = []
    for rule in asked.rules.split(","):
        for slopes in (False, True):
            for steps in map(int, asked.steps.split(",")):
                cell = {"rule": rule, "slopes": slopes, "steps": steps}
                cell |= {"heads": asked.heads, "dim": asked.dim}
                cells.append(cell | {"of": compare(libraries, asked.repeats, **cell)})
                print(json.dumps(cells[-1]), file=sys.stderr, flush=True)
    about = machine()
    text = report(cells, about)
    print(text)
    if asked.readme:
        put_into_readme("sequences", text)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": about, "cells": cells}, indent=1) + "\n")


if __name__ == "__main__":
    main()
