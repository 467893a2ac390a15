"""``backup``, ``restore``, ``check`` and ``undo``."""

import json
import sqlite3
from contextlib import closing

import pytest


@pytest.fixture
def place(run, tmp_path, monkeypatch):
    """A collection with two cards."""
    path = tmp_path / "words.db"
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(path))
    (tmp_path / "a.csv").write_text("uno,one\ndos,two\n")
    assert run("import", "a.csv").exit_code == 0
    return path


def fronts(run):
    return {card["front"] for card in json.loads(run("cards", "--json").stdout)["cards"]}


def test_an_import_into_a_filled_collection_makes_a_backup(run, place, tmp_path):
    assert json.loads(run("backup", "--list", "--json").stdout)["backups"] == []
    (tmp_path / "b.csv").write_text("tres,three\n")
    tried = run("import", "b.csv", "--dry-run", "--json")
    assert json.loads(tried.stdout)["imports"][0]["backup"] is None
    done = json.loads(run("import", "b.csv", "--json").stdout)["imports"][0]
    (listed,) = json.loads(run("backup", "--list", "--json").stdout)["backups"]
    assert (listed["path"], listed["reason"]) == (done["backup"], "import")
    assert run("restore", "--latest").exit_code == 0
    assert len(fronts(run)) == 2
    shown = run("backup", "--list").stdout
    assert "restore" in shown
    assert done["backup"] in shown


def test_a_backup_brings_everything_back(run, place, tmp_path):
    out = tmp_path / "new" / "all.zip"
    made = run("backup", out)
    assert made.exit_code == 0, made.stderr
    assert f"recollect restore {out}" in made.stderr
    (tmp_path / "b.csv").write_text("tres,three\n")
    run("import", "b.csv")
    restored = json.loads(run("restore", out, "--json").stdout)
    assert (restored["notes"], restored["cards"], restored["reviews"]) == (2, 2, 0)
    assert fronts(run) == {"uno", "dos"}
    again = run("restore", restored["former_backup"])
    assert "now as in" in again.stdout
    assert "3 notes" in again.stdout
    assert fronts(run) == {"uno", "dos", "tres"}


def test_restoring_needs_a_backup(run, place, tmp_path):
    assert run("restore").exit_code == 2
    assert run("restore", "a.zip", "--latest").exit_code == 2
    none = run("restore", "--latest")
    assert none.exit_code == 1
    assert none.stderr.count("\n") == 1
    assert "there is no backup" in none.stderr
    bad = run("restore", tmp_path / "a.csv")
    assert bad.exit_code == 1
    assert bad.stderr.count("\n") == 1
    assert fronts(run) == {"uno", "dos"}


def test_a_backup_is_not_written_over_the_collection(run, place):
    assert run("backup", place).exit_code == 2
    assert run("backup", "x.zip", "--list").exit_code == 2


def test_a_changed_note_is_found(run, place):
    sound = run("check")
    assert sound.exit_code == 0
    assert "All is there and unchanged: 2 notes, 2 note versions, 2 cards" in sound.stdout
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("UPDATE note_versions SET fields = replace(fields, 'uno', 'una')")
    found = run("check", "--json")
    assert found.exit_code == 1
    report = json.loads(found.stdout)
    assert not report["is_sound"]
    assert [one["severity"] for one in report["findings"]] == ["error"]
    told = run("check")
    assert told.stdout.startswith("error: note ")
    assert "recollect restore" in told.stderr


def test_changes_are_taken_back_and_done_again(run, place):
    assert run("undo", "--list").stdout.splitlines()[-1].rstrip().endswith("Import a.csv")
    assert run("undo").stdout == "Taken back: Import a.csv\n"
    assert fronts(run) == set()
    assert run("undo").stdout == "There is nothing to take back.\n"
    (change,) = json.loads(run("undo", "--list", "--json").stdout)["changes"]
    assert change["undone"]
    assert json.loads(run("undo", "--redo", "--json").stdout)["change"]["id"] == change["id"]
    assert fronts(run) == {"uno", "dos"}
    assert run("undo", "--redo").stdout == "There is nothing to do again.\n"
    assert run("undo", "--redo", "--list").exit_code == 2
