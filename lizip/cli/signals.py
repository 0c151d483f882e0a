"""Signals that end the program: Ctrl-C, a polite kill, a terminal that goes away. Temporaries are removed on the way.

Packages written in C may swallow the exception that a signal becomes, numpy does so while it is being imported; so what
came is remembered, and asked for between files.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

_received: list[int] = []


def install() -> None:
    """Let signals end the program in an orderly way; one that is ignored from the start (`nohup`) stays so."""
    _received.clear()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)


def check() -> None:
    """End the program if a signal came and went under."""
    if _received:
        sys.exit(128 + _received[0])


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    if _received:  # a terminal that closes sends two; the second must not break the cleaning up
        return
    _received.append(number)
    sys.exit(128 + number)
