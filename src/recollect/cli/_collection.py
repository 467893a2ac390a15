"""The collection that a command works on, and the learner who studies it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recollect.cli._session import Session

if TYPE_CHECKING:
    from recollect.collection import Collection, Deck, Place, Transaction
    from recollect.recall.model.parameters import RecallParameters
    from recollect.reviews import ReviewLog
    from recollect.reviews.days import DayBoundary
    from recollect.scheduling.model import ModelForeseer

__all__ = ["chosen_deck", "chosen_place", "model_foreseer", "opened_collection"]


def chosen_place(session: Session) -> Place:
    """Where the collection of the run is, or would be.

    Raises:
        CollectionError: the place cannot be used.
    """
    from recollect.collection import default_place, place_of

    return default_place() if session.collection is None else place_of(session.collection)


@contextmanager
def opened_collection(
    session: Session, *, create: bool = False, only_try: bool = False
) -> Iterator[Collection]:
    """The collection of the run, open for the length of the block.

    Args:
        session: says where it is.
        create: make one where there is none.
        only_try: where there is none, take an empty one that is thrown away.

    Raises:
        CollectionError: there is none, or it cannot be opened.
    """
    from recollect.collection import open_collection

    place = chosen_place(session)
    if only_try and place.path is not None and not place.path.exists():
        with (
            tempfile.TemporaryDirectory(prefix="recollect-") as folder,
            open_collection(
                Path(folder) / "collection.db", day_boundary=_usual_day()
            ) as collection,
        ):
            yield collection
        return
    boundary = _usual_day() if create else None
    with open_collection(
        place, create=create and not only_try, day_boundary=boundary
    ) as collection:
        yield collection


def _usual_day() -> DayBoundary:
    """The day of whoever makes a collection here: the system's time zone, if it is known."""
    import warnings
    from zoneinfo import ZoneInfoNotFoundError

    from tzlocal import get_localzone_name

    from recollect.errors import ParameterError
    from recollect.reviews.days import DayBoundary

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the system's files contradict each other
            return DayBoundary(get_localzone_name() or "UTC")
    except (ZoneInfoNotFoundError, ParameterError):
        return DayBoundary()


def chosen_deck(transaction: Transaction, name: str | None) -> Deck | None:
    """The deck of that name; None for no name.

    Raises:
        UnknownNameError: there is no such deck.
    """
    from recollect.collection import decks
    from recollect.errors import UnknownNameError

    if name is None:
        return None
    found = decks.find_deck(transaction, name)
    if found is not None:
        return found
    every = decks.list_decks(transaction)
    same = [deck for deck in every if deck.name.casefold() == name.strip().casefold()]
    if len(same) == 1:
        return same[0]
    raise UnknownNameError("deck", name, (deck.name for deck in every))


def model_foreseer(session: Session, collection: Collection, params: Path | None) -> ModelForeseer:
    """The recall model, taught by the collection's learner and ready to answer at once.

    Args:
        session: told what takes time.
        collection: with the reviews.
        params: the learner's own parameters, from ``recollect fit``.

    Raises:
        ParameterError: the parameters cannot be used.
    """
    from recollect.cli._jax import prepare_jax
    from recollect.cli._places import cache_folder
    from recollect.cli._progress import status

    prepare_jax()
    with status(session, "Getting to know the learner", compiles=True):
        from recollect.scheduling.model import ModelForeseer
        from recollect.scheduling.remembered import remembered_learner

        learner = remembered_learner(
            collection, cache_folder() / "learners", _parameters(params), origin=_digest(params)
        )
        foreseer = ModelForeseer(learner)
        foreseer.warm_up()
    return foreseer


def _parameters(params: Path | None) -> Callable[[ReviewLog], RecallParameters]:
    def parameters(log: ReviewLog) -> RecallParameters:
        from recollect.recall.defaults import load_defaults

        shared = load_defaults().parameters_for(log)
        if params is None:
            return shared
        from recollect.recall.fitting import LearnerFit

        return LearnerFit.load(params, shared).parameters

    return parameters


def _digest(params: Path | None) -> str:
    import hashlib

    from recollect.errors import ParameterError

    if params is None:
        return ""
    try:
        return hashlib.sha256(params.read_bytes()).hexdigest()
    except OSError as error:
        raise ParameterError(
            f"{params}: cannot be read ({error.strerror}); "
            "make it with: recollect fit LOG --out FILE"
        ) from error
