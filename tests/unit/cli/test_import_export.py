"""``recollect import`` and ``recollect export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
LATEST = PACKAGES / "latest.apkg"


def test_in_and_out_again(run, tmp_path, monkeypatch):
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(tmp_path / "mine.db"))
    told = run("import", LATEST, "--quiet")
    assert told.exit_code == 0, told.stderr
    assert "notes" in told.stdout
    assert told.stderr == ""
    for options in ((), ("--with-history",), ("--with-history", "--latest", "--deck", "Lang")):
        out = tmp_path / "new folder" / "out.apkg"
        written = run("export", out, *options)
        assert written.exit_code == 0, written.stderr
        assert written.stdout.startswith(f"{out}: 3 notes, 5 cards")
        again = run("--collection", tmp_path / "other.db", "import", out, "--json")
        assert json.loads(again.stdout)["imports"][0]["cards"]["added"] in (0, 5)
    assert json.loads(run("import", out, "--json").stdout)["imports"][0]["notes"] == {
        "added": 0,
        "updated": 0,
        "unchanged": 3,
    }


def test_a_dry_run_makes_no_collection(run, tmp_path):
    where = tmp_path / "none" / "c.db"
    tried = run("import", LATEST, "--dry-run", "--collection", where)
    assert tried.exit_code == 0
    assert "would be added" in tried.stdout
    assert not where.parent.exists()


def test_several_files_and_the_sample(run, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n\n")
    (tmp_path / "b.md").write_text("p :: q\n")
    done = run(
        "import", "a.csv", "b.md", "--sample", "--deck", "D", "--collection", "c.db", "--json"
    )
    found = json.loads(done.stdout)["imports"]
    assert [item["file"] for item in found] == ["a.csv", "b.md", "the built-in sample"]
    assert [item["notes"]["added"] for item in found] == [1, 1, 522]
    assert all(item["change_id"] for item in found)


def test_what_was_left_out_is_said(run, tmp_path):
    (tmp_path / "a.csv").write_text(",y\na,b\na,b\n")
    done = run("import", "a.csv", "--collection", "c.db")
    assert "Left out: 1 rows with an empty first field" in done.stdout
    assert "Left out: 1 rows that another row says again" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["import"], 2, "name a file"),
        (["import", "nowhere.apkg"], 1, "nowhere.apkg: cannot be read"),
        (["import", "bad.apkg"], 1, "bad.apkg: not an Anki package"),
        (["import", LATEST, "--collection", "bad.apkg"], 1, "is damaged"),
        (["export", "out.apkg", "--collection", "none.db"], 1, "there is no collection"),
        (["export", "out.zip"], 2, "does not end in .apkg"),
        (["export", "out.csv", "--csv", "--parquet"], 2, "--csv and --parquet"),
        (["export", "out.csv", "--csv", "--latest"], 2, "for packages"),
        (["export", "out.apkg", "--deck", "Nope"], 1, "no deck named 'Nope'"),
        (["export", "log", "--parquet"], 1, "no reviews"),
    ],
)
def test_mistakes(run, tmp_path, monkeypatch, arguments, code, words):
    (tmp_path / "bad.apkg").write_text("nothing")
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(tmp_path / "c.db"))
    if arguments[0] == "export" and "none.db" not in arguments:
        (tmp_path / "a.csv").write_text("x,y\n")
        assert run("import", "a.csv").exit_code == 0
    failed = run(*arguments)
    assert failed.exit_code == code, failed.stderr
    assert words in " ".join(failed.stderr.split())
    assert failed.stdout == ""


def test_the_log_can_be_evaluated(run, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(tmp_path / "c.db"))
    run("import", LATEST)
    done = run("export", "log", "--parquet", "--json")
    assert json.loads(done.stdout)["export"]["reviews"] == 8
    assert run("predict", "log", "--now", "last", "--json").exit_code == 0
