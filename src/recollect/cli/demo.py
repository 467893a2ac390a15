"""``recollect demo``: everything once, on the built-in sample."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, ReadingOptions, examples, json_flag
from recollect.cli._outputs import check_folder
from recollect.cli._session import Session, talk_options

if TYPE_CHECKING:
    from recollect.cli._evaluation_report import EvaluationReport
    from recollect.recall.explanation import Explanation
    from recollect.recall.fitting import LearnerFit
    from recollect.reviews import ReviewLog
    from recollect.sample import SampleCard

__all__ = ["command"]

_LOG_FILE = "simulated.csv"
_PARAMS_FILE = "params.json"
_MODELS = ("recollect", "fsrs-6", "half-life", "moving-average", "average")
_DAYS_AHEAD = 7
_SHOWN_PARAMETERS = 8
_LATEST = 8
_LABEL = "simulated learner"


@click.command(
    "demo",
    epilog=examples(
        "recollect demo",
        "recollect demo --out /tmp/demo",
        "recollect demo --json > demo.json",
    ),
)
@click.option(
    "--out",
    type=PLACE,
    default=Path("recollect-demo"),
    show_default=True,
    metavar="DIR",
    help="Folder for the simulated log, the fitted parameters and the pictures.",
)
@json_flag
@talk_options
@click.pass_obj
def command(session: Session, *, out: Path, as_json: bool) -> None:
    """Fit, evaluate, draw and explain, on the built-in sample.

    The sample is the log of a simulated learner: it shows what the program does, not how well
    it does with people. Takes less than a minute.
    """
    check_folder(out, "--out")
    from recollect.cli._fitted import learner_model
    from recollect.cli._jax import prepare_jax
    from recollect.cli._outputs import made_folder, print_json
    from recollect.cli._progress import status
    from recollect.reviews import MS_PER_DAY, write_csv
    from recollect.sample import load_sample

    prepare_jax()
    log = load_sample().log
    write_csv(log, made_folder(out) / _LOG_FILE)
    fitted = _fit(log, out / _PARAMS_FILE, session)
    report = _evaluate(out / _LOG_FILE, session)
    at_ms = int(log.review_time_ms[-1]) + _DAYS_AHEAD * MS_PER_DAY
    with status(session, "Explaining a card", compiles=True):
        from recollect.cli.explain import choose_card
        from recollect.recall.explanation import explain_card

        model, _ = learner_model(log, out / _PARAMS_FILE, None, session)
        explanation = explain_card(model, choose_card(model, at_ms), at_ms)
    with status(session, "Drawing", compiles=True):
        pictures = _draw(report, explanation, log, out, session)
    if as_json:
        document = {
            "simulated": True,
            "reviews": len(log),
            "fit": {
                "loss_before": fitted.loss_before,
                "loss_after": fitted.loss_after,
                "parameters": fitted.named(),
            },
            "evaluation": report.as_json(),
            "explanation": explanation.to_dict(),
            "files": [str(out / _LOG_FILE), str(out / _PARAMS_FILE), *map(str, pictures)],
        }
        print_json("demo", document)
        return
    _print_all(log, fitted, report, explanation, pictures, out)


def _fit(log: ReviewLog, params: Path, session: Session) -> LearnerFit:
    from recollect.cli.fit import fit_with_progress
    from recollect.recall.defaults import load_defaults
    from recollect.reviews.atomic import replaced_file

    fitted = fit_with_progress(log, load_defaults(), session)
    with replaced_file(params) as draft:
        fitted.save(draft)
    return fitted


def _evaluate(path: Path, session: Session) -> EvaluationReport:
    from recollect.cli._logs import find_learners
    from recollect.cli._models import model_specs
    from recollect.cli._places import cache_folder
    from recollect.cli.evaluate import EvaluationRequest, run_evaluation
    from recollect.recall.protocol import ScoringOptions

    installed = [name for name in _MODELS if name != "fsrs-6" or find_spec("fsrs_rs_python")]
    reading = ReadingOptions()
    request = EvaluationRequest(
        sources=find_learners([path], reading),
        models=model_specs(installed, None, True, session),
        scoring=ScoringOptions(),
        reading=reading,
        defaults=None,
        reference=None,
        workers=0,
        work_folder=cache_folder() / "evaluations",
        seed=0,
    )
    return run_evaluation(request, session)


def _draw(
    report: EvaluationReport,
    explanation: Explanation,
    log: ReviewLog,
    out: Path,
    session: Session,
) -> list[Path]:
    if find_spec("matplotlib") is None:
        session.note("No pictures; for them: pip install 'recollect[plots]'")
        return []
    from recollect.cli._evaluation_pictures import draw_card, draw_evaluation

    name = log.card_name(explanation.card_id)
    card = draw_card(explanation.life(), name, out / "card.png", _LABEL)
    return [*draw_evaluation(report, out, _LABEL), card]


def _print_all(
    log: ReviewLog,
    fitted: LearnerFit,
    report: EvaluationReport,
    explanation: Explanation,
    pictures: list[Path],
    out: Path,
) -> None:
    from recollect.cli._evaluation_text import print_evaluation
    from recollect.cli._explanation_text import print_explanation
    from recollect.cli.fit import print_fit

    reading = ReadingOptions()
    cards = len(set(log.card_id.tolist()))
    click.secho("Recollect demo: a SIMULATED learner, the built-in sample", bold=True)
    click.echo(
        f"{len(log):,} simulated reviews of {cards} cards in {int(log.day_offset[-1]) + 1} days. "
        "The figures show what the program does, not how well it does with people."
    )
    _step("1. Fit: the learner's own parameters (those that moved most)")
    print_fit(fitted, most=_SHOWN_PARAMETERS)
    _step("2. Evaluate: who predicts these simulated reviews best?")
    print_evaluation(report)
    _step(f"3. Explain: a card, {_DAYS_AHEAD} days after the end of the log")
    card = _card_of(explanation.card_id)
    click.echo(f"The card asks: {card.prompt} (answer: {card.answer})")
    print_explanation(explanation, log.card_name(explanation.card_id), reading, latest=_LATEST)
    _step("4. Look at")
    for path in [*pictures, out / _PARAMS_FILE, out / _LOG_FILE]:
        click.echo(f"  {path}")
    _step("5. Type next")
    file = out / _LOG_FILE
    for line in (
        f"recollect predict {file} --now last --params {out / _PARAMS_FILE}",
        f"recollect explain {file} --now last --card {log.card_name(explanation.card_id)} "
        f"--params {out / _PARAMS_FILE}",
        "recollect evaluate YOUR-LOG          # a CSV, a Parquet folder or an Anki package",
        "recollect evaluate --help",
    ):
        click.echo(f"  {line}")


def _step(title: str) -> None:
    click.echo()
    click.secho(f"== {title} ==", bold=True, fg="cyan")


def _card_of(card_id: int) -> SampleCard:
    from recollect.sample import load_deck

    return next(card for card in load_deck() if card.card_id == card_id)
