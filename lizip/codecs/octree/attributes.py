"""The columns beside the coordinates: each from the nearest points before, and from the column before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lizip.codecs.survey.columns import Model, decode_columns, encode_columns
from lizip.codecs.survey.decisions import INPUTS
from lizip.codecs.survey.integers import integerise
from lizip.codecs.survey.model_inputs import signed_size
from lizip.codecs.survey.models import code_unknown
from lizip.codecs.survey.numbers import Surroundings
from lizip.entropy.coder import Coder, EncoderBuffers

_MOST = float(1 << 40)


def encode_attributes(columns: Sequence[np.ndarray], references: np.ndarray, level: str) -> Iterator[bytes]:
    """Yield what is to be said of each column (N,), given near points before each point, (N, 2) int64."""
    buffers, before = EncoderBuffers(), None
    for column in columns:
        stripped = [integerise(np.ascontiguousarray(column))]
        efforts = ("default", "max") if level == "max" else (level,)
        tries = [encode_columns(stripped, _model(references, before), buffers, INPUTS["max"], each) for each in efforts]
        yield min(tries, key=len)
        before = column


def decode_attributes(
    payloads: Sequence[bytes], dtypes: Sequence[np.dtype], references: np.ndarray
) -> Iterator[np.ndarray]:
    """Undo `encode_attributes`; raises CorruptError."""
    before = None
    for payload, dtype in zip(payloads, dtypes, strict=True):
        (before,) = decode_columns(payload, [dtype], len(references), _model(references, before))
        yield before


def _model(references: np.ndarray, before: np.ndarray | None) -> Model:
    around = _surroundings(references, before)

    def code(coder: Coder, planes: list[np.ndarray], tops: list[int], inputs: int, level: str) -> None:
        for plane, top in zip(planes, tops, strict=True):
            code_unknown(coder, plane, top, around, inputs, level)

    return code


def _surroundings(references: np.ndarray, before: np.ndarray | None) -> Surroundings:
    """Near points, and what the column before says: by how much it differs from the nearest point's."""
    count = len(references)
    nothing, hints = np.zeros(count, np.int64), np.zeros((count, 2), np.int64)
    known = np.zeros((0, count))
    if before is not None and before.dtype.kind in "iuf":
        with np.errstate(all="ignore"):
            numbers = before.astype(np.float64)
            numbers = np.where(np.abs(numbers) < _MOST, numbers, 0.0)
        known = numbers[None]
        hints[:, 0] = signed_size(numbers - numbers[references[:, 0]])
    return Surroundings(nothing, nothing, references, known, hints, nothing)
