"""Keys of 100,000 cards: how long, how much memory, and how true to what they stand for.

    python benchmarks/cues.py --readme
    python benchmarks/cues.py --cards 10000 --only encode,one

Cards are made up: words of three invented languages in three scripts and sentences of them, each
asked for by another word or sentence. Each step runs in a process of its own, so that its peak of
memory is its own. Seconds are wall clock, and those of a processor what the step would take on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import peak_mib
from report import machine, machine_line, put_into_readme, table

SYLLABLES = (
    "ba be bi do du fa ge ka kel la len li ma mer mi na no os pa per ra rin sa sol ta to ur va vi",
    "ба бе ви го да жу за ко ла лен ми на об по ра рит са сол та то ул фа хо ча ше",
    "日 本 大 小 学 校 人 口 山 川 水 火 木 金 土 月 年 生 中 国 東 京 西 南 北 語 行 来 食 見",
)
WORDS = 20_000
STEPS = {
    "encode": "fit the encoder and encode all prompts and answers",
    "one": "encode one more card, in a running program",
    "nearest": "the ten nearest prompts to a text",
    "competitors": "the ten closest competitors of every card",
    "first": "a collection's keys, made on first use and kept",
    "again": "the same keys, found again",
    "changed": "the same keys, after a note has changed",
    "similar": "`similar:` for a text, with keys at hand",
}
REPEATS = 30


def made_up(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Prompts and answers; two thirds are words, the rest sentences."""
    draw = random.Random(seed)
    languages = []
    for syllables in SYLLABLES:
        parts = syllables.split()
        words = ["".join(draw.choices(parts, k=draw.choice((1, 2, 2, 3, 4)))) for _ in range(WORDS)]
        languages.append(words)
    weights = [1 / (rank + 10) for rank in range(WORDS)]

    def words(language: list[str], number: int) -> str:
        return " ".join(draw.choices(language, weights, k=number))

    cards = []
    for at in range(count):
        asked, told = draw.sample(languages, 2)
        if at % 3:
            pair = draw.choice(asked), words(told, draw.choice((1, 1, 2)))
        else:
            pair = words(asked, draw.randint(5, 14)), words(told, draw.randint(1, 4))
        cards.append(pair)
    return cards


def encode(count: int, folder: Path) -> dict[str, Any]:
    from recollect.cues import KeptKeys, NgramSettings, replace_kept, text_sums

    cards = made_up(count)
    texts = [text for card in cards for text in card]
    result = timed(lambda: NgramSettings().fit(texts))
    encoder = result.pop("result")
    result["fit_seconds"] = result["seconds"]
    encoding = timed(lambda: encoder.encode(texts))
    keys = encoding.pop("result")
    for name, value in encoding.items():
        result[name] += value
    result["peak_mib"] = peak_mib()
    kept = KeptKeys(encoder, text_sums(texts), keys)
    assert replace_kept(folder / "keys.db", NgramSettings(), kept)
    return result


def one(count: int, folder: Path) -> dict[str, Any]:
    kept = loaded(folder)
    kept.encoder.encode(["the first one loads what is needed"])
    more = [text for card in made_up(REPEATS, seed=1) for text in card]
    pairs = [more[at : at + 2] for at in range(0, len(more), 2)]
    return repeated([lambda pair=pair: kept.encoder.encode(pair) for pair in pairs])


def nearest(count: int, folder: Path) -> dict[str, Any]:
    from recollect.cues import nearest as look

    kept = loaded(folder)
    prompts = kept.keys[::2].copy()
    queries = kept.encoder.encode([prompt for prompt, _ in made_up(REPEATS, seed=2)])
    return repeated([lambda q=q: look(prompts, queries[q : q + 1], 10) for q in range(REPEATS)])


def competitors(count: int, folder: Path) -> dict[str, Any]:
    import numpy as np

    from recollect.cues import closest_competitors, pairs_of

    kept = loaded(folder)
    _, answers = np.unique(kept.sums[1::2], return_inverse=True)
    prompts, told = kept.keys[::2].copy(), kept.keys[1::2].copy()
    result = timed(lambda: closest_competitors(prompts, told, answer_ids=answers))
    result["pairs"] = len(pairs_of(result.pop("result")).first)
    return result


def first(count: int, folder: Path) -> dict[str, Any]:
    from recollect.collection import Card, Note, cards, notes, open_collection, stock

    made = made_up(count)
    with open_collection(folder / "collection.db") as collection:
        with collection.transaction(None) as transaction:
            basic = stock.stock_note_type(transaction, "basic")
            notes.add_notes(
                transaction,
                (Note(at, f"g{at}", basic.id, sides) for at, sides in enumerate(made, 1)),
            )
            cards.add_cards(transaction, (Card(at, at, 1) for at in range(1, count + 1)))
        return timed(lambda: keys_of(collection, folder) and None)


def again(count: int, folder: Path) -> dict[str, Any]:
    from recollect.collection import open_collection

    with open_collection(folder / "collection.db") as collection:
        return timed(lambda: keys_of(collection, folder) and None)


def changed(count: int, folder: Path) -> dict[str, Any]:
    from dataclasses import replace

    from recollect.collection import notes, open_collection

    with open_collection(folder / "collection.db") as collection:
        with collection.transaction("Edit") as transaction:
            note = notes.get_note(transaction, 1)
            notes.update_notes(transaction, [replace(note, fields=("quite another", "text"))])
        loaded(folder).encoder.encode(["load what is needed"])
        return timed(lambda: keys_of(collection, folder) and None)


def similar(count: int, folder: Path) -> dict[str, Any]:
    from recollect.collection import open_collection
    from recollect.collection.keys import similar_cards

    with open_collection(folder / "collection.db") as collection:
        keys = keys_of(collection, folder)
        with collection.reading() as transaction:
            similar_cards(transaction, keys, "load what is needed")
            texts = [prompt for prompt, _ in made_up(REPEATS, seed=3)]
            return repeated([lambda t=t: similar_cards(transaction, keys, t) for t in texts])


def truth(count: int, folder: Path) -> dict[str, Any]:
    """Dot products of keys beside the similarity that they stand for, prompts by prompts."""
    import numpy as np

    kept = loaded(folder)
    prompts = [prompt for prompt, _ in made_up(count)]
    asked, stored = prompts[:500], prompts[500:20_500]
    exact = (kept.encoder.weights(asked) @ kept.encoder.weights(stored).T).toarray()
    estimate = kept.keys[:1000:2] @ kept.keys[1000:41_000:2].T
    shared = kept.encoder.settings.svd_components
    svd = kept.keys[..., :shared] / np.linalg.norm(kept.keys[..., :shared], axis=1)[:, None]
    alone = svd[:1000:2] @ svd[1000:41_000:2].T
    result = {}
    for name, found in (("keys", estimate), ("the SVD's part alone", alone)):
        close = exact >= 0.5
        said = found >= 0.5
        result[name] = {
            "error": float(np.sqrt(np.mean((found - exact)[exact >= 0.4] ** 2))),
            "precision": float((said & close).sum() / max(said.sum(), 1)),
            "recall": float((said & close).sum() / max(close.sum(), 1)),
        }
    return result


def loaded(folder: Path) -> Any:
    from recollect.cues import NgramSettings, load_kept

    kept = load_kept(folder / "keys.db", NgramSettings())
    assert kept is not None
    return kept


def keys_of(collection: Any, folder: Path) -> Any:
    from recollect.collection.keys import card_keys
    from recollect.cues import NgramSettings

    with collection.reading() as transaction:
        return card_keys(transaction, NgramSettings(), folder / "keys")


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    processor, start = time.process_time(), time.perf_counter()
    result = work()
    return {
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - processor,
        "peak_mib": peak_mib(),
        "result": result,
    }


def repeated(works: list[Callable[[], Any]]) -> dict[str, Any]:
    """The median of doing each once."""
    every = [timed(work) for work in works]
    return {
        name: statistics.median(one[name] for one in every)
        for name in ("seconds", "processor_seconds", "peak_mib")
    }


def measured(step: str, cards: int, folder: Path) -> dict[str, Any]:
    """A step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--cards", str(cards), "--in", str(folder)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def report(cards: int, figures: dict[str, dict[str, Any]]) -> str:
    steps = table(
        [f"{cards:,} cards", "seconds", "of a processor", "peak MiB"],
        [
            [
                what,
                f"{figures[step]['seconds']:.3g}",
                f"{figures[step]['processor_seconds']:.3g}",
                f"{figures[step]['peak_mib']:.0f}",
            ]
            for step, what in STEPS.items()
            if step in figures
        ],
    )
    if "truth" not in figures:
        return f"{machine_line(machine())}\n\n{steps}"
    truths = table(
        ["by", "error where alike", "precision at 0.5", "recall at 0.5"],
        [
            [name, f"{row['error']:.3f}", f"{row['precision']:.3f}", f"{row['recall']:.3f}"]
            for name, row in figures["truth"].items()
        ],
    )
    return f"{machine_line(machine())}\n\n{steps}\n\n{truths}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--only", help="steps, separated by commas; default: all")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", action="store_true", help="put the tables into the README")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        result = globals()[asked.step](asked.cards, asked.folder)
        result.pop("result", None)
        print(json.dumps(result))
        return
    steps = asked.only.split(",") if asked.only else [*STEPS, "truth"]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            figures[step] = measured(step, asked.cards, Path(folder))
            print(step, json.dumps(figures[step]), file=sys.stderr, flush=True)
    text = report(asked.cards, figures)
    print(text)
    if asked.readme:
        put_into_readme("cues", text)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
