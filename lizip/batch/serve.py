"""What a worker process runs: jobs until there are no more, and an orderly end whatever ends it."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from lizip.batch.perform import perform
from lizip.parallel import threads
from lizip.sensor.state import SensorState

PATIENCE = 20.0
"""Seconds a worker has to clean up: a kernel that is running cannot be interrupted."""


def serve(connection: Connection, each: int) -> None:
    """Take jobs and send their outcomes, with so many threads, until the other side closes or a signal comes."""
    ending = _Ending()
    try:
        ending.watch()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            with threads(each):
                state = SensorState()
                while not ending.came:
                    connection.send(perform(connection.recv(), state))
        except (EOFError, ConnectionError):
            pass
        except ImportError:  # numpy makes this of Ctrl-C while it is being imported
            if not ending.came:
                raise
        finally:
            ending.over = True
    except KeyboardInterrupt:
        pass


class _Ending:
    """The first signal interrupts the work, once; those that follow must not interrupt the cleaning up.

    Attributes
    ----------
    came : bool
        Whether there was a signal. A package written in C may have swallowed the exception.
    over : bool
        Whether the work is over, and there is nothing to interrupt.
    """

    def __init__(self) -> None:
        self.came = self.over = False

    def watch(self) -> None:
        """Listen from now on; a signal that is ignored from the start (`nohup`) stays so."""
        signal.signal(signal.SIGINT, self._interrupt)
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, _: object) -> None:
        if self.came or self.over:
            return
        self.came = True
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)


def _end_with_parent() -> None:
    """Clean up and end when the parent was killed."""
    if parent := parent_process():
        wait([parent.sentinel])
    _thread.interrupt_main()
    time.sleep(PATIENCE)
    os._exit(1)
