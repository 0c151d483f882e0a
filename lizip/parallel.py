"""Parts of one file in several threads: kernels let go of the interpreter's lock, so cores work side by side.

    with threads(2):
        lizip.compress_file("tile.las")

What comes out does not depend on the number of threads: parts are handed on in their order.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")

_threads: ContextVar[int] = ContextVar("threads", default=1)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let `in_order` use so many threads in this block."""
    before = _threads.set(count)
    try:
        yield
    finally:
        _threads.reset(before)


def in_order(
    function: Callable[[_Part], _Result], parts: Iterable[_Part], count: int | None = None
) -> Generator[_Result, None, None]:
    """Yield `function(part)` for each part, in order; at most one result more than there are threads waits.

    What a part, or the iterator of the parts, raises comes at its place. `count` threads, or as `threads` says.
    """
    count = _threads.get() if count is None else count
    if count <= 1:
        yield from map(function, parts)
        return
    from concurrent.futures import ThreadPoolExecutor

    ahead: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for future in _begun(pool, function, parts):
                ahead.append(future)
                if len(ahead) > count:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _begun(
    pool: ThreadPoolExecutor, function: Callable[[_Part], _Result], parts: Iterable[_Part]
) -> Iterator[Future[_Result]]:
    """Hand the parts to threads one by one; an error of their iterator stands where the next part would."""
    from concurrent.futures import Future

    try:
        for part in parts:
            yield pool.submit(function, part)
    except Exception as error:
        failed: Future[_Result] = Future()
        failed.set_exception(error)
        yield failed
