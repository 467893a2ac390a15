import json
import math
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pytest

from recollect.cli import main
from recollect.cli._options import ReadingOptions, examples, names_of
from recollect.cli._outputs import (
    STDOUT,
    check_folder,
    check_output,
    json_text,
    made_folder,
    need_extra,
    print_json,
    write_json,
)
from recollect.errors import MissingExtraError, OutputError


@dataclass
class Figures:
    loss: float
    values: np.ndarray


def test_json_holds_dataclasses_arrays_and_no_nan():
    text = json_text({"a": Figures(math.nan, np.array([1, 2])), "ü": "–"})
    assert json.loads(text) == {"a": {"loss": None, "values": [1, 2]}, "ü": "–"}
    assert "ü" in text


def test_json_goes_to_a_file_in_a_new_folder(tmp_path):
    path = tmp_path / "new" / "figures.json"
    write_json(path, {"a": 1})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(path.parent.iterdir()) == [path]


def test_json_goes_to_stdout(capsys):
    write_json(STDOUT, {"a": 1})
    assert json.loads(capsys.readouterr().out) == {"a": 1}


def test_a_commands_json_says_the_version_and_the_command(capsys):
    print_json("fit", {"a": 1})
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["recollect", "command", "a"]
    assert document["command"] == "fit"


def test_a_file_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the folder cannot be made"):
        write_json(tmp_path / "file" / "figures.json", {})


def test_outputs_are_checked_before_any_work(tmp_path):
    log = tmp_path / "log.csv"
    check_output(None, "--out", (".json",), [log])
    check_output(STDOUT, "--out", (".json",), [log])
    check_output(tmp_path / "a.JSON", "--out", (".json",), [log])
    with pytest.raises(click.BadParameter, match=r"does not end in \.parquet or \.csv"):
        check_output(tmp_path / "p.txt", "--predictions", (".parquet", ".csv"), [])
    with pytest.raises(click.BadParameter, match="is a folder"):
        check_output(tmp_path, "--out", (), [])


def test_what_is_read_is_never_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log.csv"
    log.write_text("")
    with pytest.raises(click.BadParameter, match="is also read"):
        check_output(Path("log.csv"), "--predictions", (".csv",), [log])


def test_no_file_of_a_folder_that_is_read_is_written_over(tmp_path):
    part = tmp_path / "logs" / "user_id=1" / "data.parquet"
    part.parent.mkdir(parents=True)
    part.touch()
    with pytest.raises(click.BadParameter, match="also read"):
        check_output(part, "--out", (".parquet",), [tmp_path / "logs"])
    check_output(part.with_name("new.parquet"), "--out", (".parquet",), [tmp_path / "logs"])


def test_folders_are_checked_and_made(tmp_path):
    made = made_folder(tmp_path / "a" / "b")
    assert made.is_dir()
    check_folder(made, "--plots")
    check_folder(tmp_path / "none yet", "--plots")
    check_folder(None, "--plots")
    (tmp_path / "file").write_text("")
    with pytest.raises(click.BadParameter, match="is not a folder"):
        check_folder(tmp_path / "file", "--plots")
    with pytest.raises(OutputError, match="cannot be made"):
        made_folder(tmp_path / "file" / "folder")


def test_a_missing_extra_is_said_before_any_work(without):
    need_extra("pyarrow", "parquet", "writing")
    without("pyarrow")
    with pytest.raises(MissingExtraError, match=r"pip install 'recollect\[parquet\]'"):
        need_extra("pyarrow", "parquet", "writing")


def test_names_are_parted_at_commas():
    context, option = click.Context(main), main.params[0]
    assert names_of(context, option, None) == ()
    assert names_of(context, option, " b, a,,b ") == ("b", "a")
    with pytest.raises(click.BadParameter, match="names separated by commas"):
        names_of(context, option, " , ")


def test_examples_keep_their_lines():
    assert examples("one", "two") == "\b\nExamples:\n  one\n  two"


def test_reading_options_say_what_a_day_is():
    reading = ReadingOptions("Europe/Berlin", 3)
    assert reading.in_words() == "time zone Europe/Berlin, days begin at 3:00"
    assert (reading.day_boundary.time_zone, reading.day_boundary.rollover_hour) == (
        "Europe/Berlin",
        3,
    )
    assert reading.zone.key == "Europe/Berlin"
