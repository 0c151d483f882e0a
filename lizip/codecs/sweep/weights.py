"""Weights of predictors: integers in a file, found by name, known by a hash.

A stream names its predictor and the hash of its weights; whoever decodes it needs that very file.
"""

from __future__ import annotations

import functools
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from lizip.errors import CorruptError, ModelMissingError
from lizip.resources import HASHES, carried, models_folder, note, own_folders, user_folder

DEFAULT_NET = "spinning-1"
"""The predictor that ships."""

FIELDS = ("first", "first_bias", "second", "second_bias", "out", "out_bias")

FEATURE_LIMIT, HIDDEN_LIMIT, SUM_LIMIT = 127, 255, 1 << 24
"""Bounds of inputs; float32 holds whole numbers below SUM_LIMIT exactly, so no sum may reach it."""


class Weights:
    """A predictor: see `lizip.codecs.sweep.net.network` for its arrays.

    Raises
    ------
    ValueError
        When the shapes are wrong or a sum could leave the range where float32 is exact.
    """

    def __init__(self, name: str, arrays: tuple[np.ndarray, ...]):
        self.name = name
        self.arrays = tuple(map(np.ascontiguousarray, arrays, (np.int16, np.int32) * 3))
        first, first_bias, second, second_bias, out, out_bias = self.arrays
        if tuple(each.shape for each in self.arrays) != _shapes():
            raise ValueError(f"predictor {name!r} has layers of another shape than this version of lizip runs")
        largest = max(
            _largest_sum(first.T, first_bias, FEATURE_LIMIT),
            _largest_sum(second.T, second_bias, HIDDEN_LIMIT),
            _largest_sum(out, out_bias, HIDDEN_LIMIT),
        )
        if largest >= SUM_LIMIT:
            raise ValueError("weights of the predictor are too large: a sum could pass 2**24")

    @property
    def content(self) -> bytes:
        """All numbers, array after array, little-endian."""
        return b"".join(each.astype(each.dtype.newbyteorder("<")).tobytes() for each in self.arrays)

    @functools.cached_property
    def digest(self) -> bytes:
        """Eight bytes that tell these weights from all others."""
        return HASHES["predictor"](self.content)

    @classmethod
    def unpack(cls, name: str, content: bytes) -> Weights:
        """Read `content`; raises CorruptError when it is not that of a predictor."""
        arrays, start = [], 0
        for shape, dtype in zip(_shapes(), ("<i2", "<i4") * 3, strict=True):
            stop = start + np.dtype(dtype).itemsize * math.prod(shape)
            if stop > len(content):
                break
            arrays.append(np.frombuffer(content[start:stop], dtype).reshape(shape))
            start = stop
        if len(arrays) != len(FIELDS) or start != len(content):
            raise CorruptError("the file carries a predictor of another shape than this version of lizip runs")
        try:
            return cls(name, tuple(arrays))
        except ValueError as error:
            raise CorruptError(f"the file carries what is no predictor: {error}") from None

    def save(self, folder: Path) -> Path:
        """Write `<name>.npz` into a folder; returns its path."""
        path = folder / f"{self.name}.npz"
        arrays: dict[str, Any] = dict(zip(FIELDS, self.arrays, strict=True))
        np.savez(path, **arrays)
        return path


def _shapes() -> tuple[tuple[int, ...], ...]:
    """Shapes of the arrays."""
    from lizip.codecs.sweep.features import FEATURES
    from lizip.codecs.sweep.net import OUTPUTS
    from lizip.codecs.sweep.vectors import HIDDEN

    return (FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (OUTPUTS, HIDDEN), (OUTPUTS,)


def _largest_sum(weights: np.ndarray, bias: np.ndarray, limit: int) -> int:
    """Largest magnitude that bias (M,) + weights (M, N) times inputs of at most `limit` can take."""
    return int((np.abs(weights.astype(np.int64)).sum(1) * limit + np.abs(bias.astype(np.int64))).max())


def folders() -> list[Path]:
    """Where predictors are looked for: the user's own folders, the folder that ships."""
    return [*own_folders(), models_folder() / "predictors"]


def find_weights(name: str, digest: bytes | None = None) -> Weights:
    """Load the predictor of a name, and with a digest the one that has it: installed, or in the file that is decoded.

    Raises
    ------
    ModelMissingError
        When there is none.
    CorruptError
        When what the file carries is none.
    """
    plain = name.isprintable() and not set(name) & set("/\\:") and name.strip(". ") == name and 0 < len(name) <= 64
    paths = [folder / f"{name}.npz" for folder in folders()] if plain else []
    found = [load_weights(path) for path in paths if path.is_file()]
    fitting = (each for each in found if digest is None or each.digest == digest)
    weights = next(fitting, None) or (carried("predictor", name, digest, Weights.unpack) if digest else None)
    if weights is not None:
        note("predictor", name, weights.digest, weights)
        return weights
    version = f" (version {digest.hex()})" if digest else ""
    cause = "is here in another version" if found else "is not installed"
    remedy = f"put {name[:80]}.npz into {user_folder()} or a folder named by LIZIP_MODELS"
    raise ModelMissingError(f"predictor {name[:80]!r}{version} {cause}: {remedy}")


def load_weights(path: Path) -> Weights:
    """Read a predictor from its file (once, while the file stays as it is).

    Raises
    ------
    ModelMissingError
        When the file is none, or one for another version of lizip.
    """
    try:
        state = path.stat()
        return _load(path, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelMissingError(f"{path} cannot be used as a predictor: {error}") from error


@functools.lru_cache(maxsize=8)
def _load(path: Path, modified: int, size: int) -> Weights:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return Weights(path.stem, tuple(arrays[field] for field in FIELDS))
