"""One chunk: its columns in groups, coded one after the other; a group may look at all points of the groups before it.

Every column is stripped, then its planes go through the model that suits it. The same functions run in both
directions: a model codes arrays in place, so for the decoder they start as zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lizip.cloud import Columns
from lizip.codecs.survey.columns import decode_columns, encode_columns
from lizip.codecs.survey.decisions import INPUTS
from lizip.codecs.survey.decoded import Decoded
from lizip.codecs.survey.integers import integerise
from lizip.codecs.survey.models import CHANNELS, model_of
from lizip.packing import Unpacker, pack_bytes

_GROUP_OF = {
    "bit_fields": "returns",
    "classification_flags": "returns",
    "point_source_id": "returns",
    "gps_time": "time",
    "scan_angle_rank": "angle",
    "scan_angle": "angle",
    "X": "axes",
    "Y": "axes",
    "Z": "axes",
    "intensity": "intensity",
    "raw_classification": "class",
    "classification": "class",
    "user_data": "class",
    "green": "colour",
    "red": "colour",
    "blue": "colour",
    "nir": "colour",
    "wavepacket_index": "wave",
    "wavepacket_offset": "wave",
    "wavepacket_size": "wave",
    "return_point_wave_location": "wave",
    "x_t": "wave",
    "y_t": "wave",
    "z_t": "wave",
}

_NEEDS = {
    "returns": (),
    "time": ("returns",),
    "angle": ("returns", "time"),
    "axes": ("returns", "time"),
    "intensity": ("returns", "time", "axes"),
    "class": ("returns", "time", "axes", "intensity"),
    "colour": ("returns", "time", "axes", "intensity"),
    "wave": ("returns", "time", "axes"),
    "extra": ("returns", "time", "axes", "intensity", "class"),
}
"""What the models of a group look at, besides the group itself."""


def group_of(name: str) -> str:
    """Group of a column; those that LAS does not define are extra bytes."""
    return _GROUP_OF.get(name, "extra")


def needed(fields: Iterable[str]) -> list[str]:
    """Groups to decode for some columns, in order."""
    groups = {group_of(name) for name in fields}
    for group in tuple(groups):
        groups.update(_NEEDS[group])
    return [group for group in _NEEDS if group in groups]


def _units(group: str, names: Sequence[str]) -> list[list[str]]:
    """Columns that are coded together, as one stream; in the order of coding."""
    if group == "axes":
        return [sorted(names)]
    if group == "colour":
        return [[name for name in CHANNELS if name in names], *([name] for name in names if name == "nir")]
    order = list(_GROUP_OF)
    return [[name] for name in sorted(names, key=lambda name: order.index(name) if name in _GROUP_OF else len(order))]


def encode_group(group: str, names: Sequence[str], columns: Columns, known: Decoded, level: str) -> bytes:
    """Code the columns of a group and add them to what is known.

    The highest level tries the default one as well, unit by unit: it is never larger.
    """
    payloads = []
    for unit in _units(group, names):
        stripped = [integerise(np.ascontiguousarray(columns[name])) for name in unit]
        model = model_of(group, unit, known)
        tried = []
        for effort in ("default", "max") if level == "max" else (level,):
            inputs = INPUTS["max" if group == "extra" else effort]
            tried.append(encode_columns(stripped, model, known.buffers, inputs, effort))
        payloads.append(min(tried, key=len))
        for name in unit:
            known.add(name, columns[name])
    return b"".join(map(pack_bytes, payloads))


def decode_group(
    group: str,
    names: Sequence[str],
    dtypes: Sequence[np.dtype],
    payload: bytes,
    known: Decoded,
    wanted: Sequence[str],
) -> dict[str, np.ndarray]:
    """Undo `encode_group`; of the extra bytes, which do not depend on each other, only the wanted ones."""
    types = dict(zip(names, dtypes, strict=True))
    unpack = Unpacker(payload)
    columns = {}
    for unit in _units(group, names):
        coded = unpack.bytes()
        if group == "extra" and unit[0] not in wanted:
            continue
        decoded = decode_columns(coded, [types[name] for name in unit], known.count, model_of(group, unit, known))
        for name, column in zip(unit, decoded, strict=True):
            columns[name] = column
            known.add(name, column)
    unpack.finish()
    return columns
