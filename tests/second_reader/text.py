"""Tables written as text: a template prints the rows, odd lines stand among them (docs/format/layouts.md)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from second_reader.bytestream import Bytes, demand

_CONVERSION = re.compile(r"%([-+ 0]?)(\d{0,2})(\.\d{1,2})?([dfegEGrs])")
_NANS = ("nan", "NaN", "NAN", "1.#QNAN", "1.#IND", "nan(ind)")
_INFINITIES = ("inf", "Inf", "INF", "Infinity", "1.#INF")
_EXPONENTS = ((2, "+"), (3, "+"), (1, "+"), (1, ""), (2, ""))


def table(head: Bytes, columns: list[np.ndarray], odd: bytes) -> bytes:
    """The text; `head` is the layout from the template on."""
    notation = head.take(3)
    row = head.string().decode("latin-1")
    head.end()
    found = list(_CONVERSION.finditer(row))
    demand(len(found) == len(columns), "a template prints another number of columns")
    literals = _CONVERSION.split(row)[::5]
    words = [_print(column, each.groups(), notation) for column, each in zip(columns, found, strict=True)]
    lines = []
    for texts in zip(*words, strict=True):
        pairs = zip(literals, [*texts, ""], strict=True)
        lines.append("".join(text for pair in pairs for text in pair).encode("latin-1"))
    return b"".join(_among(lines, odd))


def _print(column: np.ndarray, conversion: tuple[str | Any, ...], notation: bytes) -> list[str]:
    flag, width, precision, kind = conversion
    return [_padded(_word(value, flag, width, precision or "", kind, notation), flag, width) for value in column]


def _padded(text: str, flag: str, width: str) -> str:
    if flag == "0" or not width:
        return text
    return text.ljust(int(width)) if flag == "-" else text.rjust(int(width))


def _word(value: np.generic, flag: str, width: str, precision: str, kind: str, notation: bytes) -> str:
    exponent, nan, infinity = notation
    real = isinstance(value, np.floating)
    if real and not np.isfinite(value):
        sign = "-" if np.signbit(value) else flag.strip("-0")
        return sign + (_NANS[nan] if np.isnan(value) else _INFINITIES[infinity])
    if kind in "rs":
        text = str(value)
        text = text.removesuffix(".0") if kind == "s" else text
    else:
        text = f"%{flag}{width if flag == '0' else ''}{precision}{kind}" % value.item()
    mantissa, letter, power = text.lower().partition("e")
    if not (exponent and letter and real):
        return text
    digits, plus = _EXPONENTS[exponent]
    sign = plus if power[0] == "+" else "-"
    return text[: len(mantissa) + 1] + sign + power[1:].lstrip("0").zfill(digits)


def _among(lines: list[bytes], odd: bytes) -> list[bytes]:
    """Odd lines before rows, and in their places."""
    if not odd:
        return lines
    head, heads, row = Bytes(odd), [], 0
    for _ in range(head.varint()):
        code, size = head.varints(2)
        row += code >> 1
        heads.append((row, code & 1, size))
    own, before = dict(enumerate(lines)), {}
    for row, instead, size in heads:
        demand(row < len(lines), "an odd line stands behind the table")
        if instead:
            own[row] = head.take(size)
        else:
            before[row] = before.get(row, b"") + head.take(size)
    head.end()
    return [before.get(row, b"") + own[row] for row in range(len(lines))]
