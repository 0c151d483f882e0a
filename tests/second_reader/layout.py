"""Formats: columns, regions and a layout become a file again (docs/format/container.md, Layout and regions)."""

from __future__ import annotations

import numpy as np

from second_reader.bytestream import Bytes, Damaged, demand

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
        codes = [TYPES.index("f4")] * layout[0] if layout[0] else list(layout[1:])
        names = ["x", "y", "z", "intensity", "ring", *(f"f{i}" for i in range(5, len(codes)))]
        return [(name, np.dtype("<" + TYPES[code])) for name, code in zip(names, codes, strict=False)]
    if form == LAS:
        words = LAS_FIELDS[head.u8()].split()
        return [(a, np.dtype("<" + b)) for a, b in zip(words[::2], words[1::2], strict=True)] + _fields(head)
    if form in (PCD, PLY, NPY, ARRAY):
        head.u8()
    if form in (PCD, PLY, NPY, ARRAY, TEXT, POINTS, COLUMNS):
        return _fields(head)
    raise Damaged(f"format {form} is not read here")


def _records(columns: list[np.ndarray], order: str = "<") -> bytes:
    records = np.empty(
        len(columns[0]), [(str(i), column.dtype.newbyteorder(order)) for i, column in enumerate(columns)]
    )
    for i, column in enumerate(columns):
        records[str(i)] = column
        if order == ">":  # bit for bit: a conversion would change some NaN
            records[str(i)] = column.byteswap().view(records.dtype[i])
    return records.tobytes()


def join(form: int, layout: bytes, regions: list[bytes], columns: list[np.ndarray]) -> bytes:
    """The bytes of the file."""
    if form == OPAQUE:
        demand(len(regions) == 1, "an unknown file is one region")
        return regions[0]
    if form in (BIN, POINTS):
        return (_records(columns) if columns else b"") + b"".join(regions)
    if form == COLUMNS:
        return b"".join(column.tobytes() for column in columns)
    how = layout[0]
    if form == LAS or (form in (PCD, PLY) and how == 0) or (form == NPY and how == 0):
        body = _records(columns)
    elif form in (PLY, NPY) and how == 1:
        body = _records(columns, ">")
    else:
        raise Damaged(f"format {form}, mode {how}, is not read here")
    demand(len(regions) == 2, "a header and an end are missing")
    return regions[0] + body + regions[1]
