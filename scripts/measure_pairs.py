"""Share of simulated sweeps of VLP-32C pairs that are solved, over mounts, speeds, turns and other vehicles.

    python scripts/measure_pairs.py [COUNT [FIRST SEED]]

Each sweep has two sensors mounted at random (the lower one upside down, as in Argoverse, or not), a speed of -10 to 30
m/s, a yaw rate of up to 0.5 rad/s and some lost points. Prints what was drawn for those that are not solved.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.solvers.chunked import SOLVER
from lizip.sensor.state import SensorState
from lizip.simulator import vlp32

NAMES = ("x", "y", "z", "intensity", "ring")


def mounts(draw: np.random.Generator) -> tuple[vlp32.Mount, vlp32.Mount]:
    """Two sensors, one above the other."""

    def one(height: float, upside_down: bool) -> vlp32.Mount:
        angles = (draw.uniform(-np.pi, np.pi), *draw.normal(0, 0.02, 2))
        return vlp32.Mount(angles, (draw.uniform(-0.5, 2.5), draw.normal(0, 0.3), height), upside_down)

    high = draw.uniform(1.4, 2.6)
    return one(high, False), one(high - draw.uniform(0.05, 0.3), bool(draw.random() < 0.7))


def main() -> None:
    """Draw, solve, count."""
    count, first = (int(argument) for argument in [*sys.argv[1:], *("40", "0")[len(sys.argv) - 1 :]])
    solved = 0
    for seed in range(first, first + count):
        draw = np.random.default_rng(seed)
        pair = mounts(draw)
        drawn = {
            "speed": draw.uniform(-10, 30),
            "yaw_rate": draw.uniform(-0.5, 0.5),
            "lost": draw.choice([0, 0.003, 0.02]),
        }
        records = vlp32.sweep(1000 + seed, mounts=pair, **drawn).records
        cloud = Cloud("bin", b"\4", dict(zip(NAMES, np.ascontiguousarray(records.T), strict=True)))
        started = time.process_time()
        solution = SOLVER.solve(cloud, "default", SensorState())
        spent = time.process_time() - started
        good = solution is not None and solution.about.notes["corrected"] < 0.3 * cloud.count
        solved += good
        if not good:
            why = "declined" if solution is None else f"{solution.about.notes['corrected'] / cloud.count:.0%} corrected"
            print(f"{seed}: {why} in {spent:.1f} s; {drawn}; {pair}", flush=True)
    print(f"{solved} of {count} solved")


if __name__ == "__main__":
    main()
