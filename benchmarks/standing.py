"""What sequences save where a sensor stands, and what noise leaves to be saved: `python -m benchmarks.standing`.

Sweeps of a simulated Ouster: always the same scene, each time other noise. The floor is what ranges take of one who
knows mean and spread s (in ticks) of each cell that sees one surface: log2(4.13 s) bits.
"""

from __future__ import annotations

import argparse
import io
from time import process_time

import numpy as np

import lizip
from lizip.codecs.sweep.background import Background
from lizip.codecs.sweep.decoded import decode
from lizip.codecs.sweep.grid import GridStream, encode_grid, near_ticks, prepared
from lizip.codecs.sweep.past import GridPast
from lizip.codecs.sweep.standing import MOST
from lizip.codecs.sweep.weights import DEFAULT_NET
from lizip.container import AROUND, Container
from lizip.entropy.coder import metered
from lizip.simulator import os_sensor
from lizip.simulator.scene import street

NEAR = near_ticks(0.001)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rings", type=int, default=64)
    parser.add_argument("--columns", type=int, default=1024)
    parser.add_argument("--sweeps", type=int, default=130)
    given = parser.parse_args()
    scene, beams = street(3), os_sensor.Beams.draw(4, given.rings)
    sweeps = [
        os_sensor.sweep(k, given.rings, given.columns, beams=beams, scene=scene)
        for k in range(max(given.sweeps, 2 * MOST))
    ]
    whole_files([sweep.data for sweep in sweeps[: given.sweeps]])
    ranges = np.array([sweep.ranges for sweep in sweeps[: 2 * MOST]])
    levels = np.array([np.where(sweep.ranges > 0, sweep.intensity, 0) for sweep in sweeps[: 2 * MOST]])
    grids(ranges.astype(np.int32), levels.astype(np.int32))


def whole_files(sweeps: list[bytes]) -> None:
    """Sizes and processor time of files alone, and of sequences."""
    alone = 0.0
    for name, sequence in {
        "alone": lizip.Sequence(1),
        "a key frame every 10": lizip.Sequence(10),
        "as it is without being told": lizip.Sequence(),
    }.items():
        packed, begin = [], process_time()
        for sweep in sweeps if sequence.every is None else sweeps[:20]:
            packed.append(lizip.compress(sweep, sequence=sequence))
        seconds = (process_time() - begin) / len(packed)
        bits = np.array([8 * len(one) / (len(sweep) / 16) for one, sweep in zip(packed, sweeps, strict=False)])
        alone = alone or bits.mean()
        told = [k for k, one in enumerate(packed) if Container(io.BytesIO(one)).entries(AROUND)]
        print(f"{name}: {bits.mean():.2f} bits a point ({bits.mean() / alone - 1:+.1%}), {seconds:.3f} s a sweep")
        if told:
            print(
                f"  backgrounds in {told}; the last nine {bits[-9:].mean():.2f} ({bits[-9:].mean() / alone - 1:+.1%})"
            )


def grids(ranges: np.ndarray, levels: np.ndarray) -> None:
    """Bits a return, and of ranges those in cells of one surface, of the last grid; and the floor there."""
    form = prepared(ranges[0], levels[0], False, NEAR)[2]
    form = form._replace(bits=8, shares=np.ones(256, np.int64))
    known = Background.of(form, ranges, levels)
    steady = known.kind & 1 > 0
    centre = known.mean / 4
    off = np.where((np.abs(ranges - centre) < NEAR) & steady, ranges - centre, np.nan)
    spread = np.nanstd(off[:, steady], axis=0)
    there = ranges[-1][steady] > 0
    print(f"{there.sum() / np.count_nonzero(ranges[-1]):.0%} of the returns are of cells that see one surface;")
    print(f"  floor of ranges there: {np.log2(4.13 * np.maximum(spread, 0.3))[there].mean():.2f} bits")
    first = encode(ranges[-2], levels[-2])
    background = Background.of(form, ranges[:MOST], levels[:MOST]).past()
    key = encode(ranges[-2], levels[-2], background)
    for name, before in {
        "alone": None,
        "after one sweep": decode(first.data).past(),
        f"after a background of {MOST}": decode(key.data, before=background).past(),
    }.items():
        stream = encode(ranges[-1], levels[-1], before)
        share = ", ".join(f"{part} {bits / np.count_nonzero(ranges[-1]):.2f}" for part, bits in stream.bits.items())
        print(
            f"{name}: {share}; ranges in cells of one surface {steady_bits(stream, before, steady) / there.sum():.2f}"
        )


def encode(ranges: np.ndarray, levels: np.ndarray, before: GridPast | None = None) -> GridStream:
    """A grid, as sequences code it."""
    return encode_grid(ranges, levels, near=NEAR, net=DEFAULT_NET, before=before, leads=True)


def steady_bits(stream: GridStream, before: GridPast | None, steady: np.ndarray) -> float:
    """Bits of the ranges of some cells (F, R)."""
    spent = np.zeros((*steady.shape, 3))
    with metered() as meters:
        decode(stream.data, before=before)
    for meter in meters:
        places, bits = meter.costs()
        spent.reshape(-1)[places] += bits
    return float(spent[steady, 1].sum())


if __name__ == "__main__":
    main()
