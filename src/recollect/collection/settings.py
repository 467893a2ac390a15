"""What holds for the whole collection."""

from __future__ import annotations

from sqlalchemy import select

from recollect.collection import schema
from recollect.collection.codecs import settings_from, settings_row
from recollect.collection.rows import Settings
from recollect.collection.transaction import Transaction

__all__ = ["get_settings", "update_settings"]


def get_settings(transaction: Transaction) -> Settings:
    """The collection's settings."""
    return settings_from(transaction.execute(select(schema.settings)).one())


def update_settings(transaction: Transaction, settings: Settings) -> None:
    """Put other settings in their place.

    Raises:
        ParameterError: the time zone is not known or the hour is out of range.
    """
    _ = settings.day_boundary
    transaction.update(schema.settings, [settings_row(settings)])
