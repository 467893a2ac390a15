"""The collection that a command works on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recollect.cli._session import Session

if TYPE_CHECKING:
    from recollect.collection import Collection

__all__ = ["opened_collection"]


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
    from recollect.collection import default_place, open_collection, place_of

    place = default_place() if session.collection is None else place_of(session.collection)
    if only_try and place.path is not None and not place.path.exists():
        with (
            tempfile.TemporaryDirectory(prefix="recollect-") as folder,
            open_collection(Path(folder) / "collection.db") as collection,
        ):
            yield collection
        return
    with open_collection(place, create=create and not only_try) as collection:
        yield collection
