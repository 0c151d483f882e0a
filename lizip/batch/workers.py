"""Jobs in several processes: outcomes in the order of the jobs; a worker that dies costs one file, no more."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby, islice

from lizip import storage
from lizip.batch.outcome import Outcome
from lizip.batch.perform import perform
from lizip.batch.plan import Job
from lizip.errors import LizipError
from lizip.parallel import cores, threads
from lizip.sensor.state import SensorState

_MOST_HELD = 1 << 28
"""Bytes of .lizip files that wait for one before them, beyond which no further chain is begun."""


def run(jobs: Sequence[Job], workers: int = 1, scheduler: str | None = None) -> Iterator[Outcome]:
    """Do all jobs and yield their outcomes in the same order; first remove what a run that was killed left behind.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int
        Cores to use, 0 for all: a process for each file, and threads in each where there are fewer files than cores.
    scheduler : str, optional
        Address of a scheduler of Dask distributed, whose workers do the jobs, or "local" for one on these cores; see
        `lizip.batch.cluster`.
    """
    workers = workers or cores()
    count = sum(1 for _ in islice(_chains(jobs), workers))
    _tidy(jobs)
    if scheduler is not None:
        return _on_cluster(jobs, workers, scheduler)
    return _spread(jobs, count, workers // count) if count > 1 else map(partial(_perform, workers, SensorState()), jobs)


def _on_cluster(jobs: Sequence[Job], workers: int, scheduler: str) -> Iterator[Outcome]:
    from lizip.batch.cluster import run_on

    try:
        yield from run_on(scheduler, ([job for _, job in chain] for chain in _chains(jobs)), len(jobs), workers)
    finally:
        _tidy(jobs)


def _tidy(jobs: Sequence[Job]) -> None:
    """Remove what processes that were killed left in the folders of jobs."""
    for folder in sorted({folder for job in jobs if (folder := _folder_of(job)) is not None}):
        storage.remove_stale(folder)


def _folder_of(job: Job) -> str | None:
    """Where the temporaries of a job stand."""
    if job.target is None or job.verb in ("verify", "pack"):
        return None
    return tempfile.gettempdir() if storage.is_url(job.target) else os.path.dirname(job.target) or "."


def _perform(count: int, state: SensorState, job: Job) -> Outcome:
    """Do a job in so many threads; `state` is what the jobs before left behind."""
    with threads(count):
        return perform(job, state)


def _spread(jobs: Sequence[Job], count: int, each: int) -> Iterator[Outcome]:
    from multiprocessing.connection import wait

    from lizip.batch.serve import PATIENCE

    waiting = _chains(jobs)
    done: dict[int, Outcome] = {}
    workers: list[_Worker] = []
    yielded = 0

    def keep_busy() -> None:
        for i, worker in enumerate(workers):
            if worker.job is not None:
                continue
            held = sum(len(outcome.packed) for outcome in done.values())
            if rest := worker.rest or (next(waiting, deque()) if held < _MOST_HELD else deque()):
                if not worker.process.is_alive():
                    workers[i] = _Worker(each)
                workers[i].rest = rest
                workers[i].give_next()

    try:
        for _ in range(count):
            workers.append(_Worker(each))
            keep_busy()
        while yielded < len(jobs):
            ready = wait([worker.connection for worker in workers if worker.job is not None])
            for worker in workers:
                if worker.connection in ready:
                    index, done[index] = worker.take()
            keep_busy()
            while yielded in done:
                yield done.pop(yielded)
                yielded += 1
            keep_busy()
    finally:
        for worker in workers:
            worker.interrupt()
        latest = time.monotonic() + PATIENCE
        for worker in workers:
            worker.join(latest)


def _chains(jobs: Sequence[Job]) -> Iterator[deque[tuple[int, Job]]]:
    """Jobs with their places, those that one worker does one after the other together."""

    def chain_of(each: tuple[int, Job]) -> str | int:
        place, job = each
        return place if job.chain is None else job.chain

    for _, chain in groupby(enumerate(jobs), chain_of):
        yield deque(chain)


class _Worker:
    """A process that does one job after the other; `rest` is left of its chain."""

    def __init__(self, each: int) -> None:
        from multiprocessing import get_context  # not for a single file: it takes its time

        from lizip.batch.serve import serve

        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, each), daemon=True)
        with _interrupts_ignored():
            self.process.start()
        theirs.close()
        self.index = -1
        self.job: Job | None = None
        self.rest: deque[tuple[int, Job]] = deque()

    def give_next(self) -> None:
        """Hand over the next job."""
        self.index, self.job = self.rest.popleft()
        self.connection.send(self.job)

    def take(self) -> tuple[int, Outcome]:
        """Fetch the outcome; a failure when the process died over it."""
        assert self.job is not None
        job, self.job = self.job, None
        try:
            return self.index, self.connection.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            _clean(job)
            error = LizipError(f"{job.source}: the process that worked on it died ({self._end()})")
            return self.index, Outcome(job.source, job.target, "failed", error)

    def _end(self) -> str:
        code = self.process.exitcode or 0
        return f"{signal.Signals(-code).name}: out of memory?" if code < 0 else f"status {code}"

    def interrupt(self) -> None:
        """Make it stop: at once when idle, after cleaning up when at work."""
        self.connection.close()
        if self.job is not None and self.process.is_alive():
            if os.name == "nt":
                self.process.terminate()
            elif self.process.pid is not None:
                os.kill(self.process.pid, signal.SIGINT)

    def join(self, latest: float) -> None:
        """Wait for its end until so late, then end it and remove what it leaves."""
        self.process.join(max(0.0, latest - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        if self.process.exitcode and self.job is not None:
            _clean(self.job)


def _clean(job: Job) -> None:
    """Remove the temporary of a process that died over a job."""
    folder = _folder_of(job)
    if folder is not None:
        storage.remove_stale(folder)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that do not die of Ctrl-C while they are still importing, with a traceback each."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
