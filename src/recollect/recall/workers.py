"""Jobs spread over processes that may die without taking the rest along.

A pool that loses every job when one process is killed (``concurrent.futures``) does not do for
hours of evaluation: here the job of a lost process is reported and the others go on.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from recollect.errors import RecollectError

__all__ = ["Done", "Failed", "Handler", "Message", "run_jobs"]

Handler = Callable[[Any, Callable[[Any], None]], Any]
"""Does a job: ``handler(job, report)``, where ``report(anything)`` sends a message on the way."""

_READY = "ready"
_JOBS_PER_PROCESS = 64
_THREAD_LIMITS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "NPROC": "1",
}
_XLA_LIMIT = "--xla_cpu_multi_thread_eigen=false"


@dataclass(frozen=True)
class Message:
    """Something that a job reported on the way."""

    job: int
    content: Any


@dataclass(frozen=True)
class Done:
    """A finished job with what its handler returned."""

    job: int
    result: Any


@dataclass(frozen=True)
class Failed:
    """A job that ended in an error or lost its process.

    Attributes:
        job: number of the job.
        reason: one line.
        details: traceback, or empty.
    """

    job: int
    reason: str
    details: str


def run_jobs(
    setup: Callable[..., Handler],
    arguments: tuple[Any, ...],
    jobs: Sequence[Any],
    *,
    workers: int,
    on_news: Callable[[Message | Done | Failed], None],
) -> None:
    """Do the jobs, in order of start, and say what happens as it happens.

    Args:
        setup: called once in each process as ``setup(*arguments)``; returns its handler. It and
            everything sent must be picklable (module-level functions, dataclasses).
        arguments: for ``setup``.
        jobs: what the handlers are called with.
        workers: number of processes, each limited to one numeric thread; 0 works in this one.
        on_news: called in this process; every job ends with one ``Done`` or ``Failed``.

    Raises:
        RecollectError: a process cannot start.
    """
    if workers <= 0:
        _run_here(setup(*arguments), jobs, on_news)
        return
    pending = deque(enumerate(jobs))
    busy: list[_Worker] = []
    idle: list[_Worker] = []
    try:
        while pending or busy:
            while pending and len(busy) < workers:
                worker = idle.pop() if idle else _Worker(setup, arguments)
                busy.append(worker)
                worker.start_job(*pending.popleft())
            ready = wait([worker.connection for worker in busy])
            for worker in [worker for worker in busy if worker.connection in ready]:
                news = worker.receive()
                if news is None:
                    continue
                if not isinstance(news, Message):
                    busy.remove(worker)
                    if worker.alive and worker.jobs_done < _JOBS_PER_PROCESS:
                        idle.append(worker)
                    else:
                        worker.stop()
                on_news(news)
    finally:
        for worker in busy + idle:
            worker.stop()


def _run_here(
    handler: Handler, jobs: Sequence[Any], on_news: Callable[[Message | Done | Failed], None]
) -> None:
    for number, job in enumerate(jobs):
        on_news(_do(handler, number, job, on_news))


def _do(handler: Handler, number: int, job: Any, send: Callable[[Message], None]) -> Done | Failed:
    try:
        return Done(number, handler(job, lambda content: send(Message(number, content))))
    except Exception as error:
        text = str(error).strip() or type(error).__name__
        if not isinstance(error, RecollectError):
            text = f"{type(error).__name__}: {text.splitlines()[0]}"
        return Failed(number, text, traceback.format_exc())


class _Worker:
    """One process, seen from the parent."""

    def __init__(self, setup: Callable[..., Handler], arguments: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_work, args=(theirs, setup, arguments), daemon=True, name="recollect-worker"
        )
        self.job = -1
        self.jobs_done = 0
        self.alive = True
        self.ready = False
        with _one_thread():
            self.process.start()
        theirs.close()  # so that the end of the process closes the pipe

    def start_job(self, number: int, job: Any) -> None:
        self.job = number
        with suppress(OSError):  # a process that is gone is noticed when receiving
            self.connection.send((number, job))

    def receive(self) -> Message | Done | Failed | None:
        """The next news; None for the notice that the process is ready."""
        try:
            news = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return self._lost()
        if news == _READY:
            self.ready = True
            return None
        if isinstance(news, Done | Failed):
            self.jobs_done += 1
        return news

    def stop(self) -> None:
        self.alive = False
        with suppress(OSError):
            self.connection.close()
        if self.process.is_alive():
            self.process.terminate()
        self.process.join()

    def _lost(self) -> Failed:
        self.alive = False
        self.process.join()
        code = self.process.exitcode or 0
        if not self.ready:
            raise RecollectError(
                f"a worker process could not start (exit code {code}); call from under "
                "`if __name__ == '__main__':`, or use 0 workers to stay in one process"
            )
        if code < 0:
            name = signal.Signals(-code).name
            hint = "; out of memory is a common cause" if name == "SIGKILL" else ""
            return Failed(self.job, f"its process was ended by {name}{hint}", "")
        return Failed(self.job, f"its process ended with exit code {code}", "")


def _work(connection: Connection, setup: Callable[..., Handler], arguments: Any) -> None:
    """The life of a worker process."""
    # Ctrl-C reaches the whole process group; the parent answers it and stops the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    handler = setup(*arguments)
    with suppress(EOFError, OSError):  # the parent is gone, or has closed the pipe
        connection.send(_READY)
        while True:
            number, job = connection.recv()
            connection.send(_do(handler, number, job, connection.send))


def _end_with_the_parent() -> None:
    """However the parent ends, even killed, its workers do not go on with a long job."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Environment in which a process started now uses one numeric thread.

    The limits must be set before NumPy and JAX load, hence before the process starts; the
    parent's own environment is put back at once. ``NPROC`` sizes XLA's CPU thread pool.
    """
    limits = dict(_THREAD_LIMITS)
    limits["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_LIMIT}".strip()
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(limits)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
