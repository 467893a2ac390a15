import hashlib
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.reviews import MS_PER_DAY, Rating, ReviewState
from recollect.sample import (
    SAMPLE_START,
    LadderScheduler,
    SampleCard,
    SimulatedLearner,
    Simulation,
    StudyHabits,
    load_deck,
    load_sample,
    simulate,
    simulate_log,
)

# Of the sample's card ids, times, ratings, states and durations. It pins the shipped sample:
# change it only together with the figures in docs/sample.md.
SAMPLE_DIGEST = "56f622668427d50c0595b7d710552f8d23f91c24f9d8222a2b6d82348021ff5f"


@pytest.fixture(scope="module")
def sample() -> Simulation:
    return load_sample()


def integer_columns(simulation: Simulation) -> list[np.ndarray]:
    log = simulation.log
    columns = (log.card_id, log.review_time_ms, log.rating, log.state, log.duration_ms)
    return [column.astype("<i8") for column in columns]


def recall_share(simulation: Simulation, rows: np.ndarray) -> float:
    assert rows.sum() > 200
    return float(simulation.log.recalled[rows].mean())


def test_the_sample_is_the_same_bit_for_bit(sample):
    digest = hashlib.sha256(b"".join(column.tobytes() for column in integer_columns(sample)))
    assert digest.hexdigest() == SAMPLE_DIGEST


def test_one_seed_one_log():
    deck = load_deck()
    one, again, other = (simulate(deck, seed=seed, days=12) for seed in (5, 5, 6))
    assert one.log.card_id.tobytes() == again.log.card_id.tobytes()
    assert one.log.review_time_ms.tobytes() == again.log.review_time_ms.tobytes()
    assert one.recall_probability.tobytes() == again.recall_probability.tobytes()
    assert one.log.review_time_ms.tobytes() != other.log.review_time_ms.tobytes()
    assert simulate_log(deck, seed=5, days=12).rating.tobytes() == one.log.rating.tobytes()


def test_a_longer_simulation_begins_with_the_shorter():
    deck = load_deck()
    short, long = (simulate(deck, seed=5, days=days).log for days in (8, 15))
    assert len(long) > len(short)
    np.testing.assert_array_equal(long.review_time_ms[: len(short)], short.review_time_ms)


def test_the_start_only_shifts_the_times():
    deck = load_deck()
    early = simulate_log(deck, seed=5, days=10)
    late = simulate_log(deck, seed=5, days=10, start=SAMPLE_START + timedelta(days=100))
    np.testing.assert_array_equal(late.review_time_ms - early.review_time_ms, 100 * MS_PER_DAY)
    np.testing.assert_array_equal(late.rating, early.rating)


def test_it_says_that_it_is_simulated(sample):
    assert sample.log.learner_id == "simulated"
    assert sample.log.source == "built-in sample (simulated)"
    assert simulate_log(load_deck(), seed=1, days=2).source == "built-in sample (simulated)"


def test_columns_agree_with_the_deck(sample):
    log, by_id = sample.log, {card.card_id: card for card in load_deck()}
    assert {by_id[int(card)].note_id for card in log.card_id} == set(log.note_id.tolist())
    assert set(log.deck_id.tolist()) == {1, 2, 3, 4, 5}
    for truth in (sample.recall_probability, sample.log_strength, sample.competition, sample.form):
        assert truth.shape == (len(log),)
        assert np.all(np.isfinite(truth))
    assert np.all((sample.recall_probability > 0) & (sample.recall_probability < 1))
    rivalled = np.array([bool(by_id[int(card)].confusable_with) for card in log.card_id])
    assert np.all(sample.competition[~rivalled] == 0.0)
    assert np.all(np.diff(log.review_time_ms) > 0)
    first = log.review_index == 0
    np.testing.assert_array_equal(log.state == ReviewState.NEW, first)


def test_statistics_are_those_of_a_diligent_learner(sample):
    log = sample.log
    long_term = log.elapsed_days > 0
    assert 8_000 <= len(log) <= 10_000
    assert log.day_offset[-1] in (198, 199)
    assert 150 <= np.unique(log.day_offset).size <= 185
    assert np.unique(log.card_id).size >= 800
    assert 0.82 <= log.recalled[long_term].mean() <= 0.88
    assert 0.2 <= log.recalled[log.review_index == 0].mean() <= 0.45
    quartiles = np.percentile(log.elapsed_days[long_term], [25, 50, 75, 95])
    assert np.all((quartiles >= [2, 5, 12, 30]) & (quartiles <= [4, 9, 20, 70]))
    shares = np.bincount(log.rating[long_term], minlength=5)[1:] / long_term.sum()
    assert np.all((shares >= [0.1, 0.06, 0.5, 0.05]) & (shares <= [0.2, 0.2, 0.75, 0.2]))
    spread = np.percentile(sample.recall_probability[long_term], [5, 95])
    assert spread[0] < 0.7
    assert spread[1] > 0.95


def test_outcomes_follow_the_true_probability(sample):
    p, recalled = sample.recall_probability, sample.log.recalled
    edges = np.quantile(p, np.linspace(0, 1, 9))
    for low, high in pairwise(edges):
        rows = (p >= low) & (p <= high)
        surprise = (recalled[rows] - p[rows]).sum()
        assert abs(surprise) < 4.0 * np.sqrt((p[rows] * (1 - p[rows])).sum())


def test_harder_answers_take_longer(sample):
    log = sample.log
    medians = [np.median(log.duration_ms[log.rating == grade]) for grade in Rating]
    assert medians == sorted(medians, reverse=True)
    assert log.duration_ms.max() <= 1000 * sample.learner.answer_cap_s
    assert log.duration_ms.min() > 200


def test_recall_falls_with_elapsed_days_at_equal_history():
    """One rung with a very wide fuzz makes the interval independent of strength."""
    scheduler = LadderScheduler(ladder_days=(20,), fuzz=0.95)
    simulation = simulate(load_deck(), seed=3, days=160, scheduler=scheduler)
    log = simulation.log
    graduated = (log.state == ReviewState.REVIEW) & (log.elapsed_days > 0)
    soon = recall_share(simulation, graduated & (log.elapsed_days <= 6))
    late = recall_share(simulation, graduated & (log.elapsed_days >= 30))
    assert soon > late + 0.05


def paired_deck(pairs: int) -> list[SampleCard]:
    """Words of two kinds that differ in nothing but half of them having a look-alike."""
    deck = []
    for pair in range(pairs):
        for member in range(2):
            number = 4 * pair + member
            rival = 4 * pair + 1 - member
            prompt = f"palabr{pair:04d}{'ao'[member]}"
            deck.append(SampleCard(number, number, "D", "word", "forward", prompt, "x", (rival,)))
            control = number + 2
            deck.append(SampleCard(control, control, "D", "word", "forward", f"{control}", "x"))
    return deck


def confusable_minus_control(competition_weight: float) -> float:
    """Difference of mean true recall, with all cards equally hard."""
    learner = replace(
        SimulatedLearner(),
        competition_weight=competition_weight,
        prior_sd=0.0,
        note_difficulty_sd=0.0,
        card_difficulty_sd=0.0,
    )
    habits = StudyHabits(new_cards_per_day=20)
    simulation = simulate(paired_deck(200), seed=8, days=50, learner=learner, habits=habits)
    long_term = simulation.log.elapsed_days > 0
    confusable = simulation.log.card_id % 4 < 2
    truth = simulation.recall_probability
    return float(truth[long_term & confusable].mean() - truth[long_term & ~confusable].mean())


def test_confusable_cards_are_recalled_worse_than_matched_controls():
    assert confusable_minus_control(SimulatedLearner().competition_weight) < -0.03
    assert abs(confusable_minus_control(0.0)) < 0.01


def test_confusable_cards_of_the_sample_are_recalled_worse(sample):
    paired = {card.card_id for card in load_deck() if card.confusable_with}
    confusable = np.isin(sample.log.card_id, list(paired))
    long_term = sample.log.elapsed_days > 0
    difference = recall_share(sample, long_term & ~confusable) - recall_share(
        sample, long_term & confusable
    )
    assert difference > 0.03


def test_a_studied_sibling_helps_a_first_review():
    def first_recall_of_reverse_cards(weight: float) -> float:
        learner = replace(SimulatedLearner(), sibling_trace_weight=weight)
        simulation = simulate(load_deck(), seed=4, days=60, learner=learner)
        reverse = simulation.log.card_id % 10 == 2
        return float(simulation.recall_probability[reverse & (simulation.log.state == 0)].mean())

    assert first_recall_of_reverse_cards(0.25) > first_recall_of_reverse_cards(0.0) + 0.1


def test_habits_are_kept(sample):
    log, habits = sample.log, sample.habits
    first = log.review_index == 0
    assert np.bincount(log.day_offset[first]).max() <= habits.new_cards_per_day
    holiday = range(habits.holiday_start_day, habits.holiday_start_day + habits.holiday_days)
    assert not set(log.day_offset.tolist()) & set(holiday)
    assert np.all((log.hour_of_day >= 4.9) & (log.hour_of_day < 24.0))
    first_day = dict(zip(log.card_id[first].tolist(), log.day_offset[first].tolist(), strict=True))
    gaps = [day - first_day[card - 1] for card, day in first_day.items() if card % 10 == 2]
    assert len(gaps) > 100
    assert min(gaps) >= habits.sibling_gap_days


def test_due_reviews_beyond_the_limit_wait():
    habits = StudyHabits(new_cards_per_day=10, reviews_per_day=5, missed_day_probability=0.0)
    log = simulate(load_deck(), seed=2, days=40, habits=habits).log
    reviews = log.day_offset[log.state == ReviewState.REVIEW]
    assert np.bincount(reviews).max() == 5


def test_a_hopeless_learner_still_comes_to_an_end():
    hopeless = replace(SimulatedLearner(), retrieval_threshold=20.0)
    habits = StudyHabits(answers_per_session=50, missed_day_probability=0.0)
    log = simulate(load_deck(), seed=1, days=5, learner=hopeless, habits=habits).log
    assert np.bincount(log.day_offset).tolist() == [50] * 5
    assert not log.recalled.any()


def test_a_deck_of_one_card():
    card = SampleCard(1, 1, "D", "word", "forward", "uno", "one")
    log = simulate_log([card], seed=0, days=60, start=date(2024, 2, 28))
    assert set(log.card_id.tolist()) == {1}
    assert len(log) >= 5


def test_bad_arguments_are_refused():
    card = SampleCard(1, 1, "D", "word", "forward", "uno", "one")
    with pytest.raises(ParameterError, match="card_id of its own"):
        simulate([], seed=0, days=1)
    with pytest.raises(ParameterError, match="card_id of its own"):
        simulate([card, card], seed=0, days=1)
    with pytest.raises(ParameterError, match="seed -1"):
        simulate([card], seed=-1, days=1)
    with pytest.raises(ParameterError, match="days 0"):
        simulate([card], seed=0, days=0)
    with pytest.raises(ParameterError, match="missed_day_probability"):
        StudyHabits(missed_day_probability=1.5)
    with pytest.raises(ParameterError, match="new_cards_per_day"):
        StudyHabits(new_cards_per_day=-1)
