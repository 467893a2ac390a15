"""``recollect experiments``: published findings on memory, run and judged."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._outputs import check_folder, check_output
from recollect.cli._session import Session, talk_options
from recollect.errors import RecollectError

if TYPE_CHECKING:
    from recollect.experiments.protocol.data import DataFolder
    from recollect.experiments.protocol.running import ExperimentFailed, Finished, Plan

__all__ = ["command"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_RESULTS = Path("recollect-experiments")


class _InOrder(click.Group):
    """Commands in the order in which they are used, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(self.commands)


@click.group("experiments", cls=_InOrder)
@talk_options
def command() -> None:
    """Run published findings on memory and see whether they come out.

    Each experiment is a claim of the theory that keys and values are apart, with the value that
    was published, the band that counts as the same, and a verdict made from the numbers:
    reproduced, partly or not.

    \b
    Examples:
      recollect experiments list
      recollect experiments run all --quick
      recollect experiments report --out report.html
    """


def _running_options(results: str) -> Callable[[_Command], _Command]:
    def add(function: _Command) -> _Command:
        for option in (
            click.option(
                "--fresh", is_flag=True, help="Run also what an earlier run left a result of."
            ),
            click.option(
                "--workers",
                type=click.IntRange(0),
                metavar="N",
                help="Processes; 0 works in this one. Default: one for each processor.",
            ),
            click.option(
                "--out" if results == "--out" else "--results",
                "folder",
                type=PLACE,
                default=_RESULTS,
                show_default=True,
                metavar="DIR",
                help="A folder for each experiment: result.json, figure.png and curves.npz.",
            ),
            click.option(
                "--seeds",
                type=click.IntRange(1),
                metavar="N",
                help="Seeds of each experiment in which something is random. "
                "Default: as many as the experiment says.",
            ),
            click.option(
                "--data",
                type=PLACE,
                metavar="DIR",
                envvar="RECOLLECT_EXPERIMENT_DATA",
                show_envvar=True,
                help="Folder with real data sets, a folder each. Default: what is built in.",
            ),
        ):
            function = option(function)
        return function

    return add


@command.command(
    "list",
    epilog=examples("recollect experiments list", "recollect experiments list --json"),
)
@json_flag
@talk_options
def list_command(*, as_json: bool) -> None:
    """Name every experiment."""
    from recollect.cli._jax import prepare_jax
    from recollect.cli._outputs import print_json

    prepare_jax()
    from recollect.experiments import experiments

    known = experiments()
    if as_json:
        rows = [
            {
                "name": each.name,
                "part": each.part,
                "title": each.title,
                "claim": each.claim,
                "source": f"{each.source.paper}, {each.source.where}",
                "data": list(each.data),
                "needs_data": each.needs_data,
                "expectations": len(each.expected),
            }
            for each in known
        ]
        print_json("experiments list", {"experiments": rows})
        return
    part = ""
    for each in known:
        if each.part != part:
            part = each.part
            click.secho(f"\n{part}", bold=True)
        needs = "  (needs --data)" if each.needs_data else ""
        click.echo(f"  {each.name:<26} {each.title}{needs}")
    click.echo("\nMore about one: recollect experiments show NAME")


@command.command(
    "show",
    epilog=examples("recollect experiments show recovery"),
)
@click.argument("name", metavar="NAME")
@json_flag
@talk_options
def show_command(*, name: str, as_json: bool) -> None:
    """Tell what one experiment claims, how it is run and what must come out."""
    from recollect.cli._jax import prepare_jax
    from recollect.cli._outputs import print_json

    prepare_jax()
    from recollect.cli._experiment_text import print_experiment
    from recollect.experiments import experiment
    from recollect.experiments.protocol.results import description

    chosen = experiment(name)
    if as_json:
        print_json("experiments show", description(chosen))
    else:
        print_experiment(chosen)


@command.command(
    "run",
    epilog=examples(
        "recollect experiments run recovery",
        "recollect experiments run recovery --data DIR --seeds 10 --out results",
        "recollect experiments run all --quick",
    ),
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--quick", is_flag=True, help="Smaller settings: seconds, not minutes.")
@_running_options("--out")
@json_flag
@talk_options
@click.pass_obj
def run_command(
    session: Session,
    *,
    names: tuple[str, ...],
    quick: bool,
    data: Path | None,
    seeds: int | None,
    folder: Path,
    workers: int | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Run experiments by name, or all of them with the name all.

    What an earlier run has finished with the same code, settings, seeds and data is not run
    again, so a run that was ended goes on where it was.
    """
    check_folder(folder, "--out")
    from recollect.cli._experiment_text import print_results
    from recollect.cli._outputs import print_json

    documents, failed = _results(
        session, _plans(names, [quick], seeds), _data(data), folder, workers, fresh
    )
    if as_json:
        rows = [{"experiment": each.plan.experiment.name, "reason": each.reason} for each in failed]
        print_json("experiments run", {"results": documents, "failed": rows})
    else:
        print_results(documents, failed, folder)
    _end(failed, session)


@command.command(
    "report",
    epilog=examples(
        "recollect experiments report --out report.html",
        "recollect experiments report --data DIR --full --out report.html",
    ),
)
@click.option(
    "--out", type=PLACE, required=True, metavar="FILE", help="Write the report here (.html)."
)
@click.option(
    "--full", is_flag=True, help="Run with full settings what has no result. Default: quick ones."
)
@_running_options("--results")
@talk_options
@click.pass_obj
def report_command(
    session: Session,
    *,
    out: Path,
    full: bool,
    data: Path | None,
    seeds: int | None,
    folder: Path,
    workers: int | None,
    fresh: bool,
) -> None:
    """Write one page with every claim, figure, published value, ours and the verdict.

    Uses the results of recollect experiments run; what has none is run first.
    """
    check_output(out, "--out", (".html", ".htm"), ())
    check_folder(folder, "--results")
    from recollect.cli._outputs import need_extra, prepare_outputs

    need_extra("jinja2", "experiments", "the report")
    prepare_outputs(out)
    choices = _plans(("all",), [False] if full else [False, True], seeds)
    documents, failed = _results(session, choices, _data(data), folder, workers, fresh)
    from recollect.experiments.protocol.report import report_page
    from recollect.reviews.atomic import replaced_file

    reasons = {each.plan.experiment.name: each.reason for each in failed}
    with replaced_file(out) as draft:
        draft.write_text(report_page(documents, reasons, folder), encoding="utf-8")
    click.echo(f"Wrote {out}: {len(documents)} experiments")
    _end(failed, session)


def _plans(names: Sequence[str], quick: Sequence[bool], seeds: int | None) -> list[list[Plan]]:
    """For each experiment, its plans with full or quick settings, in the order of ``quick``."""
    from recollect.cli._jax import prepare_jax

    prepare_jax()
    from recollect.experiments import NAMES, experiment
    from recollect.experiments.protocol.running import Plan

    wanted = dict.fromkeys(NAMES if "all" in names else names)
    return [
        [Plan.of(experiment(name), quick=each, seeds=seeds) for each in quick] for name in wanted
    ]


def _data(folder: Path | None) -> DataFolder:
    from recollect.experiments.protocol.data import DataFolder

    if folder is not None and not folder.is_dir():
        raise click.BadParameter(f"{folder} is not a folder", param_hint="--data")
    return DataFolder(folder)


def _results(
    session: Session,
    choices: Sequence[Sequence[Plan]],
    data: DataFolder,
    folder: Path,
    workers: int | None,
    fresh: bool,
) -> tuple[list[dict[str, Any]], list[ExperimentFailed]]:
    """Results of experiments, in their order: those of earlier runs, and the rest run now.

    Args:
        session: how to talk.
        choices: for each experiment, plans whose earlier results will do, the best first; the
            last of them is run if there is none.
        data: where real data is.
        folder: of results.
        workers: processes; None for one a processor.
        fresh: use no earlier results.
    """
    from recollect.cli._outputs import made_folder
    from recollect.cli._progress import progress
    from recollect.experiments.protocol.results import read_result, recipe_hash, write_result
    from recollect.experiments.protocol.running import ExperimentFailed, run_experiments

    made_folder(folder)
    _warn_of_no_data(session, choices, data)
    documents: dict[str, dict[str, Any]] = {}
    todo: list[Plan] = []
    recipes: dict[str, str] = {}
    for plans in choices:
        name = plans[0].experiment.name
        for plan in plans:
            recipes[name] = recipe_hash(plan, data)  # at the end that of the plan to be run
            old = None if fresh else read_result(folder, name, quick=plan.quick)
            if old and old.get("recipe") == recipes[name]:
                documents[name] = old
                break
        else:
            todo.append(plans[-1])
    if documents:
        session.note(f"{len(documents)} of {len(choices)} were run before; --fresh runs them again")
    failed: list[ExperimentFailed] = []
    with progress(session, "Running") as tell:

        def end(ended: Finished | ExperimentFailed) -> None:
            if isinstance(ended, ExperimentFailed):
                failed.append(ended)
                return
            name = ended.plan.experiment.name
            try:
                documents[name] = write_result(ended, recipes[name], folder)
            except RecollectError:
                raise
            except Exception as error:  # such as a picture that cannot be drawn: the rest goes on
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                failed.append(ExperimentFailed(ended.plan, reason, traceback.format_exc()))

        processes = (os.cpu_count() or 1) if workers is None else workers
        run_experiments(todo, data, workers=processes, on_step=tell, on_end=end)
    order = [plans[0].experiment.name for plans in choices]
    return [documents[name] for name in order if name in documents], failed


def _warn_of_no_data(session: Session, choices: Sequence[Sequence[Plan]], data: DataFolder) -> None:
    """Say so where a folder of data was named and none of what could be read is in it."""
    wanted = dict.fromkeys(name for plans in choices for name in plans[0].experiment.data)
    if data.root is not None and wanted and not any(map(data.has, wanted)):
        session.warn(f"{data.root} has none of the folders that are read: {', '.join(wanted)}")


def _end(failed: Sequence[ExperimentFailed], session: Session) -> None:
    """Exit code 1 if an experiment broke; a verdict of "not" is a result like any other."""
    broken = [each for each in failed if not each.lacks_data]
    for each in broken:
        session.warn(f"{each.plan.experiment.name} failed: {each.reason}")
        if session.debug and each.details:
            click.echo(each.details, err=True)
    if broken:
        raise click.exceptions.Exit(1)
