"""Running, results and the report, on small experiments made here."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from recollect.errors import OutputError, UnknownNameError
from recollect.experiments import registry
from recollect.experiments.protocol import (
    NO_DATA,
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Source,
    Value,
    results,
)
from recollect.experiments.protocol.report import report_page
from recollect.experiments.protocol.results import (
    CURVES,
    FIGURE,
    RESULT,
    description,
    folder_of,
    read_result,
    recipe_hash,
    write_result,
)
from recollect.experiments.protocol.running import Plan, run_experiments
from recollect.experiments.protocol.wording import published_text


@dataclass(frozen=True)
class Settings:
    size: int = 4


def run(settings, data, seed):
    draws = np.random.default_rng(seed).normal(size=settings.size)
    return Findings(
        measures={"mean": float(draws.mean()), "size": Value(float(settings.size), 1.0, 9.0)},
        curves={"draws": draws},
        fits=(Fit("memory <b>", True, {"rate": 0.5}, 1, 4, 0.9, 3.0, 4.0),),
        data="drawn",
    )


def breaks(settings, data, seed):
    if seed == 1:
        raise RuntimeError("seed 1 breaks")
    return run(settings, data, seed)


def plot(figure, runs, settings):
    figure.subplots().plot(runs.mean("draws"))


DRAWING = Experiment(
    name="drawing",
    part="Chance",
    title="Draws & means",
    claim="Draws of size <4> have a mean.",
    source=Source("Nobody 1900", "page 1", "https://example.org/1"),
    settings=Settings(size=8),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected("mean", "their mean", (-3.0, 3.0), 0.0, "theory"),
        Expected("size", "their number", (100.0, float("inf")), None, "theory"),
    ),
    caption="A line.",
    how_it_works="By chance.",
    seeds=4,
    quick_seeds=2,
)


@pytest.fixture
def known(monkeypatch):
    """Makes the registry know the experiments of a test."""

    def know(*several):
        by_name = {each.name: each for each in several}
        monkeypatch.setattr(registry, "experiment", lambda name: by_name[name])
        return [Plan.of(each, quick=True) for each in several]

    return know


def ended(plans, data=NO_DATA, workers=0):
    steps, ends = [], []
    run_experiments(
        plans,
        data,
        workers=workers,
        on_step=lambda done, total, name: steps.append((done, total, name)),
        on_end=ends.append,
    )
    return steps, ends


def test_a_plan_says_which_seeds():
    assert Plan.of(DRAWING, quick=True).seeds == (0, 1)
    assert Plan.of(DRAWING, quick=False).seeds == (0, 1, 2, 3)
    assert Plan.of(DRAWING, quick=False, seeds=2).seeds == (0, 1)
    assert Plan.of(replace(DRAWING, seeds=1), quick=False, seeds=9).seeds == (0,)


def test_every_seed_is_run_and_judged(known):
    steps, (finished,) = ended(known(DRAWING))
    assert steps == [(1, 2, "drawing"), (2, 2, "drawing")]
    wanted = [np.random.default_rng(seed).normal(size=4) for seed in (0, 1)]
    assert np.array_equal(finished.runs.curves("draws"), wanted)
    assert finished.measures["mean"].value == pytest.approx(np.mean(wanted))
    assert finished.measures["size"].low == 1.0
    assert [each.held for each in finished.judged] == [True, False]
    assert finished.verdict == "partly"


def test_one_that_breaks_does_not_take_others_along(known):
    broken = replace(DRAWING, name="broken", run=breaks)
    steps, ends = ended(known(broken, DRAWING))
    assert len(steps) == 4
    failed, finished = ends
    assert (failed.plan.experiment.name, failed.lacks_data) == ("broken", False)
    assert failed.reason == "RuntimeError: seed 1 breaks"
    assert "breaks" in failed.details
    assert finished.plan.experiment.name == "drawing"


def test_one_that_lacks_its_data_is_left_out(known, tmp_path):
    needy = replace(DRAWING, name="needy", data=("words",), needs_data=True)
    steps, (failed,) = ended(known(needy))
    assert steps == []
    assert failed.lacks_data
    assert "words" in failed.reason
    (tmp_path / "words").mkdir()
    _, (finished,) = ended(known(needy), DataFolder(tmp_path))
    assert finished.sets_used == {"words"}


def test_an_expectation_that_nothing_measures_fails_the_run(known):
    blind = replace(DRAWING, expected=(Expected("speed", "a speed", (0.0, 1.0), None, "nowhere"),))
    _, (failed,) = ended(known(blind))
    assert "speed" in failed.reason


def test_an_experiment_must_be_able_to_fail():
    with pytest.raises(ValueError, match="cannot fail"):
        replace(DRAWING, expected=())
    with pytest.raises(ValueError, match="names none"):
        replace(DRAWING, needs_data=True)


def test_the_registry_names_what_there_is():
    with pytest.raises(UnknownNameError, match="there are: joint-two"):
        registry.experiment("nothing")
    with pytest.raises(UnknownNameError, match=r"did you mean recovery\?"):
        registry.experiment("Recovry")


def test_results_are_written_whole_and_read_again(known, tmp_path):
    _, (finished,) = ended(known(DRAWING))
    document = write_result(finished, "abc", tmp_path)
    own = folder_of(tmp_path, "drawing", quick=True)
    assert sorted(path.name for path in own.iterdir()) == sorted([CURVES, FIGURE, RESULT])
    assert read_result(tmp_path, "drawing", quick=True) == document
    assert json.loads((own / RESULT).read_text())["seeds"] == [0, 1]
    assert document["expected"][0]["published"] == 0.0
    assert document["expected"][1]["band"] == [100.0, None]
    assert document["verdict"] == "partly"
    with np.load(own / CURVES) as curves:
        assert np.array_equal(curves["draws"], finished.runs.curves("draws"))
    assert read_result(tmp_path, "drawing", quick=False) is None
    (own / RESULT).write_text('{"experiment": "draw')
    assert read_result(tmp_path, "drawing", quick=True) is None


def test_a_result_whose_picture_is_lost_or_damaged_is_not_there(known, tmp_path):
    _, (finished,) = ended(known(DRAWING))
    write_result(finished, "abc", tmp_path)
    picture = folder_of(tmp_path, "drawing", quick=True) / FIGURE
    assert read_result(tmp_path, "drawing", quick=True)
    picture.write_bytes(picture.read_bytes()[:-20])
    assert read_result(tmp_path, "drawing", quick=True) is None
    picture.unlink()
    assert read_result(tmp_path, "drawing", quick=True) is None


def test_a_folder_in_the_place_of_a_result_is_one_clear_line(known, tmp_path):
    _, (finished,) = ended(known(DRAWING))
    (folder_of(tmp_path, "drawing", quick=True) / RESULT).mkdir(parents=True)
    with pytest.raises(OutputError, match=r"result\.json"):
        write_result(finished, "abc", tmp_path)


def test_a_recipe_counts_the_experiments_that_one_builds_on(monkeypatch):
    counted = []
    monkeypatch.setattr(results, "software_fingerprint", lambda *more: counted.append(more) or "")
    recipe_hash(Plan.of(registry.experiment("one-memory"), quick=True), NO_DATA)
    assert {f"experiments/{name}.py" for name in ("one_memory", "news", "repetition_lag")} <= set(
        counted[0]
    )


def test_the_recipe_changes_with_settings_seeds_and_data(tmp_path):
    needy = replace(DRAWING, data=("words",))
    plans = [Plan.of(needy, quick=True), Plan.of(needy, quick=True, seeds=1)]
    plans.append(Plan.of(needy, quick=False, seeds=2))
    data = DataFolder(tmp_path)
    hashes = {recipe_hash(plan, data) for plan in plans}
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "list.csv").write_text("a")
    hashes.add(recipe_hash(plans[0], data))
    (tmp_path / "words" / "list.csv").write_text("ab")
    hashes.add(recipe_hash(plans[0], data))
    assert len(hashes) == 5
    assert recipe_hash(plans[0], data) == recipe_hash(plans[0], data)


def test_the_report_shows_everything_and_escapes_it(known, tmp_path):
    _, (finished,) = ended(known(DRAWING))
    document = write_result(finished, "abc", tmp_path)
    page = report_page([document], {"needy": "needs real data"}, tmp_path)
    assert "Draws of size &lt;4&gt; have a mean." in page
    assert "memory &lt;b&gt;" in page
    assert page.count("data:image/png;base64,") == 1
    for text in ("partly", "at least 100", "-3 to 3", "theory", "needs real data", "By chance."):
        assert text in page
    for loaded in ('src="http', "<script", "<link"):
        assert loaded not in page


def test_the_description_is_json():
    about = json.loads(json.dumps(description(DRAWING)))
    assert about["settings"] == {"size": 8}
    assert about["expected"][0]["band"] == [-3.0, 3.0]


@pytest.mark.parametrize(
    ("published", "band", "says"),
    [(0.5, [0.4, 0.6], "0.5"), (None, [0.0, None], "direction"), (None, [0.9, 1.0], "–")],
)
def test_a_criterion_of_our_own_is_not_called_published(published, band, says):
    assert published_text({"published": published, "band": band, "unit": ""}) == says
