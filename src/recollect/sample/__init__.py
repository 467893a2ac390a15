"""The built-in sample: a deck written for Recollect and a simulated learner's log."""

from recollect.sample.deck import SampleCard, cue_similarity, deck_ids, load_deck
from recollect.sample.learner import Memory, Reading, SimulatedLearner
from recollect.sample.schedule import LadderScheduler, Progress
from recollect.sample.simulation import (
    SAMPLE_DAYS,
    SAMPLE_LEARNER_ID,
    SAMPLE_SEED,
    SAMPLE_SOURCE,
    SAMPLE_START,
    Simulation,
    StudyHabits,
    load_sample,
    simulate,
    simulate_log,
)

__all__ = [
    "SAMPLE_DAYS",
    "SAMPLE_LEARNER_ID",
    "SAMPLE_SEED",
    "SAMPLE_SOURCE",
    "SAMPLE_START",
    "LadderScheduler",
    "Memory",
    "Progress",
    "Reading",
    "SampleCard",
    "SimulatedLearner",
    "Simulation",
    "StudyHabits",
    "cue_similarity",
    "deck_ids",
    "load_deck",
    "load_sample",
    "simulate",
    "simulate_log",
]
