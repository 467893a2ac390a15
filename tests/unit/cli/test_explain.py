import json
import math

import numpy as np
import pytest

from recollect.cli._explanation_text import bar
from recollect.reviews import write_csv

NOW = ("--now", "last")


@pytest.fixture(scope="module")
def card(small_log):
    """The card with most reviews."""
    cards, counts = np.unique(small_log.card_id, return_counts=True)
    return int(cards[np.argmax(counts)])


def test_the_number_is_taken_apart(run, log_csv, small_log, card):
    result = run("explain", log_csv, "--card", card, "--history", "0", *NOW)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Card {card} at ")
    for title in (
        "What the number is made of",
        "Traces by the time over which they fade",
        "State of the learner",
        "Recall after the last review, without another",
        "Its reviews",
    ):
        assert f"\n{title}" in result.stdout
    reviews = result.stdout[result.stdout.index("Its reviews") :].splitlines()[5:]
    assert len(reviews) == (small_log.card_id == card).sum()
    assert reviews[0].split()[3] == "–"  # nothing predicts a first review


def test_the_state_of_the_learner_is_said_to_have_no_part_in_the_number(run, log_csv, card):
    arguments = ("explain", log_csv, "--card", card, *NOW)
    text = run(*arguments).stdout
    assert "It has no part in the recall above" in text
    assert "Surprise is how far answers were above" in text
    explanation = json.loads(run(*arguments, "--json").stdout)["explanation"]
    state = {term["name"] for term in explanation["learner"]}
    assert "surprise_card" in state
    assert not state & {term["name"] for term in explanation["terms"]}
    for jargon in ("bank", "form over"):
        assert jargon not in text


def test_the_latest_reviews_are_shown(run, log_csv, small_log, card):
    result = run("explain", log_csv, "--card", card, "--history", "2", *NOW)
    earlier = (small_log.card_id == card).sum() - 2
    title = f"Its latest 2 reviews, after {earlier} earlier ones\n"
    assert len(result.stdout[result.stdout.index(title) :].splitlines()) == 5 + 2


def test_the_terms_add_up_to_the_recall(run, log_csv, card):
    result = run("explain", log_csv, "--card", card, *NOW, "--json")
    document = json.loads(result.stdout)
    assert (document["card"], document["chosen"]) == (str(card), "named by the user")
    explanation = document["explanation"]
    logit = sum(term["contribution"] for term in explanation["terms"])
    assert 1 / (1 + math.exp(-logit)) == pytest.approx(explanation["recall"], abs=1e-6)
    ends = explanation["recall_low"], explanation["recall_high"]
    assert ends[0] <= explanation["recall"] <= ends[1]
    assert explanation["summary"]


def test_the_recall_is_the_one_that_is_predicted(run, log_csv, card):
    explained = json.loads(run("explain", log_csv, "--card", card, *NOW, "--json").stdout)
    predicted = json.loads(run("predict", log_csv, *NOW, "--json").stdout)["cards"]
    recall = next(row["recall_at"] for row in predicted if row["card"] == str(card))
    assert explained["explanation"]["recall"] == pytest.approx(recall, abs=1e-6)


def test_without_a_card_the_least_certain_is_chosen(run, log_csv):
    result = run("explain", log_csv, *NOW, "--json")
    chosen = json.loads(result.stdout)
    rows = json.loads(run("predict", log_csv, *NOW, "--json").stdout)["cards"]
    often = [row for row in rows if row["reviews"] >= 3]
    least = min(often, key=lambda row: abs(row["recall_at"] - 0.5))
    assert chosen["card"] == least["card"]
    assert f"Card {least['card']} is shown because its recall is the least" in result.stderr


def test_the_card_is_drawn(run, log_csv, card, tmp_path):
    result = run("explain", log_csv, "--card", card, *NOW, "--plots", "new/pictures")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new" / "pictures" / "card.png").stat().st_size > 10_000
    assert "Drew new/pictures/card.png" in result.stderr


def test_where_no_card_has_three_reviews_it_says_so(run, small_log, tmp_path):
    twice = small_log.select(small_log.review_index < 2)
    write_csv(twice, tmp_path / "young.csv")
    result = run("explain", "young.csv", *NOW, "--json")
    assert "(nearest to 50 %) of all; no card has 3 reviews yet; --card names" in result.stderr
    assert json.loads(result.stdout)["chosen"] in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv"], 1, "error: none.csv: no such file or folder"),
        (["{log}", "--card", "dog", *NOW], 1, "error: no card named 'dog'; there are: "),
        (["{log}", "--card", "-5", *NOW], 1, "error: no card named '-5'; there are: "),
        (["{log}", "--plots", "{log}", *NOW], 2, "is not a folder"),
        (["{log}", "--at", "2000-01-01", *NOW], 2, "is before now"),
        (["{log}", "--params", "none.json", *NOW], 1, "error: none.json: "),
    ],
)
def test_bad_input_is_said_in_a_line(run, log_csv, arguments, code, message):
    result = run("explain", *(argument.format(log=log_csv) for argument in arguments))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_missing_extra_is_named_before_any_work(run, log_csv, without):
    without("matplotlib")
    result = run("explain", log_csv, *NOW, "--plots", "p")
    assert result.exit_code == 1
    assert "pip install 'recollect[plots]'" in result.stderr


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, ""), (1.0, "█" * 30), (0.5, "█" * 15), (2.0, "█" * 30), (0.05, "█▌")],
)
def test_bars_are_as_long_as_their_share(share, text):
    assert bar(share) == text
