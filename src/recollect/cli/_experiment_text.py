"""Experiments and their results as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._tables import Column, print_table
from recollect.experiments.protocol.results import FIGURE, description, folder_of
from recollect.experiments.protocol.wording import (
    band_text,
    counts_text,
    found_text,
    held_text,
    number_text,
    published_text,
)

if TYPE_CHECKING:
    from recollect.experiments.protocol.contract import Experiment
    from recollect.experiments.protocol.running import ExperimentFailed

__all__ = ["print_experiment", "print_results"]

_COLOURS = {"reproduced": "green", "partly": "yellow", "not": "red"}
_WIDTH = 96


def print_experiment(experiment: Experiment[Any]) -> None:
    """Print what an experiment claims, how it works and what must come out."""
    about = description(experiment)
    click.secho(f"{experiment.name}: {experiment.title}", bold=True)
    source = experiment.source
    for text in (
        experiment.claim,
        f"Source: {source.paper}, {source.where}. {source.link}".strip(),
        f"How keys and values bring it about: {experiment.how_it_works}",
        f"Limits: {experiment.limits}" if experiment.limits else "",
        _data_words(experiment),
    ):
        if text:
            click.echo("\n" + fill(text, _WIDTH))
    click.echo()
    print_table(
        [
            Column("what must come out", text=True, foldable=True),
            Column("published"),
            Column("agrees if"),
            Column("read from", text=True, foldable=True),
        ],
        [
            (each["says"], published_text(each), band_text(each["band"], each["unit"]), where)
            for each in about["expected"]
            for where in [each["read_from"]]
        ],
    )
    click.echo("\nSettings: " + ", ".join(f"{k} {v}" for k, v in about["settings"].items()))
    click.echo(f"Run it: recollect experiments run {experiment.name}")


def print_results(
    documents: Sequence[Mapping[str, Any]], failed: Sequence[ExperimentFailed], folder: Path
) -> None:
    """Print every expectation beside what was found, then the verdicts in one line."""
    for document in documents:
        _print_result(document, folder)
    for each in failed:
        click.echo()
        click.secho(f"{each.plan.experiment.name}: ", bold=True, nl=False)
        click.echo(f"{'left out' if each.lacks_data else 'failed'}: {each.reason}")
    if len(documents) > 1:
        counts = Counter(document["verdict"] for document in documents)
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        click.echo(f"\n{len(documents)} experiments: {said}{_left_out(failed)}")
    if any(document["quick"] for document in documents):
        click.echo("Quick settings: few seeds and small samples, so these verdicts are rough.")
    click.echo(f"\nNumbers and pictures are in {folder}")
    click.echo("One page of all: recollect experiments report --out report.html")


def _left_out(failed: Sequence[ExperimentFailed]) -> str:
    lacking = sum(each.lacks_data for each in failed)
    broken = len(failed) - lacking
    said = f"; {lacking} left out, which need --data" if lacking else ""
    return f"{said}; {broken} failed" if broken else said


def _print_result(document: Mapping[str, Any], folder: Path) -> None:
    name, verdict = document["experiment"], document["verdict"]
    click.echo()
    click.secho(f"{name}: {document['title']}", bold=True, nl=False)
    click.echo("  ", nl=False)
    click.secho(verdict, fg=_COLOURS.get(verdict), bold=True, nl=False)
    click.echo(f" ({counts_text(document)})")
    click.echo(fill(document["claim"], _WIDTH))
    print_table(
        [
            Column("measured", text=True, foldable=True),
            Column("published"),
            Column("agrees if"),
            Column("found"),
            Column("held"),
        ],
        [
            (
                each["says"],
                published_text(each),
                band_text(each["band"], each["unit"]),
                found_text(each),
                held_text(each),
            )
            for each in document["expected"]
        ],
    )
    if document["fits"]:
        click.echo()
        print_table(
            [
                Column("model", text=True),
                Column("free\nparameters"),
                Column("R²"),
                Column("AIC"),
                Column("BIC"),
            ],
            [
                (
                    fit["model"],
                    str(fit["free_parameters"]),
                    number_text(fit["r_squared"]),
                    f"{fit['aic']:,.1f}",
                    f"{fit['bic']:,.1f}",
                )
                for fit in document["fits"]
            ],
        )
    settings = "quick settings" if document["quick"] else "full settings"
    seeds = len(document["seeds"])
    click.echo(
        f"{settings}, {seeds} seed{'s' if seeds > 1 else ''}, {document['seconds']:.1f} s; "
        f"data: {document['data'] or 'none needed'}"
    )
    picture = folder_of(folder, name, quick=document["quick"]) / FIGURE
    if picture.exists():
        click.echo(f"picture: {picture}")


def _data_words(experiment: Experiment[Any]) -> str:
    if not experiment.data:
        return ""
    real = f"Real data: --data DIR with {', '.join(experiment.data)}."
    return f"{real} Without: {experiment.built_in or 'it cannot run'}."
