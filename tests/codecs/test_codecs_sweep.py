"""The sweep codec from cloud to container and back, and what it makes of damage."""

import hashlib
import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import lizip
import lizip.sensor.solvers.driver
from lizip import container, simulator
from lizip.cloud import Cloud
from lizip.codecs import Options
from lizip.codecs.sweep import CODEC, GRID, HEADER
from lizip.errors import CorruptError, DefectWarning
from lizip.sensor import SOLVERS
from lizip.sensor.fit.elevations import rings_by_elevation
from lizip.sensor.fit.rings import split_rings
from lizip.sensor.state import SensorState
from lizip.simulator import drivers
from lizip.simulator.turning import MODELS

NAMES = ("x", "y", "z", "intensity")


def cloud_of(data):
    points = np.frombuffer(data, "<f4").reshape(-1, 4)
    return Cloud("bin", b"\4", {name: points[:, i] for i, name in enumerate(NAMES)})


def encode(data, level="fast"):
    sections = CODEC.encode(cloud_of(data), Options(level=level))
    if sections is None:
        return None
    return container.write(sections, CODEC.number, 1, len(data), container.content_hash(data), len(data) // 16)


def decode(coded):
    box = container.Container(io.BytesIO(coded))
    schema = tuple((name, np.dtype("<f4")) for name in NAMES)
    (columns,) = CODEC.decode(box, schema, box.header.count)
    return np.stack([columns[name] for name in NAMES], axis=1).tobytes()


@pytest.fixture(scope="module")
def sweep():
    return simulator.kitti(1, firings=300)


@pytest.fixture(scope="module")
def coded(sweep):
    return encode(sweep)


def test_simulated_sweep_comes_back_small(sweep, coded):
    assert decode(coded) == sweep
    assert 8 * len(coded) < 16 * len(sweep) / 16


def test_the_same_bytes_each_time(sweep, coded):
    assert encode(sweep) == coded


@pytest.mark.parametrize(("name", "most"), [("kitti/full_b", 11.2), ("kitti/seq_0", 10.3), ("kitti_fov/crop_4", 10.9)])
def test_real_sweep_comes_back(data, name, most):
    original = (data / f"{name}.bin").read_bytes()
    coded = encode(original, "default")
    assert decode(coded) == original
    assert 8 * len(coded) / (len(original) / 16) < most


def test_description_adds_up(coded):
    description = CODEC.describe(container.Container(io.BytesIO(coded)))
    streams = description.pop("streams")
    assert description["sensor"] == "Velodyne HDL-64E as in KITTI"
    assert description["fitted to this scan"] == 1
    assert {"flags", "range", "intensity", "firings", "corrections"} <= set(streams)
    assert 0.97 * len(coded) < sum(streams.values()) + 80 < 1.03 * len(coded) + 160


def test_a_solver_that_explains_little_is_not_the_last_word():
    """Sweeps at rest, rounded to a tenth of a millimetre: the solver for moving ones takes them, point by point."""
    points = drivers.sweep(4, MODELS["hdl32"], "PCL", span=0.3).records.astype("<f8").round(4).astype("<f4")
    coded = encode(points.tobytes(), "default")
    assert decode(coded) == points.tobytes()
    assert len(coded) < 3 * len(points)


SHARES, AXES = (0.3, 0.9, 1.0), ([0], [2], [0, 1, 2])
NOWHERE = [
    (value, share, AXES[(i + j) % 3])
    for i, value in enumerate((np.nan, np.inf, -np.inf, -0.0, 1e-42, 3.4e38))
    for j, share in enumerate(SHARES)
]
"""Each value with each share and with each set of axes, each share with each set of axes."""


@pytest.mark.parametrize(("value", "share", "axes"), NOWHERE)
def test_points_that_are_nowhere(value, share, axes):
    """Whatever stands in most of a cloud, solvers are not confused by it, nor asked where too little is left."""
    random = np.random.default_rng(3)
    turn = np.arange(2500) * 2 * np.pi / 600
    points = np.stack([20 * np.cos(turn), 20 * np.sin(turn), np.full(2500, -1.5), turn % 9], 1).astype("<f4")
    points[np.ix_(random.random(2500) <= share, axes)] = value
    assert lizip.decompress(lizip.compress(points, level="fast")).tobytes() == points.tobytes()


@pytest.mark.defective
def test_a_solver_that_fails_is_passed_over(sweep, coded, monkeypatch):
    from lizip.sensor.solvers.camera import Camera

    def fail(*_):
        raise ValueError("cannot reshape")

    monkeypatch.setattr(Camera, "solve", fail)
    monkeypatch.setattr("lizip.codecs.sweep.SOLVERS", sorted(SOLVERS, key=lambda each: each.name != "camera"))
    with pytest.warns(DefectWarning, match="the solver camera failed on a cloud of .* points: ValueError"):
        assert encode(sweep) == coded


def test_what_solved_the_sweep_before_is_asked_first_and_alone(monkeypatch):
    clouds = [cloud_of(simulator.kitti(seed, firings=300)) for seed in (1, 2)]
    state, asked = SensorState(), []

    class Noting:
        def solve(self, *arguments):
            asked.append("driver")
            return driver.solve(*arguments)

    driver = lizip.sensor.solvers.driver.SOLVER
    monkeypatch.setattr(lizip.sensor.solvers.driver, "SOLVER", Noting())
    for cloud in clouds:
        assert CODEC.solve(cloud, Options(state=state)) is not None
    assert asked == ["driver"]


def test_other_clouds_are_declined():
    assert encode(simulator.unordered(1, points=3000)) is None
    assert encode(b"") is None


def _rebuilt(coded, change):
    """The same file with changed sections, checksums made right."""
    box = container.Container(io.BytesIO(coded))
    sections = [container.Section(e.kind, change(e.kind, box.read(e))) for e in box.header.entries]
    head = box.header
    return container.write(sections, head.codec, head.format, head.length, head.digest, head.count, head.layout)


def test_damage_behind_right_checksums_gives_corrupt_or_points(coded):
    rng = np.random.default_rng(5)
    for _ in range(150):
        kind = int(rng.choice([entry.kind for entry in container.Container(io.BytesIO(coded)).header.entries]))

        def change(this, data, kind=kind):
            if this != kind:
                return data
            data = bytearray(data)
            data[rng.integers(min(len(data), 400))] ^= 1 << rng.integers(8)
            return bytes(data if rng.random() < 0.7 else data[: rng.integers(len(data))])

        try:
            decode(_rebuilt(coded, change))
        except CorruptError:
            continue


@pytest.mark.parametrize("kind", [HEADER, GRID])
def test_missing_sections_are_corrupt(coded, kind):
    with pytest.raises(CorruptError):
        decode(_rebuilt(coded, lambda this, data: b"" if this == kind else data))


RNG = np.random.default_rng(7)
TURN = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])
HARMED = {
    "shuffled": lambda points: RNG.permutation(points),
    "noise of a millimetre": lambda points: points + RNG.normal(0, 0.001, points.shape) * [1, 1, 1, 0],
    "float32 noise": lambda points: points * (1 + RNG.normal(0, 6e-8, points.shape) * [1, 1, 1, 0]),
    "turned": lambda points: np.column_stack([points[:, :3].astype(np.float64) @ TURN, points[:, 3]]),
    "reversed": lambda points: points[::-1],
}
SHORTENED = {
    "a ring less": lambda points, ring: points[ring != 5],
    "every seventh dropped": lambda points, ring: np.delete(points, slice(None, None, 7), axis=0),
    "half a turn": lambda points, ring: points[points[:, 0] > 0],
}
SWEEPS = {
    "kitti": lambda: simulator.kitti(2, firings=400),
    "ouster": lambda: simulator.ouster(2, rings=16),
    "ouster grid": lambda: simulator.ouster(2, rings=16, layout="beam", drop_missing=False),
}


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("harm", HARMED)
def test_harmed_sweeps_are_never_larger_than_floats(name, harm):
    points = np.frombuffer(SWEEPS[name](), "<f4").reshape(-1, 4)
    data = np.ascontiguousarray(HARMED[harm](points).astype("<f4")).tobytes()
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    assert len(coded) <= 1.005 * len(lizip.compress(data, codec="floats")) + 100


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("cut", SHORTENED)
def test_shortened_sweeps_stay_sweeps(name, cut):
    points = np.frombuffer(SWEEPS[name](), "<f4").reshape(-1, 4)
    if name == "kitti":
        bounds = split_rings(points[:, 0].copy(), points[:, 1].copy(), 192)
        ring = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    else:
        ring = np.arange(len(points)) // 1024 if "grid" in name else rings_by_elevation(points[:, :3])
    data = SHORTENED[cut](points, ring).tobytes()
    coded = encode(data)
    assert decode(coded) == data
    whole = len(encode(points.tobytes())) / len(points)
    assert len(coded) / (len(data) / 16) < 1.25 * whole + 0.2


@pytest.mark.parametrize("name", ["kitti_part", "ouster_part", "nuscenes_part"])
def test_bytes_do_not_depend_on_what_was_coded_before(name):
    """A sweep alone, in a process of its own, and the same sweep after another of the same kind."""
    make = {"kitti_part": simulator.kitti, "ouster_part": simulator.ouster, "nuscenes_part": simulator.nuscenes}[name]
    sizes: dict[str, dict[str, Any]] = {"kitti_part": {"firings": 250}, "ouster_part": {"columns": 1024, "span": 0.05}}
    size = sizes.get(name, {"firings": 100})
    alone = (
        "import hashlib, sys, lizip; from lizip import simulator\n"
        f"data = simulator.{make.__name__}(2, **{size!r})\n"
        "print(hashlib.sha256(lizip.compress(data, codec='sweep', check=False)).hexdigest())"
    )
    fresh = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True).stdout.strip()
    lizip.compress(make(1, **size), codec="sweep", check=False)
    again = lizip.compress(make(2, **size), codec="sweep", check=False)
    assert hashlib.sha256(again).hexdigest() == fresh
