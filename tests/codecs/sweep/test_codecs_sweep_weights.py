import numpy as np
import pytest

from lizip.codecs.sweep.grid import decode_grid, encode_grid
from lizip.codecs.sweep.net import FEATURES, HIDDEN, OUTPUTS
from lizip.codecs.sweep.weights import FIELDS, HIDDEN_LIMIT, SUM_LIMIT, Weights, find_weights, load_weights
from lizip.errors import ModelMissingError


def random_arrays(seed, scale=300):
    random = np.random.default_rng(seed)
    shapes = ((FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (OUTPUTS, HIDDEN), (OUTPUTS,))
    return tuple(random.integers(-scale, scale + 1, shape) * (1 if len(shape) > 1 else 10) for shape in shapes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LIZIP_MODELS", str(tmp_path))
    return tmp_path


def test_saved_and_found_by_name_and_hash(folder):
    weights = Weights("mine", random_arrays(0))
    path = weights.save(folder)
    assert load_weights(path).digest == weights.digest
    found = find_weights("mine", weights.digest)
    for one, other in zip(found.arrays, weights.arrays, strict=True):
        np.testing.assert_array_equal(one, other)
    assert path.read_bytes() == weights.save(folder).read_bytes()


def test_missing_and_changed_predictors_are_named(folder):
    with pytest.raises(ModelMissingError, match=r"'mine' is not installed"):
        find_weights("mine")
    weights = Weights("mine", random_arrays(0))
    grid = np.arange(1, 61).reshape(10, 6) * 50
    Weights("mine", random_arrays(1)).save(folder)
    with pytest.raises(ModelMissingError, match=weights.digest.hex()):
        decode_grid(encode_grid(grid, None, net=weights).data)
    weights.save(folder)
    np.testing.assert_array_equal(decode_grid(encode_grid(grid, None, net="mine").data)[0], grid)


@pytest.mark.parametrize("name", ["", "..", "../mine", "a/b", "a\\b", "C:x", "\0", "x" * 300])
def test_names_are_not_paths(folder, name):
    with pytest.raises(ModelMissingError):
        find_weights(name)


def test_sums_that_float32_cannot_hold_are_refused():
    arrays = list(random_arrays(0))
    arrays[2] = np.zeros_like(arrays[2])
    arrays[2][:, 5] = 1000
    spare = SUM_LIMIT - 1 - HIDDEN * 1000 * HIDDEN_LIMIT
    arrays[3] = np.zeros_like(arrays[3])
    arrays[3][5] = spare
    Weights("largest", tuple(arrays))
    arrays[3][5] = spare + 1
    with pytest.raises(ValueError, match="too large"):
        Weights("too large", tuple(arrays))


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 cut"])
def test_files_that_are_none_are_named(folder, content):
    (folder / "mine.npz").write_bytes(content)
    with pytest.raises(ModelMissingError, match=r"mine\.npz cannot be used"):
        find_weights("mine")


def test_predictors_of_other_versions_are_named(folder):
    arrays = dict(zip(FIELDS, random_arrays(0), strict=True))
    np.savez(folder / "mine.npz", **{**arrays, "first": arrays["first"][:-1]})
    with pytest.raises(ModelMissingError, match="shape"):
        find_weights("mine")


def test_other_shapes_are_refused():
    arrays = list(random_arrays(0))
    arrays[0] = arrays[0][:-1]
    with pytest.raises(ValueError, match="shape"):
        Weights("small", tuple(arrays))
