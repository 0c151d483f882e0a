"""Where the time of a codec goes, on one file.

    python -m benchmarks.profile_codec sweep.bin --level fast --codec sweep

Kernels are compiled by a first call that is not counted. Times are the processor's; the tables are by time spent in the
function itself, where a kernel is a line of its own.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lizip.jit import Kernel

_KERNEL = "kernel "
_callers: dict[Kernel, Callable[..., Any]] = {}


def profile(call: Callable[[], object], runs: int, lines: int) -> object:
    """Print the fastest and median time of `runs` calls, then the profile of one more; return its result."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(1000 * (time.process_time() - start))
    print(f"fastest {min(times):.1f} ms, median {sorted(times)[len(times) // 2]:.1f} ms of {runs}")
    profiler = cProfile.Profile(time.process_time)
    plain, Kernel.__call__ = Kernel.__call__, _named
    result = profiler.runcall(call)
    Kernel.__call__ = plain
    stats: Any = pstats.Stats(profiler)
    for place, (calls, all_calls, _, whole, callers) in list(stats.stats.items()):
        if place[2].startswith(_KERNEL):
            stats.stats[place] = calls, all_calls, whole, whole, callers
        elif "/lizip/jit/" in place[0]:
            del stats.stats[place]
    stats.sort_stats("tottime").print_stats(lines)
    return result


def _named(kernel: Kernel, *arguments: Any, plain: Any = Kernel.__call__, **named: Any) -> Any:
    """Call a kernel by a function of its name and place, which is what the profiler tells apart."""
    if kernel not in _callers:

        def call(*arguments: Any, **named: Any) -> Any:
            return plain(kernel, *arguments, **named)

        code = kernel.py_func.__code__
        call.__code__ = call.__code__.replace(
            co_name=_KERNEL + kernel.__name__, co_filename=code.co_filename, co_firstlineno=code.co_firstlineno
        )
        _callers[kernel] = call
    return _callers[kernel](*arguments, **named)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--level", default="default", choices=("fast", "default", "max"))
    parser.add_argument("--codec", help="use this codec instead of the smallest")
    parser.add_argument("--check", action="store_true", help="with the check that users get by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lines", type=int, default=20)
    options = parser.parse_args()
    from lizip import compress, decompress

    data = options.file.read_bytes()

    def encode() -> bytes:
        return compress(data, level=options.level, codec=options.codec, check=options.check)

    start = time.perf_counter()
    stream = encode()
    decompress(stream)
    print(f"first call of both, with imports and compiling: {time.perf_counter() - start:.2f} s")
    print(f"{len(data)} bytes -> {len(stream)}\n\nencode")
    profile(encode, options.runs, options.lines)
    print("decode")
    profile(lambda: decompress(stream), options.runs, options.lines)


if __name__ == "__main__":
    main()
