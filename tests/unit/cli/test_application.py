import signal
import sys
import time

import click
import pytest
from click.testing import CliRunner

import recollect
from recollect.cli import _application
from recollect.cli._application import COMMANDS, main
from recollect.errors import LogError

# Commands to see how a run ends; they stand in for real ones that end so.


@pytest.fixture
def ending(monkeypatch):
    """``ending(function)``: a run of a command that does that; the result."""

    def run(function, *options):
        command = click.command("ending")(function)
        monkeypatch.setattr(_application.Application, "get_command", lambda *_: command)
        return CliRunner().invoke(main, [*options, "ending"])

    return run


def _raise(error):
    def function():
        raise error

    return function


def test_without_a_command_the_help_lists_all_of_them():
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    for name in COMMANDS:
        assert f"\n  {name} " in result.output


def test_help_and_version_are_no_failures():
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"recollect {recollect.__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"\n  Examples:\n    recollect {name}" in result.output
    command = main.get_command(click.Context(main), name)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_an_unknown_command_is_wrong_usage():
    result = CliRunner().invoke(main, ["forget"])
    assert result.exit_code == 2
    assert "No such command 'forget'" in result.stderr


def test_an_error_of_ours_is_one_line(ending):
    result = ending(_raise(LogError("x.csv: no such file or folder")))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: x.csv: no such file or folder\n"


def test_an_unexpected_error_shows_no_trace(ending):
    result = ending(_raise(ValueError("two\nlines")))
    assert result.exit_code == 1
    assert result.stderr == (
        "error: unexpected ValueError: two lines; --debug shows where it came from\n"
    )


@pytest.mark.parametrize("error", [ValueError("odd"), LogError("odd")])
def test_debug_shows_where_an_error_came_from(ending, error):
    result = ending(_raise(error), "--debug")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last)")
    assert "in function" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "--debug shows" not in result.stderr


def test_an_interrupt_is_130(ending):
    result = ending(_raise(KeyboardInterrupt()))
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_in_a_finaliser_is_not_lost(ending, number, code):
    class Closing:
        def __del__(self):
            signal.raise_signal(number)

    def function():
        Closing()
        time.sleep(30)

    assert ending(function).exit_code == code


def test_an_interrupt_that_a_module_turned_into_another_error_is_130(ending):
    def function():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("the extension could not be loaded") from error

    result = ending(function)
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_signal_to_end_unwinds_the_run(ending):
    unwound = []

    def function():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            unwound.append(True)

    before = signal.getsignal(signal.SIGTERM)
    result = ending(function)
    assert (result.exit_code, result.stderr, unwound) == (143, "", [True])
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_that_has_gone_away_is_no_error_to_speak_of(ending):
    result = ending(_raise(BrokenPipeError(32, "Broken pipe")))
    assert (result.exit_code, result.output) == (141, "")


def test_usage_errors_of_commands_stay_usage_errors(ending):
    result = ending(_raise(click.UsageError("not so")))
    assert result.exit_code == 2
    assert "Error: not so" in result.stderr


@pytest.mark.parametrize("where", ["before", "after"])
def test_quiet_and_debug_count_before_and_after_the_command(ending, where, monkeypatch):
    seen = []

    @click.pass_obj
    def function(session):
        seen.append((session.quiet, session.debug))
        session.note("a note")
        session.warn("a warning")

    function = _application.talk_options(function)
    options = ["-q", "--debug"]
    command = click.command("ending")(function)
    monkeypatch.setattr(_application.Application, "get_command", lambda *_: command)
    arguments = [*options, "ending"] if where == "before" else ["ending", *options]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, seen) == (0, [(True, True)])
    assert result.stderr == "warning: a warning\n"


def test_notes_go_to_stderr(ending):
    @click.pass_obj
    def function(session):
        session.note("a note")

    result = ending(function)
    assert (result.stdout, result.stderr) == ("", "a note\n")


def test_a_terminal_without_a_character_gets_a_question_mark(ending, monkeypatch):
    def function():
        sys.stdout.flush()
        assert sys.stdout.errors == "replace"
        assert sys.stderr.errors == "replace"

    assert ending(function).exit_code == 0
