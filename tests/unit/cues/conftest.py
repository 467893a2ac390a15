"""Texts in many scripts, and the oracle of their similarity."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from recollect.sample import load_deck

ODD = (
    *("", " ", "\n\t", "a", "A", "ａ", "é", "e\u0301", "ß", "SS", "ﬁ", "大", "太", "犬", "大学"),
    *(
        "Москва",
        "москва",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "한국어",
        "ไทย",
        "👍",
        "👩‍👩‍👧",
        "\u200b",
        "\ud800",
    ),
    *("x" * 10_000, "ab " * 5_000, "\0", "1", "1.5 kg", "¿qué?", "...", "[...]", "\\frac{1}{2}"),
)


@pytest.fixture(scope="session")
def odd_texts() -> tuple[str, ...]:
    return ODD


@pytest.fixture(scope="session")
def deck_texts() -> list[str]:
    """Prompts and answers of the built-in cards."""
    return [text for card in load_deck() for text in (card.prompt, card.answer)]


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """TF-IDF in plain Python."""
    path = Path(__file__).parents[2] / "oracles" / "tfidf_oracle.py"
    spec = importlib.util.spec_from_file_location("tfidf_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
