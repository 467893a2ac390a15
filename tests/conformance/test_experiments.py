"""What every experiment must do, with its quick settings and what is built in."""

import json
import math
import os
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from recollect.errors import DataFileError
from recollect.experiments import NAMES, experiment, experiments
from recollect.experiments.protocol import NO_DATA, DataFolder, Runs, Value
from recollect.experiments.protocol.results import description
from recollect.experiments.protocol.verdict import Verdict, judge, verdict_of
from recollect.recall.comparison import to_json
from recollect.recall.plots.style import new_figure, plot_style

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("RECOLLECT_DATA", ROOT / ".." / "shared" / "data")) / "experiments"
FOLDER = ROOT / "src" / "recollect" / "experiments"
_FOUND = {}


def data_for(chosen):
    """Nothing but what is built in, unless the experiment cannot do without real data."""
    if not chosen.needs_data:
        return NO_DATA
    data = DataFolder(REAL)
    if not any(map(data.has, chosen.data)):
        pytest.skip(f"{chosen.name} needs {chosen.data[0]}, and {REAL} does not hold it")
    return data


@pytest.fixture(params=NAMES)
def chosen(request):
    return experiment(request.param)


@pytest.fixture
def found(chosen):
    """The findings of one quick run, made once for all tests of an experiment."""
    if chosen.name not in _FOUND:
        _FOUND[chosen.name] = chosen.run(chosen.quick, data_for(chosen), 0)
    return _FOUND[chosen.name]


def test_every_module_is_registered():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "registry"}
    assert modules == {name.replace("-", "_") for name in NAMES}
    assert len(set(NAMES)) == len(NAMES)


def test_the_readme_counts_them():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"holds {len(NAMES)} of these claims" in readme
    assert f"| {len(NAMES)} claims about memory" in readme


def test_parts_stand_together_in_the_report():
    parts = [each.part for each in experiments()]
    runs = [part for part, before in zip(parts, [None, *parts], strict=False) if part != before]
    assert len(runs) == len(set(runs))


def test_it_says_what_it_is(chosen):
    assert is_dataclass(chosen.settings)
    assert type(chosen.settings) is type(chosen.quick)
    assert fields(chosen.settings)
    for text in (chosen.claim, chosen.caption, chosen.how_it_works):
        assert text.rstrip().endswith(".")
    assert chosen.title
    assert chosen.source.paper
    assert chosen.source.where
    assert not chosen.data or chosen.needs_data or chosen.built_in
    names = [each.measure for each in chosen.expected]
    assert len(set(names)) == len(names)
    assert not all(each.premise for each in chosen.expected)
    for each in chosen.expected:
        assert each.says
        assert each.read_from
        low, high = each.band
        assert each.published is None or low <= each.published <= high
    json.dumps(to_json(description(chosen)), allow_nan=False)


def test_it_measures_what_it_expects(chosen, found):
    for each in chosen.expected:
        value = found.measures[each.measure]
        middle = value.value if isinstance(value, Value) else value
        assert math.isfinite(middle) or each.only_with
    for value in found.measures.values():
        if isinstance(value, Value):
            assert value.low <= value.value <= value.high
    assert found.data


def test_human_data_are_compared_with_a_rival(found):
    if found.fits:
        assert any(fit.ours for fit in found.fits)
        assert not all(fit.ours for fit in found.fits)
        for fit in found.fits:
            assert math.isfinite(fit.aic)
            assert fit.r_squared <= 1


def test_a_verdict_follows(chosen, found):
    judged = [judge(each, [found.measures[each.measure]], frozenset()) for each in chosen.expected]
    assert verdict_of(judged) in set(Verdict)


def test_its_picture_has_axes_with_names_and_something_to_see(chosen, found):
    with plot_style():
        figure = new_figure(9.0, 4.6)
        chosen.plot(figure, Runs((found, found)), chosen.quick)
        assert figure.axes
        named = [axes for axes in figure.axes if axes.get_xlabel() or axes.get_ylabel()]
        assert named
        assert any(axes.has_data() or axes.images or axes.texts for axes in figure.axes)
        figure.canvas.draw()


@pytest.mark.slow
def test_the_same_seed_finds_the_same(chosen, found):
    again = chosen.run(chosen.quick, data_for(chosen), 0)
    assert to_json(again.measures) == to_json(found.measures)
    for name, curve in found.curves.items():
        assert np.array_equal(curve, again.curves[name], equal_nan=curve.dtype.kind == "f")


@pytest.mark.slow
def test_several_seeds_are_run_only_where_something_is_random(chosen, found):
    if chosen.seeds == 1:
        pytest.skip("one seed: people's data, whose resampling alone is random, or nothing is")
    other = chosen.run(chosen.quick, data_for(chosen), 1)
    assert to_json(other.measures) != to_json(found.measures)


def test_a_damaged_data_set_is_one_clear_line(chosen, tmp_path):
    if not chosen.data:
        pytest.skip("it reads no data")
    for name in chosen.data:
        (tmp_path / name).mkdir()
    with pytest.raises(DataFileError) as caught:
        replace(chosen, needs_data=True).run(chosen.quick, DataFolder(tmp_path), 0)
    assert "\n" not in str(caught.value)
