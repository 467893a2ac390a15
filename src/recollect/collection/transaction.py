"""One change of a collection: all of it or nothing, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Table, select, tuple_

from recollect.collection.blob_folder import BlobFolder
from recollect.errors import CollectionError, UnknownNameError

__all__ = ["Row", "Step", "Transaction", "chunks"]

Row = tuple[Any, ...]
Step = dict[str, Any]
"""A step that takes a change back: what to do with which rows of which table."""

_CHUNK = 10_000
_LIST = 2_000
_COPY_FROM = 500
# Rows of these are never changed: what was inserted is voided, or stays without being pointed to.
_GROWING = frozenset({"reviews", "note_versions"})
_UNRECORDED = frozenset({"note_versions", "media_blobs", "changes"})


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of that size; the last may be shorter."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


class Transaction:
    """What the functions of this package read and write with.

    Get one from :meth:`~recollect.collection.Collection.transaction` or
    :meth:`~recollect.collection.Collection.reading`. Queries go through :meth:`execute`; whoever
    writes does so with :meth:`insert`, :meth:`update` and :meth:`delete`, which take whole rows in
    the order of the table's columns and note how each is taken back.

    Attributes:
        connection: SQLAlchemy's connection.
        now_ms: the time of the change, ms since 1970.
        writable: whether it may write.
        steps: how what was written so far is taken back, in order of writing.
        change_id: number under which it will be in the undo list; None where it will not.
        blobs: contents of the media; None where they are in the database.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now_ms: int,
        random_bytes: Callable[[int], bytes],
        writable: bool,
        change_id: int | None = None,
        blobs: BlobFolder | None = None,
    ) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.random_bytes = random_bytes
        self.writable = writable
        self.change_id = change_id
        self.blobs = blobs
        self.steps: list[Step] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.connection.dialect.name == "sqlite"

    def execute(
        self, statement: Executable, parameters: Any = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a query, as SQLAlchemy's ``Connection.execute`` does; not for writing."""
        return self.connection.execute(statement, parameters)

    def insert(self, table: Table, rows: Iterable[Row]) -> int:
        """Add rows, any number of them, streamed.

        Returns:
            How many there were.
        """
        self._must_be_writable()
        count = 0
        for chunk in chunks(rows, _CHUNK):
            self._insert_chunk(table, chunk)
            count += len(chunk)
            self._note_inserted(table, chunk)
        return count

    def update(self, table: Table, rows: Iterable[Row]) -> int:
        """Put rows in the place of those with the same id.

        Returns:
            How many were different.

        Raises:
            UnknownNameError: there is no row of such an id.
        """
        self._must_change(table)
        key = _key_columns(table)
        if len(key) != 1:
            raise CollectionError(f"rows of {table.name} are replaced, not updated")
        at = key[0]
        names = [self._quoted(column.name) for column in table.columns]
        sets = ", ".join(f"{name} = {self._mark}" for i, name in enumerate(names) if i != at)
        sql = f"UPDATE {self._quoted(table.name)} SET {sets} WHERE {names[at]} = {self._mark}"
        count = 0
        for chunk in chunks(rows, _CHUNK):
            wanted = {row[at]: row for row in chunk}  # the last, where one comes twice
            there = {row[at]: row for row in self.rows(table, table.columns[at].name, wanted)}
            missing = set(wanted) - set(there)
            if missing:
                kind = table.name.removesuffix("s").replace("_", " ")
                raise UnknownNameError(kind, min(missing))
            changed = [row for key, row in wanted.items() if there[key] != row]
            if not changed:
                continue
            self._run(sql, [(*row[:at], *row[at + 1 :], row[at]) for row in changed])
            self._note(table, "update", [there[row[at]] for row in changed], joins=count > 0)
            count += len(changed)
        return count

    def delete(self, table: Table, column: str, values: Iterable[Any]) -> int:
        """Remove the rows whose column holds one of the values.

        Returns:
            How many rows there were.
        """
        self._must_change(table)
        count = 0
        for chunk in chunks(values, _LIST):
            before = self.rows(table, column, chunk)
            self.connection.execute(table.delete().where(table.c[column].in_(chunk)))
            count += len(before)
            self._note(table, "insert", before)
        return count

    def delete_keys(self, table: Table, keys: Iterable[Any]) -> int:
        """Remove the rows with these primary keys.

        Args:
            table: which table.
            keys: the key's value, or a sequence of them where it has several columns.

        Returns:
            How many rows there were.
        """
        self._must_change(table)
        columns = [table.columns[at] for at in _key_columns(table)]
        if len(columns) == 1:
            return self.delete(table, columns[0].name, keys)
        count = 0
        for chunk in chunks(keys, _LIST):
            chosen = tuple_(*columns).in_([tuple(key) for key in chunk])
            before = [tuple(row) for row in self.execute(select(table).where(chosen))]
            self.connection.execute(table.delete().where(chosen))
            count += len(before)
            self._note(table, "insert", before)
        return count

    def rows(self, table: Table, column: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Whole rows whose column holds one of the values, in no particular order."""
        found: list[tuple[Any, ...]] = []
        for chunk in chunks(values, _LIST):
            query = select(table).where(table.c[column].in_(chunk))
            found.extend(tuple(row) for row in self.execute(query))
        return found

    @property
    def _mark(self) -> str:
        return "?" if self.is_sqlite else "%s"

    def _quoted(self, name: str) -> str:
        return self.connection.dialect.identifier_preparer.quote(name)

    def _insert_chunk(self, table: Table, chunk: list[Row]) -> None:
        names = ", ".join(self._quoted(column.name) for column in table.columns)
        if not self.is_sqlite and len(chunk) >= _COPY_FROM:
            driver: Any = self.connection.connection.driver_connection
            sql = f"COPY {self._quoted(table.name)} ({names}) FROM STDIN"
            with driver.cursor() as cursor, cursor.copy(sql) as copy:
                for row in chunk:
                    copy.write_row(row)
            return
        marks = ", ".join([self._mark] * len(table.columns))
        self._run(f"INSERT INTO {self._quoted(table.name)} ({names}) VALUES ({marks})", chunk)

    def _run(self, sql: str, rows: list[Any]) -> None:
        try:
            self.connection.exec_driver_sql(sql, rows)
        except OverflowError as error:
            raise CollectionError(
                "a number does not fit into 64 bits; nothing was changed"
            ) from error

    def _note_inserted(self, table: Table, chunk: list[Row]) -> None:
        at = _key_columns(table)
        action = "void" if table.name == "reviews" else "delete"
        keys: list[Any] = [row[at[0]] for row in chunk]
        if len(at) > 1:
            keys = [[row[i] for i in at] for row in chunk]
        self._note(table, action, keys)

    def _note(self, table: Table, action: str, rows: Sequence[Any], *, joins: bool = True) -> None:
        """Note how rows get back; ``joins`` the step before if that is of the same kind.

        Updates join only those of one call: a row that two calls changed went a way that it may
        have to go back, such as two cards that change places.
        """
        if table.name in _UNRECORDED or not rows:
            return
        last = self.steps[-1] if self.steps and joins else None
        if last is not None and (last["table"], last["do"]) == (table.name, action):
            last["rows"].extend(rows)
            return
        step: Step = {"table": table.name, "do": action, "rows": list(rows)}
        if action in ("insert", "update"):
            step["columns"] = [column.name for column in table.columns]
        self.steps.append(step)

    def _must_be_writable(self) -> None:
        if not self.writable:
            raise CollectionError("the collection is only being read; nothing was changed")

    def _must_change(self, table: Table) -> None:
        self._must_be_writable()
        if table.name in _GROWING:
            raise CollectionError(f"{table.name} only grows: its rows are neither changed nor lost")


def _key_columns(table: Table) -> list[int]:
    """Places of the primary key's columns in a row."""
    return [at for at, column in enumerate(table.columns) if column.primary_key]
