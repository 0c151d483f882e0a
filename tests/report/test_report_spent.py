"""Where the bits went: they add up to the file, points are those of the file, and what a point took was read off it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.container import Container
from lizip.decoder import Decoder
from lizip.report.scene import scene_of
from lizip.report.spent import spent

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"
FILES = sorted(path.name for path in GOLDEN.glob("*.lizip"))


def pieces_of(packed: bytes):
    return list(spent(Decoder(Container(io.BytesIO(packed)))))


@pytest.mark.parametrize("name", FILES)
def test_bits_add_up_and_points_are_those_of_the_file(name):
    packed = (GOLDEN / name).read_bytes()
    info = lizip.info(packed)
    pieces = pieces_of(packed)
    assert sum(len(piece.bits) for piece in pieces) == info["points"]
    if pieces:
        assert sum(piece.bits.sum() for piece in pieces) == pytest.approx(8 * len(packed))
    if len(pieces) == 1:
        for field, column in lizip.read(packed).items():
            assert pieces[0].columns[field].tobytes() == column.tobytes()
    assert all((piece.bits >= 0).all() for piece in pieces)
    assert all(piece.shared <= piece.bits.sum() * (1 + 1e-9) for piece in pieces)


@pytest.fixture(scope="module")
def sweep() -> bytes:
    return lizip.compress(simulator.kitti(1, firings=250))


def test_a_sweep_says_of_nearly_all_bits_which_point_took_them(sweep):
    (piece,) = pieces_of(sweep)
    streams = lizip.info(sweep)["streams"]
    points = sum(streams[name] for name in ("flags", "range", "intensity", "corrections"))
    assert piece.bits.sum() - piece.shared == pytest.approx(8 * points, rel=0.01)
    assert piece.bits.max() > 2 * piece.bits.mean()


def test_points_that_are_hard_to_foresee_cost_more():
    rng = np.random.default_rng(5)
    steps = np.concatenate([np.zeros(3000), rng.integers(-(1 << 20), 1 << 20, 3000)])
    xyz = np.stack([np.cumsum(steps) * 1e-3, np.arange(6000) * 0.5, np.ones(6000)], axis=1).astype(np.float32)
    (piece,) = pieces_of(lizip.compress(xyz, codec="floats"))
    assert piece.bits[3100:].mean() > piece.bits[100:3000].mean() + 10


def test_the_error_is_what_was_corrected(sweep):
    (piece,) = pieces_of(sweep)
    corrected = lizip.info(sweep)["corrected"]
    known = piece.error[np.isfinite(piece.error)]
    assert np.count_nonzero(known) == corrected > 0
    assert np.count_nonzero(~np.isfinite(piece.error)) == lizip.info(sweep)["exceptions"]
    assert known.max() < 0.1


def test_ranges_are_those_of_the_sensor(sweep):
    scene = scene_of(Decoder(Container(io.BytesIO(sweep))))
    away = np.linalg.norm(scene.xyz, axis=1)
    # the HDL-64E's beams leave its axis by some centimetres
    assert np.abs(scene.numbers["range"] - away).max() < 0.3
    assert np.isfinite(scene.numbers["range"]).all()
    whole = scene.numbers["range"][scene.ring >= 0] / 0.002
    assert np.abs(whole - np.rint(whole)).max() < 1e-6


def test_rings_come_from_the_top(sweep):
    scene = scene_of(Decoder(Container(io.BytesIO(sweep))))
    assert scene.is_grid
    assert (np.diff(scene.elevations) < 0).mean() > 0.9
    angle = np.degrees(np.arctan2(scene.xyz[:, 2], np.hypot(scene.xyz[:, 0], scene.xyz[:, 1])))
    inside = scene.ring >= 0
    top, bottom = angle[inside & (scene.ring < 10)].mean(), angle[inside & (scene.ring > 50)].mean()
    assert top > bottom + 10


def test_points_without_a_grid_are_shown_by_direction():
    packed = lizip.compress(simulator.kitti(1, firings=60), codec="floats")
    scene = scene_of(Decoder(Container(io.BytesIO(packed))))
    assert not scene.is_grid
    assert scene.ring.max() > 50
    assert set(scene.numbers) == {"range", "height", "intensity", "bits"}


def test_a_file_without_points_has_no_scene():
    assert scene_of(Decoder(Container(io.BytesIO(lizip.compress(b"some words"))))) is None
