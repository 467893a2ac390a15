"""Jobs in other processes: results, messages, errors, and processes that are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recollect.errors import NotEnoughDataError, RecollectError
from recollect.recall.workers import Done, Failed, Message, run_jobs


def setup(offset):
    def handle(job, report):
        report(f"got {job}")
        if job == "fail":
            raise NotEnoughDataError("too few reviews")
        if job == "bug":
            raise ZeroDivisionError("division\nby zero")
        if job == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if job == "exit":
            os._exit(3)
        if job == "threads":
            return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "XLA_FLAGS")}
        if job == "pid":
            return os.getpid()
        return job + offset

    return handle


def broken_setup():
    raise ImportError("no such thing")


def run(jobs, workers, setup=setup, arguments=(100,)):
    news = []
    run_jobs(setup, arguments, jobs, workers=workers, on_news=news.append)
    ends = {item.job: item for item in news if not isinstance(item, Message)}
    assert len(ends) == sum(not isinstance(item, Message) for item in news)
    return news, ends


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_job_is_done_and_errors_are_reported(workers):
    news, ends = run([1, "fail", 2, "bug", 3], workers)
    assert [ends[job] for job in (0, 2, 4)] == [Done(0, 101), Done(2, 102), Done(4, 103)]
    assert ends[1].reason == "too few reviews"
    assert ends[3].reason == "ZeroDivisionError: division"
    assert "Traceback" in ends[3].details
    messages = [(item.job, item.content) for item in news if isinstance(item, Message)]
    assert sorted(messages) == [(0, "got 1"), (1, "got fail"), (2, "got 2"), (3, "got bug"),
                                (4, "got 3")]  # fmt: skip
    for item in news:
        if isinstance(item, Message):
            assert news.index(item) < news.index(ends[item.job])


def test_a_killed_process_costs_its_job_only():
    _, ends = run([1, "kill", 2, "exit", 3], 2)
    assert isinstance(ends[1], Failed)
    assert ends[1].reason.startswith("its process was ended by SIGKILL; out of memory")
    assert ends[3].reason == "its process ended with exit code 3"
    assert [ends[job].result for job in (0, 2, 4)] == [101, 102, 103]


def test_processes_are_used_again_and_renewed(monkeypatch):
    monkeypatch.setattr("recollect.recall.workers._JOBS_PER_PROCESS", 2)
    _, ends = run(["pid"] * 4, 1)
    pids = [ends[job].result for job in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert os.getpid() not in pids


def test_processes_are_held_to_one_thread_and_our_environment_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    _, ends = run(["threads"], 1)
    assert ends[0].result["OMP_NUM_THREADS"] == "1"
    assert ends[0].result["XLA_FLAGS"] == (
        "--xla_cpu_enable_fast_math=false --xla_cpu_multi_thread_eigen=false"
    )
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert os.environ["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false"


def test_a_process_that_cannot_start_ends_the_run():
    with pytest.raises(RecollectError, match=r"could not start \(exit code 1\)"):
        run([1, 2], 1, setup=broken_setup, arguments=())


def test_an_error_of_the_listener_stops_the_processes():
    import multiprocessing

    def listener(news):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(setup, (1,), [1, 2, 3], workers=2, on_news=listener)
    assert not multiprocessing.active_children()


_SLEEPERS = """
import os, sys, time
from pathlib import Path
from recollect.recall.workers import run_jobs

def setup(folder):
    def handle(job, report):
        (Path(folder) / str(os.getpid())).touch()
        time.sleep(300)
    return handle

if __name__ == "__main__":
    run_jobs(setup, (sys.argv[1],), [1, 2], workers=2, on_news=print)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes of Linux")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    def alive(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def wait_until(come_true):
        deadline = time.monotonic() + 60
        while not come_true() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert come_true()

    script, work = tmp_path / "sleepers.py", tmp_path / "work"
    script.write_text(_SLEEPERS)
    work.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(work)])
    wait_until(lambda: len(list(work.iterdir())) == 2)
    workers = [int(file.name) for file in work.iterdir()]
    assert all(map(alive, workers))
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(map(alive, workers)))


def test_no_jobs_start_no_process():
    assert run([], 2)[0] == []
