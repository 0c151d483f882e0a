"""One chunk: its columns in groups, coded one after the other; a group may look at all points of the groups before it.

Every column is stripped, then its planes go through the model that suits it. The same functions run in both
directions: a model codes arrays in place, so for the decoder they start as zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from lizip.cloud import Columns
from lizip.codecs.survey import axes, colours, drift, numbers, symbols, times, views
from lizip.codecs.survey.known import Known
from lizip.codecs.survey.strip import read_recipe, restore, strip
from lizip.entropy.adaptive import INTEGER_NODES, fresh_counters
from lizip.entropy.coder import MODE, Coder, finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes

Model = Callable[[Coder, list[np.ndarray], list[int]], None]
"""Codes planes (N,) int64 of values from 0 to their tops, in place when decoding."""

_SAMPLE = 8192
"""Points on which ways of coding are compared."""

_DECISIONS = 100
"""Most binary decisions of a value."""


def encode_columns(columns: Sequence[np.ndarray], model: Model) -> bytes:
    """Strip columns and code their planes as one stream."""
    stripped = [strip(np.ascontiguousarray(column)) for column in columns]
    header = b"".join(part.header for part in stripped)
    planes = [plane for part in stripped for plane in part.planes]
    if not planes:
        return header
    unpack = Unpacker(header)
    tops = [top for column in columns for top in read_recipe(unpack, column.dtype).tops]
    coder = open_encoder(
        _DECISIONS * len(planes) * len(planes[0]) + (1 << 20), 64 * len(planes) * len(planes[0]) + (1 << 20)
    )
    model(coder, planes, tops)
    return header + finish_encoder(coder)


def decode_columns(payload: bytes, dtypes: Sequence[np.dtype], count: int, model: Model) -> list[np.ndarray]:
    """Undo `encode_columns`."""
    unpack = Unpacker(payload)
    recipes = [read_recipe(unpack, dtype) for dtype in dtypes]
    tops = [top for recipe in recipes for top in recipe.tops]
    planes = [np.zeros(count, np.int64) for _ in tops]
    if planes:
        coder = open_decoder(unpack.take(unpack.remaining))
        model(coder, planes, tops)
        finish_decoder(coder)
    unpack.finish()
    at, columns = 0, []
    for recipe in recipes:
        columns.append(restore(recipe, tuple(planes[at : at + len(recipe.tops)]), count))
        at += len(recipe.tops)
    return columns


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

_CHANNELS = ("green", "red", "blue")

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
        return [[name for name in _CHANNELS if name in names], *([name] for name in names if name == "nir")]
    order = list(_GROUP_OF)
    return [[name] for name in sorted(names, key=lambda name: order.index(name) if name in _GROUP_OF else len(order))]


def _model(unit: Sequence[str], known: Known) -> Model:
    """The model of columns that are coded together."""
    group = group_of(unit[0])

    def code(coder: Coder, planes: list[np.ndarray], tops: list[int]) -> None:
        if group == "axes" and len(planes) == 3:
            pulses = axes.Pulses(known.clock, known.same_pulse, known.kinds)
            if coder.at[MODE] == 0 and known.plan is None:
                known.plan = axes.choose_plan(planes, tops, pulses, known.level)
            axes.code_axes(coder, planes, tops, pulses, known.plan)
            return
        if unit[0] in _CHANNELS:
            colours.code_colours(
                coder, planes, tops, *known.neighbours, known.kinds, (known.coordinates[2],), known.level
            )
            return
        for plane, top in zip(planes, tops, strict=True):
            if group == "returns" or (group == "class" and unit[0] != "user_data" and top < symbols.LIMIT):
                symbols.code_column(coder, plane, top, *views.of_symbols(unit[0], known))
            elif group == "time" and len(planes) == 1:
                times.code_column(coder, plane, top, known.previous_in_line, known.bit_fields + 256 * known.follows)
            elif group == "extra" and top < symbols.LIMIT:
                _code_extra(coder, plane, top, unit[0], known)
            elif group == "angle" or unit[0] == "user_data":
                drift.code_column(coder, plane, top, known.previous_in_line, known.same_pulse, known.pace)
            else:
                numbers.code_column(coder, plane, top, views.of_numbers(unit[0], known), known.level)

    return code


def _code_extra(coder: Coder, plane: np.ndarray, top: int, name: str, known: Known) -> None:
    """Code small numbers of unknown meaning as symbols or as numbers, whichever is smaller on a sample."""
    kinds = (
        lambda coder, plane, references, hints, around: symbols.code_column(coder, plane, top, references, hints),
        lambda coder, plane, references, hints, around: numbers.code_column(coder, plane, top, around, known.level),
    )
    references, hints = views.of_symbols(name, known)
    around = views.of_numbers(name, known)
    choice = np.zeros(1, np.int64)
    if coder.at[MODE] == 0:
        part = slice(0, _SAMPLE)
        sizes = []
        for kind in kinds:
            trial = open_encoder(_DECISIONS * _SAMPLE + (1 << 20), 64 * _SAMPLE + (1 << 20))
            kind(
                trial,
                plane[part].copy(),
                references[part],
                hints[part],
                type(around)(*(array[part] for array in around)),
            )
            sizes.append(len(finish_encoder(trial)))
        choice[0] = int(np.argmin(sizes))
    numbers.code_parameters(coder, fresh_counters(INTEGER_NODES), choice)
    if not 0 <= choice[0] < len(kinds):
        raise CorruptError("extra bytes are coded in an unknown way")
    kinds[choice[0]](coder, plane, references, hints, around)


def encode_group(group: str, names: Sequence[str], columns: Columns, known: Known) -> bytes:
    """Code the columns of a group and add them to what is known."""
    payloads = []
    for unit in _units(group, names):
        payloads.append(encode_columns([columns[name] for name in unit], _model(unit, known)))
        for name in unit:
            known.add(name, columns[name])
    return b"".join(map(pack_bytes, payloads))


def decode_group(
    group: str, names: Sequence[str], dtypes: Sequence[np.dtype], payload: bytes, known: Known, wanted: Sequence[str]
) -> dict[str, np.ndarray]:
    """Undo `encode_group`; of the extra bytes, which do not depend on each other, only the wanted ones."""
    types = dict(zip(names, dtypes, strict=True))
    unpack = Unpacker(payload)
    columns = {}
    for unit in _units(group, names):
        coded = unpack.bytes()
        if group == "extra" and unit[0] not in wanted:
            continue
        decoded = decode_columns(coded, [types[name] for name in unit], known.count, _model(unit, known))
        for name, column in zip(unit, decoded, strict=True):
            columns[name] = column
            known.add(name, column)
    unpack.finish()
    return columns
