"""Codec 3: LAS records, chunk by chunk (docs/format/survey.md)."""

from __future__ import annotations

import numpy as np

from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.container import CODEC, File
from second_reader.layout import Fields
from second_reader.survey import plain
from second_reader.survey.axes import Axes
from second_reader.survey.decisions import parameters
from second_reader.survey.integers import read_header
from second_reader.survey.known import Known, signed_size
from second_reader.survey.numbers import Around, colours, flat, numbers

GROUPS = {
    "returns": ("bit_fields", "classification_flags", "point_source_id"),
    "time": ("gps_time",),
    "angle": ("scan_angle_rank", "scan_angle"),
    "axes": ("X", "Y", "Z"),
    "intensity": ("intensity",),
    "class": ("raw_classification", "classification", "user_data"),
    "colour": ("green", "red", "blue", "nir"),
    "wave": (
        "wavepacket_index",
        "wavepacket_offset",
        "wavepacket_size",
        "return_point_wave_location",
        "x_t",
        "y_t",
        "z_t",
    ),
}
CHANNELS = ("green", "red", "blue")


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All columns."""
    index = Bytes(file.one(CODEC))
    parts: list[dict[str, np.ndarray]] = []
    types = dict(fields)
    listed = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "extra": tuple(name for name, _ in fields if name not in listed)}
    sections = {group: file.all(CODEC + 1 + k) for k, group in enumerate(groups)}
    for chunk in range(index.varint()):
        known = Known(index.varint())
        for _ in range(3):
            index.signed()
            index.varint()
        if index.u8():
            index.numbers("2d")
        for group, names in groups.items():
            if any(name in types for name in names):
                _group(Bytes(sections[group][chunk]), group, [name for name in names if name in types], types, known)
        parts.append(known.columns)
    index.end()
    demand(sum(len(part["X"]) for part in parts) == file.count, "chunks do not add up")
    return [np.concatenate([part[name] for part in parts]) for name, _ in fields]


def _group(head: Bytes, group: str, names: list[str], types: dict[str, np.dtype], known: Known) -> None:
    units = [[name] for name in names]
    if group == "axes":
        units = [names]
    if group == "colour":
        units = [[name for name in names if name in CHANNELS], *([name] for name in names if name == "nir")]
    for unit in units:
        body = Bytes(head.string())
        headers = [read_header(body, types[name]) for name in unit]
        tops = [top for each in headers for top in each.tops]
        planes: list[list[int]] = []
        if tops:
            inputs, stream = body.u8(), Stream(body.rest())
            demand(inputs in (2, 6), "a stream mixes an impossible number of contexts")
            planes = _planes(stream, group, unit, tops, known, inputs)
            stream.end()
        body.end()
        demand(all(max(plane, default=0) <= top for plane, top in zip(planes, tops, strict=True)), "beyond its top")
        for name, each in zip(unit, headers, strict=True):
            known.columns[name] = each.restored(planes[: len(each.tops)], known.count)
            planes = planes[len(each.tops) :]
    head.end()


def _planes(stream: Stream, group: str, unit: list[str], tops: list[int], known: Known, inputs: int) -> list[list[int]]:
    if group == "axes" and len(tops) == 3:
        return Axes(stream, known, tops).in_file_order()
    if unit[0] in CHANNELS:
        nearest, gaps = known.neighbours
        heights = known.coordinates[2].tolist()
        return colours(stream, tops, nearest, gaps.tolist(), known.kinds.tolist(), heights, inputs)
    return [_plane(stream, group, unit[0], top, len(tops) == 1, known, inputs) for top in tops]


def _plane(stream: Stream, group: str, name: str, top: int, whole: bool, known: Known, inputs: int) -> list[int]:
    count = known.count
    if group == "returns" or (group == "class" and name != "user_data" and top < 1 << 16):
        return plain.symbols(stream, count, top, *_of_symbols(name, known), inputs)
    if group == "time" and whole:
        returns = known.bit_fields + 256 * known.follows
        return plain.times(stream, known.previous_in_line.tolist(), returns.tolist(), inputs)
    if group == "extra":
        return unknown(stream, top, _of_numbers(name, known), *_of_symbols(name, known), inputs)
    if group == "angle" or name == "user_data":
        given = known.previous_in_line, known.same_pulse, known.pace
        previous, same, pace = (each.tolist() for each in given)
        return plain.drift(stream, previous, same, pace, inputs)
    return numbers(stream, count, top, _of_numbers(name, known), inputs)


def unknown(stream: Stream, top: int, around: Around, references: list, hints: list, inputs: int) -> list[int]:
    """Numbers of unknown meaning: symbols, numbers or raw, as a parameter says."""
    (choice,), count = parameters(stream, 1), len(around.classes)
    if choice == 0:
        return plain.symbols(stream, count, top, references, hints, inputs)
    demand(choice in (1, 2), "numbers are coded in an unknown way")
    return flat(stream, count, top) if choice == 2 else numbers(stream, count, top, around, inputs)


def _hints(known: Known, *given: np.ndarray) -> list[list[int]]:
    hints = np.zeros((known.count, 2), np.int64)
    for k, each in enumerate(given):
        hints[:, k] = each
    return hints.tolist()


def _of_symbols(name: str, known: Known) -> tuple[list, list]:
    """Points that are alike, and hints."""
    if name in GROUPS["returns"]:
        return [()] * known.count, _hints(known, *([known.bit_fields] if name != "bit_fields" else []))
    nearest, _ = known.neighbours
    rise = known.coordinates[2] - known.coordinates[2][nearest[:, 0]]
    hints = _hints(known, known.kinds + 4 * known.same_pulse, signed_size(rise) * 4 + known.kinds)
    return nearest.tolist(), hints


def _of_numbers(name: str, known: Known) -> Around:
    classes, hints, columns = known.kinds, _hints(known), []
    nearest = known.neighbours[0] if "X" in known.columns else np.zeros((known.count, 0), np.int64)
    if name in GROUPS["angle"]:
        columns, classes, nearest = [*known.coordinates, known.clock], known.same_pulse, nearest[:, :0]
    elif name == "intensity":
        hints = _hints(known, known.bit_fields, signed_size(np.diff(known.coordinates[2], prepend=0)))
    elif name == "nir":
        columns = [known.integers(other) for other in ("green", "red", "blue")]
        near = nearest[:, 0]
        hints = _hints(known, *(signed_size(column - column[near]) for column in columns[:2]))
        classes = np.zeros(known.count, np.int64)
    elif name in ("return_point_wave_location", "x_t", "y_t", "z_t"):
        columns = [*known.coordinates, known.clock]
    known_columns = [column.astype(np.float64).tolist() for column in columns]
    listed = classes.tolist()
    return Around(listed, listed, nearest.tolist(), known_columns, hints, listed)
