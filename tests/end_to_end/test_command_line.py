"""The installed command, run as a user runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

RECOLLECT = (sys.executable, "-m", "recollect.cli")
ANKI = Path(__file__).parents[1] / "data" / "anki"
LEAST_HEAVY = ("numpy", "scipy", "jax", "rich", "matplotlib", "pyarrow")


@pytest.fixture(scope="session")
def cache(request, tmp_path_factory):
    """A cache of this session's own, but for compiled code, which sessions share."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "compiled").symlink_to(request.config.cache.mkdir("recollect-compiled"))
    return folder


@pytest.fixture
def environment(cache):
    return os.environ | {"RECOLLECT_CACHE": str(cache), "PYTHONWARNINGS": "error"}


@pytest.fixture
def run(environment, tmp_path):
    """``run("predict", path, ...)`` in an empty folder: the finished process."""

    def start(*arguments, **options):
        return subprocess.run(
            [*RECOLLECT, *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    return start


@pytest.fixture(scope="session")
def demo(tmp_path_factory, cache):
    """The demo, run once: the process, and the folder with its files."""
    folder = tmp_path_factory.mktemp("demo")
    return _demo(folder, cache), folder / "recollect-demo"


def _demo(folder, cache):
    return subprocess.run(
        [*RECOLLECT, "demo"],
        env=os.environ | {"RECOLLECT_CACHE": str(cache)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )


def _imported(*arguments):
    """Modules loaded by a run, and the seconds of its imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    return {name for _, name in rows}, sum(int(own) for own, _ in rows) / 1e6


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "recollect.cli", "--help"),
        ("-c", "import recollect"),
        ("-m", "recollect.cli", "--version"),
    ],
)
def test_help_loads_nothing_heavy_and_takes_no_time(arguments):
    runs = [_imported(*arguments) for _ in range(3)]
    for modules, _ in runs:
        assert not {name.split(".")[0] for name in modules} & set(LEAST_HEAVY)
    assert min(seconds for _, seconds in runs) < 0.5


@pytest.mark.parametrize("command", ["demo", "evaluate", "fit", "predict", "explain"])
def test_help_of_commands_loads_no_jax(command):
    modules, _ = _imported("-m", "recollect.cli", command, "--help")
    assert not {name.split(".")[0] for name in modules} & set(LEAST_HEAVY)


def test_the_installed_program_is_the_same():
    program = Path(sys.executable).with_name("recollect")
    ours = subprocess.run([*RECOLLECT, "--help"], capture_output=True, text=True, check=True)
    installed = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert installed.stdout == ours.stdout


def test_reviews_and_errors_are_read_without_jax(run, tmp_path):
    (tmp_path / "log.csv").write_text("card_id,review_time,review_rating\n1,soon,3\n")
    code = (
        "import sys; from recollect.cli import main\n"
        "try: main(['predict', 'log.csv'])\n"
        "except SystemExit as end: print(end.code, 'jax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 False\n"
    assert done.stderr.startswith("error: log.csv, row 2, column review_time: expected")


def test_the_demo_does_all(demo):
    done, folder = demo
    assert done.stdout.startswith("Recollect demo: a SIMULATED learner")
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("simulated.csv", "params.json"),
        *("calibration.png", "learners.png", "forgetting.png", "card.png"),
    }
    for name in names:
        assert f"  recollect-demo/{name}\n" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="the load of the machine is not known")
def test_the_demo_takes_less_than_a_minute_with_nothing_compiled(tmp_path):
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        pytest.skip("the machine is busy; times say nothing")
    start = time.perf_counter()
    _demo(tmp_path, tmp_path / "cache")
    assert time.perf_counter() - start < 60


def test_what_the_demo_says_to_type_next_works(demo, environment):
    done, folder = demo
    commands = re.findall(r"^  recollect (.*simulated\.csv.*)$", done.stdout, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        finished = subprocess.run(
            [*RECOLLECT, *command.split()],
            env=environment,
            cwd=folder.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (finished.returncode, finished.stderr) == (0, "")
        assert finished.stdout


def test_the_demo_as_json_says_that_it_is_simulated(demo, environment, tmp_path):
    done = subprocess.run(
        [*RECOLLECT, "demo", "--json", "--out", "here", "-q"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["simulated"] is True
    assert document["explanation"]["card_id"]
    assert {Path(file).parent.name for file in document["files"]} == {"here"}
    assert done.stderr == ""


def test_workers_evaluate_like_one_process(run, demo):
    log = demo[1] / "simulated.csv"
    arguments = ("evaluate", log, "--models", "moving-average,average", "-q", "--json", "-")
    alone = run(*arguments, "--workers", "0", "--work-folder", "a")
    shared = run(*arguments, "--workers", "2", "--work-folder", "b")
    assert (alone.returncode, shared.returncode, shared.stderr) == (0, 0, "")
    assert json.loads(alone.stdout)["scores"] == json.loads(shared.stdout)["scores"]


@pytest.mark.parametrize("name", ["latest.apkg", "legacy.apkg", "latest.colpkg", "legacy.colpkg"])
def test_anki_packages_are_predicted_and_explained(run, name):
    predicted = run("predict", ANKI / name, "--json", "--at", "2040-01-01", "-q")
    assert (predicted.returncode, predicted.stderr) == (0, "")
    cards = json.loads(predicted.stdout)["cards"]
    explained = run("explain", ANKI / name, "--card", cards[0]["card"])
    assert explained.returncode == 0
    assert f"Card {cards[0]['card']} at " in explained.stdout


def test_a_reader_that_goes_away_is_no_error(environment, demo):
    log = demo[1] / "simulated.csv"
    # The reader is gone before the first line is written.
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [*RECOLLECT, "predict", str(log), "--now", "last", "--limit", "0"],
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    _, error = process.communicate(timeout=120)
    assert (process.returncode, error) == (141, "")


def _children(pid):
    """Processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes of Linux")
def test_no_worker_outlives_an_evaluation_that_is_ended(environment, demo, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes((demo[1] / "simulated.csv").read_bytes())
    process = subprocess.Popen(
        [*RECOLLECT, "evaluate", "a.csv", "b.csv", "--models", "act-r", "--work-folder", "work"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("work/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)  # until the workers are at work
    workers = _children(process.pid)
    assert len(workers) >= 2
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while any(map(_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker for worker in workers if _alive(worker)]
    assert process.returncode == 143
    assert error.endswith("give the same command again to go on from there\n")
    assert "Traceback" not in error


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("after_s", [0.1, 0.4])
def test_ctrl_c_while_it_starts_leaves_no_trace(environment, demo, after_s):
    process = subprocess.Popen(
        [*RECOLLECT, "predict", str(demo[1] / "simulated.csv"), "--now", "last"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    begun = "recollect" in error or "interrupted" in error
    assert process.returncode in ((130,) if begun else (130, -signal.SIGINT))
    assert "/recollect/" not in error


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_an_evaluation_that_can_go_on(environment, demo, tmp_path):
    log = demo[1] / "simulated.csv"
    process = subprocess.Popen(
        [*RECOLLECT, "evaluate", str(log), "--work-folder", "work", "--models", "average,act-r"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("work/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert error.endswith("give the same command again to go on from there\ninterrupted\n")


def test_output_that_the_terminal_cannot_show_ends_no_run(environment, demo):
    log = demo[1] / "simulated.csv"
    done = subprocess.run(
        [*RECOLLECT, "explain", str(log), "--now", "last", "-q"],
        env=environment | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=True,
    )
    text = done.stdout.decode("cp1252")
    assert "Traces by the time" in text
    assert "?????" in text  # a bar, and the lines of tables
