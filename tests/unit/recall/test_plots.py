"""The pictures show the data given: read back from what matplotlib was told to draw."""

import builtins
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from recollect.errors import (
    MissingExtraError,
    NotEnoughDataError,
    OutputError,
    ParameterError,
    UnknownNameError,
)
from recollect.recall.comparison import MetricTable
from recollect.recall.metrics import calibration_curve
from recollect.recall.plots import (
    CardLife,
    calibration_figure,
    card_figure,
    forgetting_figure,
    forgetting_groups,
    learners_figure,
    save_figure,
)
from recollect.recall.plots.style import MARKERS, PALETTE, duration_label, model_label, model_looks

pytest.importorskip("matplotlib")


def predictions(n=2000, seed=1):
    generator = np.random.default_rng(seed)
    logit = generator.normal(1.5, 1.0, n)
    outcome = generator.random(n) < 1 / (1 + np.exp(-logit))
    columns = {
        "p_recollect_curve": 1 / (1 + np.exp(-logit)),
        "p_fsrs_6": 1 / (1 + np.exp(-0.7 * logit)),
        "p_average": np.full(n, 0.8),
    }
    return columns, outcome


def table(values=None, metric="log_loss"):
    values = np.array([[0.3, 0.4], [0.5, 0.45], [0.1, 0.2]]) if values is None else values
    return MetricTable(
        metric=metric,
        learners=("anna", "ben", "cleo")[: len(values)],
        models=("p_recollect_curve", "p_fsrs_6"),
        scored=np.array([100, 200, 300])[: len(values)],
        values=values,
    )


def life(**changed):
    time_days = np.array([0.0, 0.5, 0.5, 3.0, 3.0, 10.0])
    columns = {
        "time_days": time_days,
        "recall": np.array([0.9, 0.8, 0.97, 0.7, 0.95, 0.6]),
        "trace": np.outer(np.exp(-time_days), [1.0, 2.0]),
        "time_scale_days": np.array([1 / 24, 20.0]),
        "review_time_days": np.array([0.0, 0.5, 3.0]),
        "rating": np.array([1, 3, 1]),
        "predicted": np.array([np.nan, 0.8, 0.7]),
    }
    return CardLife(**(columns | changed))


def text_of(figure):
    figure.draw_without_rendering()
    words = [figure.get_suptitle(), figure.get_supxlabel()]
    for axes in figure.axes:
        words += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
        words += [text.get_text() for text in axes.texts]
        words += [tick.get_text() for tick in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    for legend in (*figure.legends, *(axes.get_legend() for axes in figure.axes)):
        words += [item.get_text() for item in legend.get_texts()] if legend else []
    return "\n".join(words)


def line(axes, label):
    return next(item for item in axes.get_lines() if item.get_label() == label)


def test_calibration_shows_the_curve_and_every_prediction():
    columns, outcome = predictions()
    figure = calibration_figure(columns, outcome, bins=10)
    panels, histograms = figure.axes[:3], figure.axes[3:]
    assert len(histograms) == 3
    for (model, p), panel, histogram in zip(columns.items(), panels, histograms, strict=True):
        curve = calibration_curve(p, outcome, bins=10)
        (drawn,) = panel.containers
        points, _, (bars,) = drawn.lines
        assert np.array_equal(points.get_xydata(), np.stack([curve.predicted, curve.observed], 1))
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        assert np.allclose(ends, np.stack([curve.low, curve.high], 1))
        assert sum(bar.get_height() for bar in histogram.patches) == len(p)
        assert panel.get_title(loc="left") == model_label(model)
    words = text_of(figure)
    for word in ("do predictions come true", "recalled in fact", "predicted recall", "slope 0.9"):
        assert word in words


def test_calibration_says_which_predictions_are_below_the_window():
    columns, outcome = predictions()
    p = columns["p_recollect_curve"].copy()
    p[0] = 0.01
    figure = calibration_figure({"p_x": p}, outcome, labels={"p_x": "My model"})
    low = figure.axes[0].get_xlim()[0]
    below = int((p < low).sum())
    assert below >= 1
    assert f"{below} predictions below {100 * low:.0f} % are in the first bar" in " ".join(
        text_of(figure).split()
    )
    assert figure.axes[0].get_title(loc="left") == "My model"


def test_calibration_needs_data():
    with pytest.raises(NotEnoughDataError, match="at least one column"):
        calibration_figure({}, [True])
    with pytest.raises(NotEnoughDataError):
        calibration_figure({"p_x": []}, [])


def forgetting_data(n=3000):
    generator = np.random.default_rng(2)
    strength = np.exp(generator.normal(2, 1, n))
    gap = strength * np.exp(generator.normal(0, 0.7, n))
    p = (1 + gap / (4 * strength)) ** -0.5
    return gap, generator.random(n) < p, p, strength


def test_forgetting_groups_hold_every_review_once():
    gap, y, p, strength = forgetting_data()
    groups = forgetting_groups(gap, y, p, strength, groups=4, bins=6)
    assert len(groups) == 4
    assert sum(group.count.sum() for group in groups) == len(gap)
    assert sum((group.observed * group.count).sum() for group in groups) == pytest.approx(y.sum())
    for group, after in pairwise(groups):
        assert group.high_strength_days < after.low_strength_days
    for group in groups:
        mine = (strength >= group.low_strength_days) & (strength <= group.high_strength_days)
        assert mine.sum() == group.count.sum()
        assert np.dot(group.curve_recall, group.count) == pytest.approx(p[mine].sum())
        assert (np.diff(group.elapsed_days) > 0).all()
        assert (group.low <= group.observed).all()
        assert (group.observed <= group.high).all()
        assert group.count.min() >= 10


def test_forgetting_groups_of_few_or_equal_reviews():
    gap, y, p, strength = (values[:25] for values in forgetting_data())
    (only,) = forgetting_groups(gap, y, p, strength)
    assert only.count.sum() == 25
    (same,) = forgetting_groups(np.ones(500), np.ones(500) > 0, np.full(500, 0.9), np.ones(500))
    assert same.count.tolist() == [500]
    assert same.curve_recall == pytest.approx([0.9])


def test_forgetting_shows_points_intervals_and_curves():
    gap, y, p, strength = forgetting_data()
    curves = [(np.array([1.0, 10.0]), np.array([0.9, 0.8 - k / 10])) for k in range(3)]
    groups = forgetting_groups(gap, y, p, strength, groups=3, curves=curves)
    figure = forgetting_figure(groups)
    (axes,) = figure.axes
    for group, (days, recall), drawn in zip(groups, curves, axes.containers, strict=True):
        points, _, (bars,) = drawn.lines
        assert np.array_equal(points.get_xdata(), group.elapsed_days)
        assert np.array_equal(points.get_ydata(), group.observed)
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        assert np.allclose(ends, np.stack([group.low, group.high], 1))
        assert any(
            np.array_equal(item.get_xdata(), days) and np.array_equal(item.get_ydata(), recall)
            for item in axes.get_lines()
        )
    low, high = axes.get_xlim()
    assert low < min(group.elapsed_days.min() for group in groups)
    assert high > max(group.elapsed_days.max() for group in groups)
    words = text_of(figure)
    assert "time since the card's previous review" in words
    assert "1,000 reviews" in words
    assert len({item.get_color() for item in axes.get_lines()}) == 3


def test_forgetting_refuses_what_it_cannot_draw():
    gap, y, p, strength = forgetting_data(100)
    with pytest.raises(NotEnoughDataError, match="at least 10"):
        forgetting_groups(gap[:5], y[:5], p[:5], strength[:5])
    with pytest.raises(ParameterError, match="length"):
        forgetting_groups(gap, y[:-1], p, strength)
    with pytest.raises(ParameterError, match="above 0"):
        forgetting_groups(gap * 0, y, p, strength)
    with pytest.raises(ParameterError, match="1 curves for"):
        forgetting_groups(gap, y, p, strength, curves=[(gap, p)])
    with pytest.raises(NotEnoughDataError):
        forgetting_figure([])


def test_learners_are_rows_with_their_mean_and_ratios():
    figure = learners_figure(table(), reference="p_fsrs_6")
    absolute, ratio = figure.axes
    figure.draw_without_rendering()
    names = [tick.get_text() for tick in absolute.get_yticklabels()]
    assert names == ["mean", "cleo", "anna", "ben"]  # hardest on top
    ours, theirs = line(absolute, "recollect curve"), line(absolute, "FSRS-6")
    assert ours.get_xdata() == pytest.approx([0.3, 0.1, 0.3, 0.5])
    assert theirs.get_xdata() == pytest.approx([0.35, 0.2, 0.4, 0.45])
    assert np.round(ours.get_ydata()).tolist() == [-1, 0, 1, 2]
    assert line(ratio, "recollect curve").get_xdata() == pytest.approx(
        [np.mean([0.3 / 0.4, 0.5 / 0.45, 0.5]), 0.5, 0.75, 0.5 / 0.45]
    )
    assert line(ratio, "FSRS-6").get_xdata() == pytest.approx([1, 1, 1, 1])
    assert {"0.5", "0.8", "1"} <= {tick.get_text() for tick in ratio.get_xticklabels()}
    assert (ours.get_color(), ours.get_marker()) != (theirs.get_color(), theirs.get_marker())
    words = text_of(figure)
    for word in ("Log loss of every learner", "further left is better", "ratio to FSRS-6",
                 "3 learners, 600 scored reviews"):  # fmt: skip
        assert word in words


def test_one_panel_without_a_reference_and_undefined_figures_left_out():
    values = np.array([[0.7, np.nan], [0.8, 0.9], [np.nan, np.nan]])
    figure = learners_figure(table(values, metric="auc"))
    (axes,) = figure.axes
    assert line(axes, "recollect curve").get_xdata()[0] == pytest.approx(0.8)
    assert line(axes, "FSRS-6").get_xdata()[0] == pytest.approx(0.9)
    assert "AUC (further right is better)" in text_of(figure)


def test_learners_refuse_what_they_cannot_draw():
    with pytest.raises(UnknownNameError, match="fsrs-9"):
        learners_figure(table(), reference="fsrs-9")
    with pytest.raises(NotEnoughDataError):
        learners_figure(table(np.zeros((0, 2))))


def test_a_calibration_says_whose_reviews_it_is_of():
    columns, outcome = predictions(300)
    assert "pooled" in text_of(calibration_figure(columns, outcome, of_whom="All are pooled."))


def test_a_card_shows_recall_reviews_and_traces():
    card = life()
    figure = card_figure(card, title="One card's life: capital of Chile")
    top, bottom = figure.axes
    assert np.array_equal(
        line(top, "recall, seen today").get_xydata(), np.stack([card.time_days, card.recall], 1)
    )
    assert line(top, "review: recalled").get_xydata().tolist() == [[0.5, 0.8]]
    assert line(top, "review: forgotten").get_xydata().tolist() == [[3.0, 0.7]]
    first = line(top, "first review: forgotten")
    assert first.get_xdata().tolist() == [0.0]
    # Nothing predicted it: it stands below all recalls, and clear of the axis.
    low, high = top.get_ylim()
    assert low + 0.02 * (high - low) < first.get_ydata()[0] < top.get_yticks().min()
    assert "first review: recalled" not in text_of(figure)
    assert line(top, "review: recalled").get_marker() != line(top, "review: forgotten").get_marker()
    for scale, label in enumerate(("1 h", "20 d")):
        drawn = line(bottom, label)
        assert np.array_equal(drawn.get_ydata(), card.trace[:, scale])
    eight = card_figure(life(time_scale_days=np.geomspace(1e-3, 3000, 8), trace=np.ones((6, 8))))
    assert len({drawn.get_color() for drawn in eight.axes[1].lines}) == 8
    words = text_of(figure)
    for word in ("capital of Chile", "3 reviews, 1 recalled", "strength of traces", "1 d", "7 d"):
        assert word in words


def test_a_card_must_be_whole():
    with pytest.raises(ParameterError, match="traces"):
        life(trace=np.zeros((6, 3)))
    with pytest.raises(ParameterError, match="ratings"):
        life(rating=np.array([1, 3]))
    with pytest.raises(NotEnoughDataError):
        life(review_time_days=np.zeros(0), rating=np.zeros(0, int), predicted=np.zeros(0))


@pytest.mark.parametrize(
    ("days", "label"),
    [(5 / 86400, "5 s"), (10 / 1440, "10 min"), (1 / 24, "1 h"), (1.5 / 24, "1.5 h"), (1.0, "1 d"),
     (30.0, "30 d"), (61.0, "2 mo"), (365.0, "1 y"), (3652.0, "10 y")],
)  # fmt: skip
def test_durations_in_words(days, label):
    assert duration_label(days) == label


@pytest.mark.parametrize(
    ("column", "label"),
    [("p_fsrs_6", "FSRS-6"), ("p_fsrs_7_recency", "FSRS-7 recency"), ("p_act_r", "ACT-R"),
     ("p_hlr", "HLR"), ("p_moving_average", "moving average")],
)  # fmt: skip
def test_models_by_name(column, label):
    assert model_label(column) == label
    assert model_label(column, {column: "mine"}) == "mine"


def test_models_never_look_the_same():
    looks = model_looks(map(str, range(len(PALETTE) * len(MARKERS))))
    pairs = {(look["color"], look["marker"]) for look in looks.values()}
    assert len(pairs) == len(looks)


def figures():
    columns, outcome = predictions(300)
    groups = forgetting_groups(*forgetting_data(300))
    return {
        "calibration": calibration_figure(columns, outcome),
        "forgetting": forgetting_figure(groups),
        "learners": learners_figure(table(), reference="p_fsrs_6"),
        "card": card_figure(life()),
    }


def test_pictures_are_written_whole_and_the_same_each_time(tmp_path):
    first, second = figures(), figures()
    for name in first:
        for suffix, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
            one, two = tmp_path / f"{name}1{suffix}", tmp_path / f"{name}2{suffix}"
            save_figure(first[name], one)
            save_figure(second[name], two)
            assert one.read_bytes().startswith(start)
            assert len(one.read_bytes()) > 10_000
            assert one.read_bytes() == two.read_bytes()
    assert len(list(tmp_path.iterdir())) == 16


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"\.png or \.svg"):
        save_figure(figures()["card"], tmp_path / "card.bmp")
    assert list(tmp_path.iterdir()) == []


def test_drawing_changes_no_setting(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    save_figure(figures()["card"], tmp_path / "card.png")
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    real_import = builtins.__import__

    def no_matplotlib(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_matplotlib)
    with pytest.raises(MissingExtraError, match=r"recollect\[plots\]"):
        card_figure(life())


def test_matplotlib_is_loaded_when_drawing_and_pyplot_never():
    code = """
import sys
from recollect.recall.plots import calibration_figure
assert "matplotlib" not in sys.modules
calibration_figure({"p_x": [0.2, 0.8]}, [False, True])
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
