"""How small it could get at all: the noise of ranges on smooth surfaces, and that of a simulated drive in all.

A reading is a surface and noise, and noise can't be predicted: normally distributed with a deviation of s steps it
takes log2(4.13 s) bits, whoever codes it.
"""

from __future__ import annotations

from math import erf, sqrt
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.logs.grids import grids
from benchmarks.logs.images import FILES
from lizip.codecs.sweep.decoded import decode
from lizip.codecs.sweep.grid import encode_grid
from lizip.codecs.sweep.weights import DEFAULT_NET
from lizip.entropy.coder import metered
from lizip.simulator import hdl64
from lizip.simulator.draws import Draws
from lizip.simulator.rays import Hits
from lizip.simulator.returns import Receiver, receive

NEAR = {"ouster": 80, "kitti": 40, "nuscenes": 40}
"""Steps of range within which neighbours are on one surface: 8 cm."""


def report(data: Path) -> str:
    """Bits a return: of noise and of lizip on smooth surfaces, of lizip elsewhere; and the floor of the drive."""
    lines = [
        "## Floors: bits a return",
        "",
        "Smooth: the two returns before and behind lie within 8 cm, as do those of at least 12 of the 26 cells around."
        " The noise there is told by both sides, what comes later too, which no decoder knows; the floor is"
        " log2(4.13 s) for a deviation of s steps.",
        "",
        "| sweep | smooth | floor there | range there | range elsewhere | intensity | flags |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (pattern, fields) in FILES.items():
        for path in sorted(data.glob(pattern)):
            for ranges, levels in grids(path, fields):
                told = " | ".join(f"{each:.2f}" for each in _floor(ranges, levels, NEAR[name]))
                lines.append(f"| {name}/{path.name} | {told} |")
    return "\n".join([*lines, "", _drive()])


def _floor(ranges: np.ndarray, levels: np.ndarray, near: int) -> tuple[float, ...]:
    smooth, floor = _smooth(ranges, near)
    bits, some = _costs(ranges, levels), ranges > 0
    count = int(some.sum())
    parts = bits[..., 1][smooth].mean(), bits[..., 1][some & ~smooth].mean(), bits[..., 2].sum() / count
    return smooth.sum() / count, floor, *parts, bits[..., 0].sum() / count


def _costs(ranges: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Bits (F, R, 3) of each cell's flag, range and intensity, as the decoder meters them."""
    everywhere = bool(levels[ranges == 0].any())
    stream = encode_grid(ranges, levels, everywhere=everywhere, near=20, net=DEFAULT_NET)
    with metered() as meters:
        decode(stream.data)
    bits = np.zeros(3 * ranges.size)
    for meter in meters:
        places, costs = meter.costs()
        bits += np.bincount(places, costs, minlength=bits.size)
    return bits.reshape(*ranges.shape, 3)


def _smooth(ranges: np.ndarray, near: int) -> tuple[np.ndarray, float]:
    """Which returns (F, R) lie on smooth surfaces, and the mean floor of their ranges."""
    ticks = ranges.astype(float)
    before2, before, here, behind, behind2 = (ticks[i : len(ticks) - 4 + i] for i in range(5))
    joined = here > 0
    for other in (before2, before, behind, behind2):
        joined &= (other > 0) & (np.abs(other - here) < near)
    # from a cubic through the four others; its own noise is taken off
    miss = np.where(joined, here - (4 * (before + behind) - before2 - behind2) / 6, 0.0) / sqrt(1 + 34 / 36)
    around = _around(joined.astype(float))
    smooth = joined & (around >= 12)
    variance = _around(miss**2)[smooth] / around[smooth]
    everywhere = np.zeros(ranges.shape, bool)
    everywhere[2:-2] = smooth
    return everywhere, float(np.log2(4.1327 * np.sqrt(variance + 1 / 12)).mean())


def _around(values: np.ndarray) -> np.ndarray:
    """Sum of those in nine firings and three rings, the cell itself left out."""
    sums = np.pad(np.pad(values, ((4, 4), (1, 1))).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return np.asarray(sums[9:, 3:] - sums[:-9, 3:] - sums[9:, :-3] + sums[:-9, :-3] - values)


def _drive() -> str:
    """What the simulated drive of the captures draws at random, in words."""
    ranges, intensities = _drawn()
    return (
        "The simulated drive of an HDL-64E (captures, above) draws at random what no model foretells, even one that"
        f" knows scene and surfaces: {ranges:.0f} bytes of ranges, {intensities:.0f} of intensities, together"
        f" {ranges + intensities:.0f}; besides, which of the faint echoes are seen."
    )


def _drawn(firings: int = 2150) -> tuple[float, float]:
    """Bytes of ranges and of intensities that one who knows everything else lacks of that drive."""
    drawn: list[tuple[np.ndarray, np.ndarray]] = []

    def noted(hits: Hits, receiver: Receiver, draws: Draws) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        met = np.isfinite(hits.distance) & (hits.distance > receiver.nearest)
        spread = receiver.noise * (1 + 0.02 * hits.distance) / np.sqrt(np.maximum(hits.cosine, 0.05) + 0.3)
        # of one in twenty, for the others alike; packets hold levels where nothing returned, too
        echo = np.where(met, hits.reflectivity * np.sqrt(hits.cosine), 0.0)[::20]
        deviation = receiver.speckle * (0.4 + np.sqrt(echo))
        drawn.append((spread / receiver.tick, _rounded(receiver.gain * echo, deviation, receiver.brightest)))
        return receive(hits, receiver, draws)

    ranges = intensities = 0.0
    with patch("lizip.simulator.conditions.receive", noted):
        for seed in (1, 2):
            seen = hdl64.sweep(seed, firings=firings, speed=10.0).ranges.ravel() > 0
            spread, levels = drawn.pop()
            ranges += float((np.log2(spread[seen]) + _LONG_TAILS).sum()) / 8
            intensities += float(levels.mean() * len(seen)) / 8
    return ranges, intensities


def _rounded(means: np.ndarray, deviations: np.ndarray, most: int) -> np.ndarray:
    """Entropy of normal numbers that are rounded to 0 to `most`."""
    edges = np.concatenate([[-1e9], np.arange(0.5, most), [1e9]])
    below = 0.5 * (1 + np.vectorize(erf)((edges - means[:, None]) / deviations[:, None] / sqrt(2)))
    chances = np.diff(below, axis=1)
    return np.asarray(-(chances * np.log2(np.maximum(chances, 1e-300))).sum(axis=1))


def _long_tails() -> float:
    """Entropy, in bits, of a normal number whose deviation is 0.6 + 4 u**6, u uniform: see `simulator.returns`."""
    places = np.linspace(-25, 25, 20001)
    density = np.zeros_like(places)
    for u in (np.arange(4000) + 0.5) / 4000:
        deviation = 0.6 + 4 * u**6
        density += np.exp(-0.5 * (places / deviation) ** 2) / deviation
    density /= density.sum() * (places[1] - places[0])
    return float(-(density * np.log2(np.maximum(density, 1e-300))).sum() * (places[1] - places[0]))


_LONG_TAILS = _long_tails()
