"""Compile ahead of time: run lizip over made-up files of every kind and keep all kernels that this takes.

python scripts/build_kernels.py FOLDER                          libraries for this machine's family, one a processor
python scripts/build_kernels.py FOLDER --levels aarch64         for another family

The wheel's build runs it (hatch_build.py). Whatever a file needs that is not among these, numba compiles at first use.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

if TYPE_CHECKING:
    from lizip.jit.compiler import Lowered

LEVELS = {
    "x86-64-v3": ("x86_64-unknown-linux-gnu", "x86-64-v3", ""),
    "x86-64-v2": ("x86_64-unknown-linux-gnu", "x86-64-v2", ""),
    "aarch64": ("aarch64-unknown-linux-gnu", "generic", "+neon"),
}
"""Kind of processor -> triple, name and features in LLVM's words."""

OF_MACHINE = {"x86_64": ["x86-64-v3", "x86-64-v2"], "aarch64": ["aarch64"]}


_MOST_WORKERS = 4
"""More would mostly compile the same kernels at the same time."""


def sweeps() -> Iterator[Callable[[], bytes]]:
    """What makes sweeps of sensors and drivers that the samples of the tests leave out."""
    from lizip.simulator import drivers, os_sensor, turning, vlp32

    for model, driver, options in (
        ("xt32", "nebula Hesai", {}),
        ("pandar64", "nebula Hesai", {"twice": 0.05}),
        ("vlp16", "nebula Velodyne", {"twice": 0.1, "arranged": "blocks", "repeated": True}),
        ("vlp16", "nebula Velodyne", {"twice": 0.1, "arranged": "apart"}),
        ("vlp16", "nebula Velodyne", {}),
        ("hdl32", "velodyne_pointcloud", {"missing": "NaN"}),
        ("hdl32", "PCL", {"missing": "zeros"}),
    ):
        made = partial(drivers.sweep, 1, turning.MODELS[model], driver, span=0.5, **options)
        yield lambda made=made: made().data
    yield lambda: os_sensor.sweep(1, columns=1024, span=0.05, drop_missing=False).data
    yield lambda: turning.sweep(1, turning.MODELS["rs32"], span=0.3).data
    yield lambda: vlp32.sweep(3, speed=9.0, lost=0.003).data
    yield ring_after_ring
    yield sorted_by_x
    yield partial(moved, "vlp32c", "nebula Velodyne")
    yield partial(moved, "xt32m", "nebula Hesai")
    yield partial(moved, "qt128", "nebula Hesai")


def ring_after_ring() -> bytes:
    """Returns of a moving sensor, without their rings."""
    import numpy as np

    from lizip.simulator import hdl32

    records = hdl32.sweep(23).records
    returned = records[(records[:, :3] ** 2).sum(axis=1) > 1]
    return np.ascontiguousarray(returned[np.argsort(returned[:, 4], kind="stable"), :4]).tobytes()


def sorted_by_x() -> bytes:
    """All points of a moving sensor."""
    import numpy as np

    from lizip.simulator import hdl32

    records = hdl32.sweep(29).records
    return np.ascontiguousarray(records[np.argsort(records[:, 0], kind="stable")]).tobytes()


def moved(sensor: str, driver: str) -> bytes:
    """A driver's sweep, turned and shifted in double and stored in float32 again."""
    import numpy as np

    from lizip.simulator import drivers
    from lizip.simulator.motion import rotation
    from lizip.simulator.sensors import SENSORS

    records = drivers.sweep(11, SENSORS[sensor], driver, span=0.5).records.astype(np.float32)
    records[:, :3] = records[:, :3].astype(np.float64) @ rotation(0.3, 0.02, -0.03).T + [1.2, -0.1, 1.8]
    return records.tobytes()


def tasks() -> list[tuple[str, str]]:
    """All that is run: level and sample, "sweep" and which, "golden" and a file that no codec makes alone, or "follow".

    Neighbours run side by side and have little in common: what two processes need at the same time, both compile.
    """
    import harness

    from lizip.codecs import LEVELS as EFFORTS

    listed = [(effort, name) for effort in EFFORTS for name in harness.SAMPLES]
    listed += [*(("sweep", str(k)) for k, _ in enumerate(sweeps())), ("follow", "")]
    listed += [("golden", name) for name in harness.GOLDEN if name.endswith((".any", ".around"))]
    return [listed[-1 - k // 2 if k % 2 else k // 2] for k in range(len(listed))]


def run(task: tuple[str, str]) -> list[tuple[str, Lowered, bytes]]:
    """Code and decode a sample with every codec that takes it, or a sweep; the kernels that had to be compiled."""
    import harness

    from lizip.jit import find

    find.recorded = []
    kind, name = task
    if kind == "follow":
        follow()
    elif kind == "sweep":
        harness.stream(list(sweeps())[int(name)](), harness.ANY)
    elif kind == "golden":
        harness.golden(name)
    else:
        list(harness.streams([name], kind))
    print(f"{time.perf_counter() - START:6.1f} s  {name} {kind}: {len(find.recorded)} kernels", flush=True)
    return find.recorded


def follow() -> None:
    """Code and decode sweeps that follow one another."""
    import lizip
    from lizip import simulator

    ahead, behind = lizip.Sequence(), lizip.Sequence()
    for seed in range(3):
        lizip.decompress(lizip.compress(simulator.ouster(seed, rings=16, span=0.3), sequence=ahead), sequence=behind)


def emitted(item: tuple[str, Lowered], level: str) -> tuple[str, tuple[str, bytes]]:
    """Identity of a kernel, what it returns and its object file for a kind of processor."""
    import llvmlite.binding as llvm

    from lizip.jit import compiler, library

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    identity, lowered = item
    code = compiler.emit(lowered, library.symbol_of(identity), compiler.Processor(*LEVELS[level]))
    return identity, (lowered.returns, code)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--levels", nargs="+", choices=LEVELS, default=OF_MACHINE.get(platform.machine(), []))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    from lizip.jit import library, shipped

    here = next((level for level in shipped.levels() if level in options.levels), None)
    with tempfile.TemporaryDirectory() as nowhere:
        os.environ |= {"NUMBA_CACHE_DIR": nowhere, "LIZIP_KERNELS": "compile"}
        if here:  # what runs now is what one of the libraries gets
            os.environ |= dict(zip(("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"), LEVELS[here][1:], strict=True))
        # what one process has compiled the others find in the cache, so each kernel is recorded at least once
        with ProcessPoolExecutor(min(os.cpu_count() or 1, _MOST_WORKERS)) as pool:
            compiled = {kernel[0]: kernel for recorded in pool.map(run, tasks()) for kernel in recorded}
    for level in options.levels:
        if level == here:
            made = {identity: (lowered.returns, code) for identity, lowered, code in compiled.values()}
        else:
            kernels = [(identity, lowered) for identity, lowered, _ in compiled.values()]
            with ProcessPoolExecutor() as pool:
                made = dict(pool.map(emitted, kernels, [level] * len(kernels), chunksize=4))
        linked = library.link(made)
        (options.folder / f"{level}.so").write_bytes(linked)
        size = len(linked) / 1e6
        print(f"{time.perf_counter() - START:6.1f} s  {level}: {len(made)} kernels, {size:.1f} MB", flush=True)


START = time.perf_counter()

if __name__ == "__main__":
    main()
