"""Formats: columns, regions and a layout become a file again (docs/format/layouts.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from second_reader import lzf, packets, text
from second_reader.bytestream import Bytes, demand

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
OPAQUE, BIN, LAS, PCD, PLY, NPY, ARRAY, TEXT, NPZ, POINTS, LOG, PACKETS, COLUMNS = range(13)

Fields = list[tuple[str, np.dtype]]

_POSITION = "X i4 Y i4 Z i4 intensity u2 bit_fields u1 "
_OLD = _POSITION + "raw_classification u1 scan_angle_rank i1 user_data u1 point_source_id u2 "
_GPS = "gps_time f8 "
_NEW = _POSITION + "classification_flags u1 classification u1 user_data u1 scan_angle i2 point_source_id u2 " + _GPS
_RGB, _NIR = "red u2 green u2 blue u2 ", "nir u2 "
_WAVE = "wavepacket_index u1 wavepacket_offset u8 wavepacket_size u4 return_point_wave_location f4 x_t f4 y_t f4 z_t f4"
LAS_FIELDS = (
    *(_OLD, _OLD + _GPS, _OLD + _RGB, _OLD + _GPS + _RGB, _OLD + _GPS + _WAVE, _OLD + _GPS + _RGB + _WAVE),
    *(_NEW, _NEW + _RGB, _NEW + _RGB + _NIR, _NEW + _WAVE, _NEW + _RGB + _NIR + _WAVE),
)


def _fields(head: Bytes) -> Fields:
    found = []
    for _ in range(head.varint()):
        code = head.u8()
        demand(code < len(TYPES), "a field has an unknown type")
        found.append((head.string().decode("utf-8", "surrogateescape"), np.dtype("<" + TYPES[code])))
    return found


def fields_of(form: int, layout: bytes) -> Fields:
    """Names and types of the columns, which are little-endian whatever the file is."""
    head = Bytes(layout)
    if form == BIN:
        before = layout[0] - 128 if layout[0] > 128 else 0
        layout = layout[before > 0 :]
        codes = [TYPES.index("f4")] * layout[0] if layout[0] else list(layout[1:])
        names = [f"f{i}" for i in range(len(codes))]
        first = ["x", "y", "z"] if before else ["x", "y", "z", "intensity", "ring"]
        names[before : before + len(first)] = first
        return [(name, np.dtype("<" + TYPES[code])) for name, code in zip(names, codes, strict=False)]
    if form == LAS:
        words = LAS_FIELDS[head.u8()].split()
        return [(a, np.dtype("<" + b)) for a, b in zip(words[::2], words[1::2], strict=True)] + _fields(head)
    if form == NPZ:
        return [field for _, own in _arrays(head) for field in own]
    if form == PACKETS:
        head.varints(6)
        head.string()
    elif form in (PCD, PLY, NPY, ARRAY):
        head.u8()
    return _fields(head)


def is_across(form: int, layout: bytes) -> bool:
    """Whether pieces of a file are runs of points that go to several places of it."""
    if form == NPZ:
        arrays = _arrays(Bytes(layout))
        return len(arrays) > 1 or arrays[0][0] > 1
    return form in (NPY, ARRAY) and layout[:1] > b"\1"


def _arrays(head: Bytes) -> list[tuple[int, Fields]]:
    """Mode and fields of each array of an archive."""
    return [(head.u8(), _fields(head)) for _ in range(head.varint())]


def _type_of(columns: list[np.ndarray] | list[np.dtype], order: Any = "<") -> np.dtype:
    kinds = [each.dtype if isinstance(each, np.ndarray) else each for each in columns]
    return np.dtype([(str(i), kind.newbyteorder(order)) for i, kind in enumerate(kinds)])


def _records(columns: list[np.ndarray], order: str = "<") -> bytes:
    records = np.empty(len(columns[0]) if columns else 0, _type_of(columns, order))
    for i, column in enumerate(columns):
        records[str(i)] = column
        if order == ">":  # bit for bit: a conversion would change some NaN
            records[str(i)] = column.byteswap().view(records.dtype[i])
    return records.tobytes()


def _numbers(mode: int, columns: list[np.ndarray]) -> bytes:
    """The numbers of an array: little or (1, 3) big-endian, records or (2, 3) columns."""
    parts = [[column] for column in columns] if mode > 1 else [columns]
    return b"".join(_records(part, ">" if mode & 1 else "<") for part in parts)


def join(form: int, layout: bytes, regions: list[bytes], columns: list[np.ndarray]) -> bytes:
    """The bytes of the file."""
    if form == OPAQUE or (form == ARRAY and not layout):
        demand(len(regions) == 1, "an unknown file is one region")
        return regions[0]
    if form in (BIN, POINTS):
        return (_records(columns) if columns else b"") + b"".join(regions)
    if form == COLUMNS:
        return b"".join(column.tobytes() for column in columns)
    head = Bytes(layout)
    if form == PACKETS:
        demand(layout[-1] < 2, "channels are little- or big-endian")
        kind = _type_of([kind for _, kind in fields_of(form, layout)], ">" if layout[-1] else "<")
        return packets.join(head, kind, regions, columns)
    if form == NPZ:
        return _archive(_arrays(head), regions, columns)
    if form in (PCD, PLY, TEXT):
        return _of_table(form, head, regions, columns)
    demand(form in (LAS, NPY, ARRAY), f"format {form} is not known")
    demand(len(regions) == 2, "a header and an end are missing")
    return regions[0] + (_records(columns) if form == LAS else _numbers(head.u8(), columns)) + regions[1]


def _archive(arrays: list[tuple[int, Fields]], regions: list[bytes], columns: list[np.ndarray]) -> bytes:
    out, used = regions[0], 0
    for (mode, own), after in zip(arrays, regions[1:], strict=True):
        out += _numbers(mode, columns[used : used + len(own)]) + after
        used += len(own)
    return out


def _of_table(form: int, head: Bytes, regions: list[bytes], columns: list[np.ndarray]) -> bytes:
    """Points between a header and an end: records, text, or packed."""
    mode = head.u8() if form != TEXT else None
    fields = _fields(head)
    if form == TEXT:
        return text.table(head, columns, regions[1]) + regions[0]
    if (form, mode) in ((PLY, 2), (PCD, 1)):
        body = text.table(head, columns, regions[2])
    elif form == PLY or mode == 0:
        body = _numbers(mode, columns)
    else:
        data, used = b"", 0
        for count in head.varints(head.varint()):
            data += _records(columns[used : used + count])
            used += count
        demand(used == len(fields), "elements are not shared out")
        stream = lzf.pack(data) if mode == 2 else lzf.replay(regions[2], data)
        body = len(stream).to_bytes(4, "little") + len(data).to_bytes(4, "little") + stream
    return regions[0] + body + regions[1]
