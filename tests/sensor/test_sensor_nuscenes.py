"""nuScenes' chain as a whole: bit for bit back, small where it fits, silent where it does not."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import pytest

from lizip import simulator
from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.sensor.nuscenes.chain import CHAIN, CORRECTIONS, HEADER, POSES

NAMES = ("x", "y", "z", "intensity", "ring")


def cloud_of(records):
    names = NAMES[: records.shape[1]]
    return Cloud("bin", bytes([len(names)]), {name: records[:, i] for i, name in enumerate(names)})


def simulated(seed, **options):
    return np.frombuffer(simulator.nuscenes(seed, **options), "<f4").reshape(-1, 5).copy()


def rebuilt(records, measured, side=None):
    cloud = cloud_of(records)
    columns = CHAIN.rebuild(measured.ranges, measured.intensity, side or measured.side, cloud.schema, len(records))
    return np.stack([columns[name] for name in cloud.columns], axis=1)


def round_trip(records, level="default"):
    measured = CHAIN.recover(cloud_of(records), level)
    assert measured is not None
    again = rebuilt(records, measured)
    np.testing.assert_array_equal(again.view(np.uint32), records.view(np.uint32))
    return measured, sum(map(len, measured.side.values())) * 8 / len(records)


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
    measured, bits = round_trip(simulated(21, **options))
    assert measured.info["pose model"] == "law"
    assert measured.info["far axes"] == 3
    assert bits < most


def test_simulated_sweep_gives_the_true_ranges():
    from lizip.simulator import hdl32

    sweep = hdl32.sweep(22)
    measured = CHAIN.recover(cloud_of(sweep.records), "fast")
    np.testing.assert_array_equal(measured.ranges, sweep.ranges)
    np.testing.assert_array_equal(measured.intensity, sweep.intensity)


@pytest.mark.parametrize("options", [{"map_position": (3.0, -5.0)}, {"far_frame": False}], ids=["origin", "no map"])
def test_without_a_lattice_it_is_a_moving_sensor(options):
    _, bits = round_trip(simulated(23, **options), "fast")
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


def test_shuffled_rings_and_points_are_declined_or_come_back():
    records = simulated(26, firings=300)
    rng = np.random.default_rng(1)
    assert CHAIN.recover(cloud_of(records[rng.permutation(len(records))]), "default") is None
    assert CHAIN.recover(cloud_of(records[:-3]), "default") is None
    records[:, 4] = records[::-1, 4]
    assert CHAIN.recover(cloud_of(records), "default") is None


def test_other_clouds_are_declined_at_once():
    rng = np.random.default_rng(2)
    noise = (rng.normal(size=(32 * 1000, 5)) * 20).astype("<f4")
    noise[:, 3] = 5
    noise[:, 4] = np.tile(np.arange(32), 1000)
    assert CHAIN.recover(cloud_of(noise), "default") is None
    assert CHAIN.recover(cloud_of(noise[:, :4]), "default") is None
    assert CHAIN.recover(cloud_of(np.zeros((3200, 5), "<f4")), "default") is None


@pytest.mark.parametrize(("name", "law", "spline"), [("sweep_b", 0.4, 1.6), ("sweep_f", 0.75, 3.7)])
def test_real_sweep(data, name, law, spline):
    records = np.fromfile(data / "nuscenes" / f"{name}.bin", "<f4").reshape(-1, 5)
    measured, bits = round_trip(records)
    assert measured.info["pose model"] == "law"
    assert bits < law
    measured, bits = round_trip(records, "fast")
    assert measured.info["pose model"] == "spline"
    assert bits < spline


@pytest.fixture(scope="module")
def small():
    records = simulated(27, firings=200)
    measured = CHAIN.recover(cloud_of(records), "default")
    assert measured is not None
    return records, measured


def test_hostile_side_streams_are_corrupt_or_harmless(small):
    records, measured = small
    rng = np.random.default_rng(3)
    for number, stream in measured.side.items():
        for cut in {0, 1, len(stream) // 2, len(stream) - 1}:
            with pytest.raises(CorruptError):
                rebuilt(records, measured, {**measured.side, number: stream[:cut]})
        for _ in range(25):
            damaged = bytearray(stream)
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
            try:
                again = rebuilt(records, measured, {**measured.side, number: bytes(damaged)})
            except CorruptError:
                continue
            assert again.shape == records.shape


def test_wrong_grids_are_corrupt(small):
    records, measured = small
    schema = cloud_of(records).schema
    for ranges, count in ((measured.ranges[:-1], len(records)), (measured.ranges[:, :31], len(records))):
        with pytest.raises(CorruptError):
            CHAIN.rebuild(ranges, measured.intensity, measured.side, schema, count)
    with pytest.raises(CorruptError):
        CHAIN.rebuild(measured.ranges, None, measured.side, schema, len(records))
    with pytest.raises(CorruptError):
        CHAIN.rebuild(measured.ranges, measured.intensity, measured.side, schema[:2], len(records))


def test_wild_ranges_do_not_break_the_decoder(small):
    records, measured = small
    ranges = measured.ranges.copy()
    ranges[10:20] = np.iinfo(np.int32).max
    ranges[30] = np.iinfo(np.int32).min
    with contextlib.suppress(CorruptError):
        CHAIN.rebuild(ranges, measured.intensity, measured.side, cloud_of(records).schema, len(records))


DECODE = """
import hashlib, pickle, sys
from lizip.sensor.nuscenes.chain import CHAIN
ranges, intensity, side, schema, count = pickle.load(sys.stdin.buffer)
columns = CHAIN.rebuild(ranges, intensity, side, schema, count)
print(hashlib.sha256(b"".join(column.tobytes() for column in columns.values())).hexdigest())
"""


@pytest.mark.parametrize("keep", [(HEADER, POSES, CORRECTIONS)])
def test_decoder_without_jit_gives_the_same_bits(small, keep):
    import hashlib
    import pickle

    records, measured = small
    assert set(keep) <= set(measured.side)
    message = pickle.dumps(
        (measured.ranges, measured.intensity, dict(measured.side), cloud_of(records).schema, len(records))
    )
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
from lizip.sensor.nuscenes.chain import CHAIN
records = np.frombuffer(simulator.nuscenes(28, firings=260), "<f4").reshape(-1, 5)
cloud = Cloud("bin", bytes([5]), {name: records[:, k] for k, name in enumerate(("x", "y", "z", "intensity", "ring"))})
measured = CHAIN.recover(cloud, "default")
assert measured.info["pose model"] == "law"
print(hashlib.sha256(measured.ranges.tobytes() + b"".join(measured.side[k] for k in sorted(measured.side))).hexdigest())
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
    longest, usual = (CHAIN.recover(cloud_of(records), level).side.values() for level in ("max", "default"))
    assert sum(map(len, longest)) <= sum(map(len, usual))
