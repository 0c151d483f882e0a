"""The bound holds on every real file, at eight bounds; checked here without the package's own measure."""

import io

import numpy as np
import pytest

import lizip
from lizip.formats import split

BOUNDS = (1e-6, 1e-5, 1e-4, 0.001, 0.002, 0.01, 0.025, 0.1)
AXES = ("x", "y", "z", "X", "Y", "Z")


def check(data, packed, bound):
    """Compare what comes back with the original, field by field."""
    content = lizip.decompress(packed)
    before, after = split(data), lizip.read(io.BytesIO(packed))
    assert len(before.columns) == len(after)
    assert len(content) == len(data) or before.format in ("text", "pcd", "ply", "npz")
    if before.format == "las":
        scales = np.abs(np.frombuffer(data, "<f8", 3, 131))
    for name, old in before.columns.items():
        new = after[name]
        if name not in AXES or not old.size:
            assert np.ascontiguousarray(old).tobytes() == np.ascontiguousarray(new).tobytes(), name
            continue
        if before.format == "las":
            old, new = old.astype(np.int64), new.astype(np.int64)
            error = np.abs(new - old) * scales["XYZ".index(name)]
        else:
            finite = np.isfinite(old)
            assert np.isfinite(new[finite]).all()
            assert old[~finite].tobytes() == new[~finite].tobytes()
            error = np.abs(new[finite].astype(np.longdouble) - old[finite].astype(np.longdouble))
        assert error.max(initial=0) <= bound * (1 + 1e-12), name


@pytest.mark.slow
@pytest.mark.parametrize("bound", BOUNDS)
def test_the_bound_holds_on_every_file(data, bound):
    tried = 0
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.suffix in (".laz", ".md", ".py", ".feather"):  # logs are only kept as they are
            continue
        content = path.read_bytes()
        packed = lizip.compress(content, level="fast", max_error=bound)
        check(content, packed, bound)
        tried += 1
    assert tried > 50


@pytest.mark.parametrize("place", ["nuscenes/sweep_c.bin", "kitti_fov/crop_2.bin", "las_odd/extrabytes.las"])
def test_the_bound_holds(data, place):
    content = (data / place).read_bytes()
    for bound in BOUNDS[3::2]:
        check(content, lizip.compress(content, max_error=bound), bound)
