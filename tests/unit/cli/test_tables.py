import math
from io import StringIO

import click
import pytest

from recollect.cli._tables import Column, heading, interval, number, percent, print_table
from recollect.recall.comparison import Interval


def test_numbers_have_so_many_decimals_or_are_not_there():
    assert number(0.30344) == "0.3034"
    assert number(-1.5, 2) == "-1.50"
    assert number(math.nan) == "–"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50 %"),
        (0.9049, "90 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9999, ">99 %"),
        (0.0001, "<1 %"),
        (0.994, "99 %"),
        (0.006, "1 %"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_only_certainty_is_shown_as_certain(share, text):
    assert percent(share) == text


def test_intervals_have_ends_only_where_defined():
    assert interval(Interval(0.25, 0.2, 0.3), 2) == "0.25 [0.20, 0.30]"
    assert interval(Interval(0.25, math.nan, math.nan), 2) == "0.25"
    assert interval(Interval(math.nan, math.nan, math.nan)) == "–"


def test_a_table_is_as_wide_as_it_needs_to_be_when_piped(capsys):
    words = "word " * 60
    print_table(
        [Column("name", text=True), Column("figure"), Column("why", text=True, foldable=True)],
        [["a", "1.5", words], ["bb", "22.25", "[bold]no markup[/bold] :smile:"]],
        strong=frozenset({(0, 1)}),
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["a", "bb"]
    assert lines[2].endswith(words.strip())
    assert "[bold]no markup[/bold] :smile:" in lines[3]
    assert lines[2].index("1.5") + 3 == lines[3].index("22.25") + 5  # numbers stand right
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)


class Terminal(StringIO):
    def isatty(self):
        return True


def _lines_on_a_terminal(monkeypatch, width, columns, row):
    monkeypatch.setenv("COLUMNS", str(width))
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    print_table(columns, [row])
    return click.unstyle(terminal.getvalue()).splitlines()


def test_words_are_folded_to_fit_a_terminal(monkeypatch):
    columns = [Column("figure"), Column("why", text=True, foldable=True)]
    lines = _lines_on_a_terminal(monkeypatch, 40, columns, ["1.5", "because " * 12])
    assert all(len(line) <= 40 for line in lines)
    assert lines[2].startswith("   1.5  because")
    assert " ".join(lines).count("because") == 12


def test_numbers_are_never_cut_off(monkeypatch):
    columns = [Column("a"), Column("b"), Column("why", text=True, foldable=True)]
    lines = _lines_on_a_terminal(monkeypatch, 20, columns, ["1" * 12, "2" * 12, "because " * 9])
    assert "1" * 12 + "  " + "2" * 12 in lines[2]


def test_titles_of_several_lines_stand_on_the_rule(capsys):
    print_table([Column("mean\nratio"), Column("p"), Column("for", text=True)], [["1", "2", ""]])
    assert capsys.readouterr().out == " mean\nratio  p  for\n─────────────\n    1  2\n"


def test_wide_characters_take_two_columns(capsys):
    print_table([Column("card", text=True), Column("n")], [["日本", "1"], ["abcd", "2"]])
    assert capsys.readouterr().out.splitlines()[2:] == ["日本  1", "abcd  2"]


def test_a_heading_stands_apart(capsys):
    heading("Means")
    assert capsys.readouterr().out == "\nMeans\n"
