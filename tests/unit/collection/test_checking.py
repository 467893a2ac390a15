"""The check: a sound collection has no findings, and each kind of damage is found."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict

import pytest

from recollect.collection import check_collection, checking, media

DAMAGE = {
    "note-version": [
        """UPDATE note_versions SET fields = '["front X","back 1"]' WHERE note_id = 1""",
        "UPDATE note_versions SET sha256 = 'x' WHERE note_id = 2",
    ],
    "note": [
        "DELETE FROM note_versions WHERE note_id = 1",
        "DELETE FROM cards WHERE note_id = 1",
        "UPDATE notes SET version = 7 WHERE id = 3",
        "INSERT INTO fields VALUES (10, 2, 'More', '{}')",
    ],
    "card": [
        "UPDATE cards SET ordinal = 5 WHERE id = 10",
        "UPDATE cards SET ordinal = -1 WHERE id = 10",
        "UPDATE cards SET phase = 'review' WHERE id = 10",
        "UPDATE cards SET phase = 'learning' WHERE id = 10",
        "UPDATE cards SET original_deck_id = 1 WHERE id = 10",
        "UPDATE cards SET flag = 9 WHERE id = 10",
        "UPDATE cards SET interval_days = -1 WHERE id = 10",
        "UPDATE decks SET is_filtered = TRUE WHERE id = 1",
    ],
    "settings": [
        "DELETE FROM settings",
        "UPDATE settings SET time_zone = 'Nowhere'",
    ],
    "preset": [
        """UPDATE presets SET settings = '{"new_per_day":-5}'""",
        "UPDATE presets SET settings = '{'",
    ],
    "deck": ["UPDATE cards SET deck_id = 2; DELETE FROM decks WHERE id = 1"],
    "note-type": [
        "UPDATE templates SET question = '{{#Front}}' WHERE position = 0",
        "DELETE FROM templates",
    ],
    "extra": [
        "UPDATE cards SET extra = '[1]' WHERE id = 10",
        "UPDATE decks SET extra = 'nonsense'",
        "UPDATE reviews SET reason = '7'",
    ],
    "media": [
        "UPDATE media SET size_bytes = 7 WHERE name = 'cat.jpg'",
        f"UPDATE media SET sha256 = '{'0' * 64}' WHERE name = 'cat.jpg'",
    ],
    "missing-media": ["DELETE FROM media"],
}
WARNINGS = {"missing-media"}


@pytest.fixture
def sound(basics):
    with basics.transaction("Add") as transaction:
        media.add_media(transaction, "cat.jpg", b"cat")
        run(
            transaction,
            "INSERT INTO decks VALUES (2, 'Other', '', 1, FALSE, '{}')",
            "INSERT INTO reviews VALUES "
            "(5, 10, 5, 3, 'review', 0, NULL, 0, 0, 0, NULL, '{\"a\":1}')",
        )
        fields = '["<img src=cat.jpg>","b"]'
        sha256 = checking.sha256_of(fields)
        run(
            transaction,
            "INSERT INTO notes VALUES (9, 'g9', 10, 1, 0, '{}')",
            f"INSERT INTO note_versions VALUES (9, 1, '{fields}', '{sha256}', 0)",
            "INSERT INTO cards VALUES (90, 9, 1, NULL, 0, 'new', NULL, NULL, 1, 0, NULL, FALSE, "
            "NULL, 0, '{}')",
        )
    return basics


def run(transaction, *statements):
    for statement in statements:
        transaction.connection.exec_driver_sql(statement)


def test_a_sound_collection(sound):
    told = []
    report = check_collection(sound, lambda *step: told.append(step))
    assert report.findings == ()
    assert report.is_sound
    assert report.checked == {"notes": 4, "note_versions": 4, "cards": 7, "reviews": 1, "media": 1}
    assert [step[0] for step in told] == list(range(len(told)))
    assert told[-1] == (len(told) - 1, len(told), "media")
    assert json.loads(json.dumps(asdict(report)))["checked"]["notes"] == 4


@pytest.mark.parametrize(
    ("kind", "statement"),
    [(kind, statement) for kind, statements in DAMAGE.items() for statement in statements],
)
def test_damage_is_found(sound, kind, statement):
    with sound.transaction(None) as transaction:
        run(transaction, *statement.split("; "))
    report = check_collection(sound)
    assert kind in {finding.kind for finding in report.findings}
    for finding in report.findings:
        assert "\n" not in finding.message
        assert finding.kind not in WARNINGS or finding.severity == "warning"
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities)


def test_references_to_nothing_are_found(sound, where):
    """SQLite finds what was written while it did not look; PostgreSQL always looks."""
    if "://" in where:
        pytest.skip("PostgreSQL lets no reference become loose")
    with closing(sqlite3.connect(where)) as connection:
        connection.execute("DELETE FROM notes WHERE id = 1")
        connection.commit()
    report = check_collection(sound)
    assert not report.is_sound
    assert "reference" in {finding.kind for finding in report.findings}


def test_a_damaged_file_is_found(tmp_path, opened, add_basics):
    path = tmp_path / "c.db"
    with opened(path) as collection, collection.transaction("Add") as transaction:
        add_basics(transaction, 300)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2 :: 7] = bytes(len(damaged[len(damaged) // 2 :: 7]))
    path.write_bytes(damaged)
    report = check_collection(opened(path))
    assert not report.is_sound
    assert report.findings[0].kind == "database"
    assert all("\n" not in finding.message for finding in report.findings)


def test_changed_contents_of_media_are_found(tmp_path, opened):
    collection = opened(tmp_path / "c.db")
    with collection.transaction("Add") as transaction:
        media.add_media(transaction, "_cat.jpg", b"cat")
        path = media.media_path(transaction, "_cat.jpg")
    path.write_bytes(b"dog")
    (finding,) = check_collection(collection).findings
    assert (finding.severity, finding.kind) == ("error", "media")
    assert "not what was written" in finding.message
    path.unlink()
    (finding,) = check_collection(collection).findings
    assert "not there" in finding.message


def test_many_findings_of_a_kind_are_counted(collection, add_basics):
    with collection.transaction("Add") as transaction:
        add_basics(transaction, 150)
        run(transaction, "UPDATE note_versions SET sha256 = 'x'")
    findings = check_collection(collection).findings
    assert len(findings) == 101
    assert findings[-1].message == "and 50 more of the same kind"
