"""Sensors on a moving vehicle as a whole: bit for bit back, small where the law fits, silent where it does not."""

import contextlib
import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import sweeps
from sweeps import cloud_of, grids_of, rebuilt, stage_of

from lizip import simulator
from lizip.errors import CorruptError, LizipError
from lizip.sensor.fit.motion.ring_after_ring import find_runs
from lizip.sensor.model import Part, SweepModel
from lizip.sensor.solvers.moving import SOLVER
from lizip.sensor.stages.pose_law import PoseLaw
from lizip.sensor.stages.pose_spline import PoseSpline


def simulated(seed, **options):
    return np.frombuffer(sweeps.kept(simulator.nuscenes, seed, **options), "<f4").reshape(-1, 5).copy()


def solve(records, level="default"):
    return sweeps.solve(records, level, solver=SOLVER)


def round_trip(records, level="default"):
    """The solution, and its bits a point beside the grid."""
    solution = sweeps.round_trip(records, level=level, solver=SOLVER)
    return solution, len(solution.model.pack()) * 8 / len(records)


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({}, 0.6),
        ({"map_position": (1024.0, 2048.0)}, 0.6),
        ({"map_position": (-5200.0, 9000.0)}, 0.8),
        ({"map_position": (40.0, 900.0)}, 1.2),
        ({"map_position": (105.0, -78.0)}, 0.8),
        ({"map_position": (-33.0, 41.0)}, 1.2),
        ({"map_position": (12000.0, -8300.0)}, 1.2),
        ({"speed": 0.0}, 0.8),
        ({"yaw_rate": 0.8}, 0.8),
        ({"no_return_share": 0.02}, 0.8),
    ],
    ids=[
        "plain",
        "power of two",
        "far",
        "near an axis",
        "near",
        "nearer",
        "farther",
        "standing",
        "turning",
        "few no-returns",
    ],
)
def test_simulated_sweeps_follow_the_law(options, most):
    solution, bits = round_trip(simulated(21, **options))
    assert stage_of(solution, PoseLaw) is not None
    assert solution.about.notes["far axes"] == 3
    assert bits < most


def test_simulated_sweep_gives_the_true_ranges():
    from lizip.simulator import hdl32

    sweep = hdl32.sweep(22)
    (grid,) = solve(sweep.records, "fast").grids
    np.testing.assert_array_equal(grid.ranges, sweep.ranges)
    np.testing.assert_array_equal(grid.intensity, sweep.intensity)


@pytest.mark.parametrize("options", [{"map_position": (3.0, -5.0)}, {"far_frame": False}], ids=["origin", "no map"])
def test_without_a_lattice_it_is_a_moving_sensor(options):
    solution, bits = round_trip(simulated(23, firings=500, **options), "fast")
    assert stage_of(solution, PoseSpline) is not None
    assert bits < 21


def test_odd_values_survive():
    records = simulated(24, firings=600)
    records[7, 0] = np.nan
    records[100, 1] = -0.0
    records[5000, 2] = np.inf
    records[3000, 3] = 17.25
    records[9000, :3] = 1e30
    round_trip(records, "fast")


def test_without_the_ring_column():
    records = np.ascontiguousarray(simulated(25, firings=700)[:, :4])
    round_trip(records, "fast")


def near(records, reach):
    return (np.abs(records[:, :3]) < reach).all(axis=1)


def without(records, share, seed=0):
    return records[np.random.default_rng(seed).random(len(records)) >= share]


def silent(records):
    return (records[:, :3] ** 2).sum(axis=1) < 0.3**2


def with_words(records, which, word):
    changed = records.copy()
    changed[which, :3] = word
    return changed


MUTATIONS = {
    "random 5 % removed": (lambda r: without(r, 0.05), 1.0),
    "random 40 % removed": (lambda r: without(r, 0.4), 1.6),
    "no-returns removed": (lambda r: r[~silent(r)], 1.0),
    "vehicle removed": (lambda r: r[~((np.abs(r[:, 0]) < 1) & (np.abs(r[:, 1]) < 1))], 1.0),
    "cropped": (lambda r: r[near(r, 20.0)], 1.6),
    "first and last points cut off": (lambda r: r[7:-5], 0.8),
    "16 beams": (lambda r: r[r[:, 4] % 2 == 0], 1.2),
    "every second firing": (lambda r: r.reshape(-1, 32, 5)[::2].reshape(-1, 5), 1.9),
    "positions only": (lambda r: r[:, :3], 0.8),
    "without rings": (lambda r: r[:, :4], 0.8),
    "without rings, both ends cut": (lambda r: r[407:-333, :4], 1.2),
    "without rings, cropped": (lambda r: r[near(r, 30.0), :4], 1.6),
    "zeros for rings": (lambda r: r * np.array([1, 1, 1, 1, 0], "<f4"), 0.8),
    "intensities from 0 to 1": (lambda r: r * np.array([1, 1, 1, 1 / 255, 1], "<f4"), 0.8),
    "ring after ring": (lambda r: r.reshape(-1, 32, 5).transpose(1, 0, 2).reshape(-1, 5), 0.8),
    "no-returns not a number": (lambda r: with_words(r, silent(r), np.nan), 0.8),
    "some not a number": (lambda r: with_words(r, np.random.default_rng(1).random(len(r)) < 0.02, np.nan), 1.0),
    "no-returns zero": (lambda r: with_words(r, silent(r), 0.0), 0.8),
    "no-returns at the end": (lambda r: r[np.argsort(silent(r) | (np.arange(len(r)) % 991 == 5), kind="stable")], 0.8),
    "mirrored": (lambda r: r * np.array([1, -1, 1, 1, 1], "<f4"), 0.8),
    "quarter turn": (lambda r: np.stack([r[:, 1], -r[:, 0], *r[:, 2:].T], axis=1), 0.8),
    "half a turn, cut": (lambda r: without(r * np.array([-1, -1, 1, 1, 1], "<f4"), 0.05), 1.0),
    "padded with zeros": (lambda r: np.concatenate([r, np.zeros((len(r) // 10, 5), "<f4")]), 0.8),
}
"""What users do to a sweep, and bits a point beside the grid that it may take then."""


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_users_do_to_a_sweep(name):
    change, most = MUTATIONS[name]
    solution, bits = round_trip(np.ascontiguousarray(change(simulated(31))))
    assert stage_of(solution, PoseLaw) is not None
    assert bits < most


@pytest.mark.parametrize("options", [{}, {"yaw_rate": 0.8}, {"speed": 0.0}])
def test_firings_of_a_cut_sweep_are_found_by_elevations(options):
    from lizip.sensor.fit.motion.frame import find_firings

    records = simulated(31, **options)[407:-333]
    ring, firing = find_firings(records[:, :3].astype(np.float64))
    placed = firing >= 0
    assert placed.mean() > 0.99
    assert (ring == records[:, 4])[placed].mean() > 0.99
    true = np.cumsum(np.diff(records[:, 4], prepend=-1) <= 0)
    assert ((firing - firing[0]) == (true - true[0]))[placed].mean() > 0.99


@pytest.mark.parametrize("distance", [2.6, 4.2])
def test_beside_a_wall(distance):
    """Nothing far is to be seen to the left, where the sweep ends."""
    from lizip.simulator import hdl32, scene

    street = scene.street(7)
    wall = [[0, distance + 0.3, -1, 6, 9, 0.3, 0, 0.4]]
    street = replace(street, boxes=np.concatenate([street.boxes, wall]))
    solution, bits = round_trip(hdl32.sweep(7, scene=street, speed=0.0).records)
    assert stage_of(solution, PoseLaw) is not None
    assert bits < 1.2


def test_shuffled_rings_and_points_are_declined_or_come_back():
    records = simulated(26, firings=300)
    rng = np.random.default_rng(1)
    assert solve(records[rng.permutation(len(records))]) is None
    records[:, 4] = records[::-1, 4]
    round_trip(records)


def test_other_clouds_are_declined_at_once():
    rng = np.random.default_rng(2)
    noise = (rng.normal(size=(32 * 1000, 5)) * 20).astype("<f4")
    noise[:, 3] = 5
    noise[:, 4] = np.tile(np.arange(32), 1000)
    assert solve(noise) is None
    assert solve(noise[:, :4]) is None
    assert solve(np.zeros((3200, 5), "<f4")) is None


@pytest.mark.parametrize("level", ["fast", "default"])
@pytest.mark.parametrize(("name", "most"), [("sweep_b", 0.4), ("sweep_f", 0.75)])
def test_real_sweep(data, name, most, level):
    records = np.fromfile(data / "nuscenes" / f"{name}.bin", "<f4").reshape(-1, 5)
    solution, bits = round_trip(records, level)
    assert stage_of(solution, PoseLaw) is not None
    assert bits < most


@pytest.fixture(scope="module")
def small():
    records = simulated(27, firings=200)
    solution = solve(records)
    assert solution is not None
    return records, solution


def decoded(records, solution, stages):
    """The records from a solution whose stages were packed like this."""
    packed = SweepModel([Part(stages, len(records))]).pack()
    return rebuilt(packed, grids_of(solution), cloud_of(records).schema, len(records))


class Raw:
    """A stage of the same tag with other bytes."""

    def __new__(cls, stage, data):
        return type(type(stage).__name__, (), {"__module__": type(stage).__module__, "pack": lambda _: data})()


def test_hostile_stages_are_corrupt_or_harmless(small):
    records, solution = small
    stages, rng = solution.model.parts[0].stages, np.random.default_rng(3)
    for place, stage in enumerate(stages):
        data = stage.pack()
        for _ in range(25 if data else 0):
            damaged = bytearray(data)
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
            for forged in (bytes(damaged), data[: rng.integers(len(data))]):
                try:
                    again = decoded(records, solution, [*stages[:place], Raw(stage, forged), *stages[place + 1 :]])
                except LizipError:
                    continue
                assert again.shape == records.shape


def test_wrong_grids_are_corrupt(small):
    records, solution = small
    packed, schema = solution.model.pack(), cloud_of(records).schema
    ((ranges, intensity),) = grids_of(solution)
    for grid in (
        (ranges[:-1], intensity[:-1]),
        (ranges[:, :31], intensity[:, :31]),
        (ranges, None),
        (-ranges, intensity),
    ):
        with pytest.raises(CorruptError):
            rebuilt(packed, [grid], schema, len(records))
    with pytest.raises(CorruptError):
        rebuilt(packed, [(ranges, intensity)], schema[:2], len(records))


def test_wild_ranges_do_not_break_the_decoder(small):
    records, solution = small
    ((ranges, intensity),) = grids_of(solution)
    wild = np.where(ranges > 0, 1, 0).astype(np.int32)
    wild[10:20] *= (1 << 24) - 1
    with contextlib.suppress(CorruptError):
        rebuilt(solution.model.pack(), [(wild, intensity)], cloud_of(records).schema, len(records))


DECODE = """
import hashlib, pickle, sys
import numpy as np
from lizip.packing import Unpacker
from lizip.sensor.model import unpack_model
packed, grids, schema, count = pickle.load(sys.stdin.buffer)
columns = unpack_model(Unpacker(packed), count).rebuild(grids, schema)
print(hashlib.sha256(b"".join(columns[name].tobytes() for name, _ in schema)).hexdigest())
"""


def test_decoder_without_jit_gives_the_same_bits(small):
    records, solution = small
    message = pickle.dumps((solution.model.pack(), grids_of(solution), cloud_of(records).schema, len(records)))
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-W", "error", "-c", DECODE]
    found = subprocess.run(command, input=message, env=environment, capture_output=True, check=True)
    expected = hashlib.sha256(b"".join(np.ascontiguousarray(records[:, k]).tobytes() for k in range(5))).hexdigest()
    assert found.stdout.decode().strip() == expected


ENCODE = """
import hashlib, sys
import numpy as np
from lizip import simulator
from lizip.cloud import Cloud
from lizip.sensor.solvers.moving import SOLVER
from lizip.sensor.state import SensorState
records = np.frombuffer(simulator.nuscenes(28, firings=260), "<f4").reshape(-1, 5)
cloud = Cloud("bin", bytes([5]), {name: records[:, k] for k, name in enumerate(("x", "y", "z", "intensity", "ring"))})
solution = SOLVER.solve(cloud, "default", SensorState())
assert any(type(stage).__name__ == "PoseLaw" for stage in solution.model.parts[0].stages)
print(hashlib.sha256(solution.grids[0].ranges.tobytes() + solution.model.pack()).hexdigest())
"""


def test_the_fit_does_not_depend_on_the_processor():
    """Numpy without any vector code of its own, and another processor's linear algebra: the same bytes."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    features = " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name])
    plain = {"NPY_DISABLE_CPU_FEATURES": features, "OPENBLAS_CORETYPE": "Prescott"}
    found = {
        subprocess.run(
            [sys.executable, "-c", ENCODE],
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        ).stdout
        for environment in ({}, plain)
    }
    assert len(found) == 1


def test_more_time_never_costs_size():
    records = simulated(29, firings=400)
    longest, usual = (len(solve(records, level).model.pack()) for level in ("max", "default"))
    assert longest <= usual


@pytest.mark.parametrize("reversed_rings", [False, True])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_returns_ring_after_ring_are_put_into_firings(reversed_rings, backward, named):
    records = simulated(23)
    returned = records[(records[:, :3].astype(np.float64) ** 2).sum(axis=1) > 1.0]
    order = np.argsort(-returned[:, 4] if reversed_rings else returned[:, 4], kind="stable")
    sorted_by_ring = returned[order[::-1] if backward else order]
    _, bits = round_trip(sorted_by_ring if named else np.ascontiguousarray(sorted_by_ring[:, :4]))
    _, by_firing = round_trip(returned)
    assert bits < by_firing + 0.5


@pytest.mark.parametrize("numbered", [lambda ring: 31 - ring, lambda ring: 0 * ring, lambda ring: np.roll(ring, 900)])
def test_rings_are_told_by_elevations_where_a_column_counts_otherwise(numbered):
    records = simulated(23)
    returned = records[(records[:, :3].astype(np.float64) ** 2).sum(axis=1) > 1.0]
    by_ring = returned[np.argsort(returned[:, 4], kind="stable")]
    _, bits = round_trip(np.ascontiguousarray(by_ring[:, :4]))
    by_ring[:, 4] = numbered(by_ring[:, 4])
    _, with_column = round_trip(by_ring)
    assert with_column < bits + 0.5


def test_no_firings_where_few_far_points_tell_how_far_the_sensor_had_turned():
    records = simulated(23)
    records = records[np.argsort(records[:, 4], kind="stable")]
    points = records[:, :3].astype(np.float64)
    distance = np.sqrt((points**2).sum(axis=1))
    sector = np.floor(np.arctan2(points[:, 1], points[:, 0]) * (68 / (2 * np.pi)))
    far = [np.flatnonzero((distance > 8) & (sector == each))[::7][:4] for each in range(-34, 34)]
    kept = np.sort(np.concatenate([np.flatnonzero((distance > 1) & (distance < 6)), *far]))
    assert find_runs(points[kept], records[kept, 4].astype(np.int64)) is None


@pytest.mark.parametrize("place", [(90.0, -160.0, 2.0), (400.0, 1200.0, 0.0), (-4800.0, 1370.0, 13.0)])
def test_sweeps_in_the_frame_of_a_map_are_solved_about_where_they_are(place):
    """Their points are further from its origin than those of a vehicle's frame ever are."""
    records = simulated(24)
    turn, shift = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]), np.array(place)
    records[:, :3] = records[:, :3].astype(np.float64) @ turn.T + shift
    _, bits = round_trip(records)
    assert bits < 14.0
