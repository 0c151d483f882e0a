"""Where the time of a codec goes, on one file.

    python -m benchmarks.profile_codec sweep.bin --level fast --codec sweep

Kernels are compiled by a first call that is not counted. The tables are by time spent in the function itself; a kernel
counts as its caller (numba calls are not seen by the profiler), so read them with the module beside them.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path


def profile(call: Callable[[], object], runs: int, lines: int) -> object:
    """Print the fastest and median wall time of `runs` calls, then the profile of one more; return its result."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    print(f"fastest {min(times):.1f} ms, median {sorted(times)[len(times) // 2]:.1f} ms of {runs}")
    profiler = cProfile.Profile()
    result = profiler.runcall(call)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(lines)
    return result


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
