import math
from dataclasses import replace

import pytest

from recollect.errors import ParameterError
from recollect.sample import Memory, SampleCard, SimulatedLearner
from recollect.sample.draws import Draws

HOUR_S = 3600.0
DAY_S = 86_400.0
# No differences between cards, so that a test compares what it means to compare.
EVEN = replace(SimulatedLearner(), prior_sd=0.0, note_difficulty_sd=0.0, card_difficulty_sd=0.0)


def card(card_id: int, *, note_id: int | None = None, rivals: tuple[int, ...] = ()) -> SampleCard:
    prompt = f"alma{card_id}" if rivals else f"{card_id}"
    return SampleCard(card_id, note_id or card_id, "D", "word", "forward", prompt, "a", rivals)


def memory_of(*cards: SampleCard, learner: SimulatedLearner = EVEN) -> Memory:
    return Memory(cards, learner, Draws(1))


def recall(memory: Memory, index: int, moment_s: float, form: float = 0.0) -> float:
    return memory.read(index, moment_s, form).recall_probability(memory.learner.slip_probability)


def test_strength_is_the_sum_over_traces_by_hand():
    memory = memory_of(card(1))
    prior = math.exp(EVEN.prior_mean)
    assert memory.log_strength(0, 0.0) == pytest.approx(EVEN.prior_mean)
    memory.write(0, 0.0, recalled=True)
    first_decay = EVEN.decay_floor + EVEN.decay_slope * prior
    before_second = prior + 100.0**-first_decay
    assert math.exp(memory.log_strength(0, 100.0)) == pytest.approx(before_second)
    memory.write(0, 100.0, recalled=False)
    second_decay = EVEN.decay_floor + EVEN.decay_slope * before_second
    after = prior + 1000.0**-first_decay + EVEN.feedback_trace_weight * 900.0**-second_decay
    assert math.exp(memory.log_strength(0, 1000.0)) == pytest.approx(after)


def test_log_odds_by_hand():
    memory = memory_of(card(1))
    memory.write(0, 0.0, recalled=True)
    reading = memory.read(0, 500.0, 0.25)
    activation = memory.log_strength(0, 500.0) + 0.25
    expected = (activation - EVEN.retrieval_threshold) / EVEN.retrieval_noise
    assert reading.log_odds == pytest.approx(expected)
    assert reading.competition == 0.0


def test_recall_falls_with_elapsed_time():
    memory = memory_of(card(1))
    for moment_s in (0.0, 60.0, 660.0):
        memory.write(0, moment_s, recalled=True)
    values = [recall(memory, 0, 660.0 + DAY_S * days) for days in (0.1, 1, 3, 10, 30, 100)]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > 0.2


def test_forgetting_slows_down_as_a_power_does():
    """The same ratio of times costs less and less: no exponential forgets like that."""
    memory = memory_of(card(1))
    memory.write(0, 0.0, recalled=True)
    hours = [memory.log_strength(0, hour * HOUR_S) for hour in (1, 2, 3)]
    assert hours[0] - hours[1] > hours[1] - hours[2] > 0.0


def test_spacing_helps_late_and_massing_helps_early():
    def after(gap_s: float, delay_s: float) -> float:
        memory = memory_of(card(1))
        for repetition in range(4):
            memory.write(0, repetition * gap_s, recalled=True)
        return recall(memory, 0, 3 * gap_s + delay_s)

    massed, spaced = 10.0, HOUR_S
    assert after(spaced, 40 * HOUR_S) > after(massed, 40 * HOUR_S) + 0.02
    assert after(massed, 60.0) > after(spaced, 60.0)


def test_rivals_compete_only_once_they_are_studied():
    memory = memory_of(card(1, rivals=(2,)), card(2, rivals=(1,)))
    memory.write(0, 0.0, recalled=True)
    alone = recall(memory, 0, HOUR_S)
    assert memory.read(0, HOUR_S, 0.0).competition == 0.0
    memory.write(1, HOUR_S - 30.0, recalled=True)
    fresh_rival = recall(memory, 0, HOUR_S)
    assert fresh_rival < alone - 0.1
    # The rival fades faster than the older trace: the harm passes (release from interference).
    later = memory.read(0, 10 * DAY_S, 0.0).competition
    assert 0.0 < later < memory.read(0, HOUR_S, 0.0).competition


def test_more_alike_rivals_compete_more():
    near = memory_of(
        SampleCard(1, 1, "D", "word", "forward", "pero", "but", (2,)),
        SampleCard(2, 2, "D", "word", "forward", "perro", "dog", (1,)),
    )
    far = memory_of(
        SampleCard(1, 1, "D", "word", "forward", "pero", "but", (2,)),
        SampleCard(2, 2, "D", "word", "forward", "perdido", "lost", (1,)),
    )
    for memory in (near, far):
        memory.write(0, 0.0, recalled=True)
        memory.write(1, 0.0, recalled=True)
    assert near.read(0, DAY_S, 0.0).competition > far.read(0, DAY_S, 0.0).competition > 0.0


def test_a_sibling_helps_but_less_than_the_card_itself():
    memory = memory_of(card(1, note_id=7), card(2, note_id=7), card(3))
    memory.write(0, 0.0, recalled=True)
    own, sibling, stranger = (recall(memory, index, HOUR_S) for index in range(3))
    assert own > sibling + 0.05
    assert sibling > stranger + 0.02


def test_recall_and_feedback_leave_traces_of_different_strength():
    recalled, failed = memory_of(card(1)), memory_of(card(1))
    recalled.write(0, 0.0, recalled=True)
    failed.write(0, 0.0, recalled=False)
    assert recall(recalled, 0, DAY_S) > recall(failed, 0, DAY_S)


def test_form_has_its_best_hour_and_tires():
    assert EVEN.form_at(EVEN.best_hour, 0) == pytest.approx(EVEN.circadian_amplitude)
    assert EVEN.form_at(EVEN.best_hour + 12.0, 0) == pytest.approx(-EVEN.circadian_amplitude)
    tired = EVEN.form_at(10.0, 0) - EVEN.form_at(10.0, 100)
    assert tired == pytest.approx(EVEN.fatigue_per_100_answers)


def test_formulas_and_production_are_harder_and_capitals_better_known():
    def first_recall(kind: str, direction: str) -> float:
        memory = memory_of(SampleCard(1, 1, "D", kind, direction, "p", "a"))
        return recall(memory, 0, 0.0)

    word = first_recall("word", "forward")
    assert first_recall("formula", "forward") < word
    assert first_recall("word", "reverse") < word
    assert first_recall("capital", "forward") > word


@pytest.mark.parametrize(
    ("name", "value"),
    [("retrieval_noise", 0.0), ("away_clock_rate", -1.0), ("slip_probability", 1.0)],
)
def test_impossible_learners_are_refused(name, value):
    with pytest.raises(ParameterError, match=name):
        replace(SimulatedLearner(), **{name: value})
