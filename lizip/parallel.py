"""Parts of one file in several threads: kernels let go of the interpreter's lock, so cores work side by side.

    with threads(2):
        lizip.compress_file("tile.las")

What comes out does not depend on the number of threads: parts are handed on in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")

_threads: ContextVar[int] = ContextVar("threads", default=1)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let `in_order` use so many threads in this block."""
    before = _threads.set(count)
    try:
        yield
    finally:
        _threads.reset(before)


def in_order(function: Callable[[_Part], _Result], parts: Iterable[_Part]) -> Iterator[_Result]:
    """Yield `function(part)` for each part, in order; at most one result more than there are threads waits."""
    count = _threads.get()
    if count <= 1:
        yield from map(function, parts)
        return
    from concurrent.futures import ThreadPoolExecutor

    ahead: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for part in parts:
                ahead.append(pool.submit(function, part))
                if len(ahead) > count:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
