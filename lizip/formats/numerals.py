"""Numbers as text: how programs print them, and the numbers that a text says.

A column is printed with a conversion of C's printf, `%[flags][width][.precision]kind`, flags `-`, `+`, space and `0`.
The kinds are d, f, e, g, E, G, and two that C has not: r is the shortest text that reads back as the same number of the
column's type, as Python prints it, and s is the same without a final ".0". What printf leaves to the platform is the
`Notation` of a whole table. Python prints numbers correctly rounded on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError

if TYPE_CHECKING:
    import numpy as np

CONVERSION = re.compile(r"%([-+ 0]?)(\d{0,2})(\.\d{1,2})?([dfegEGrs])")

NANS = ("nan", "NaN", "NAN", "1.#QNAN", "1.#IND", "nan(ind)")
INFINITIES = ("inf", "Inf", "INF", "Infinity", "1.#INF")
EXPONENTS = ("e-05 e+05", "e-005 e+005", "e-5 e+5", "e-5 e5", "e-05 e05")
"""Ways to write an exponent, by example: least number of digits, and whether there is a plus."""

_SIGNIFICANT = (8, 6, 7, 9, 10, 5, 15, 16, 17, 12, 18)
"""Digits that `%g` is tried with: PCL's 8, iostream's 6, then what others set."""

_ODD_WORDS = {word.lower().encode(): float("nan") for word in NANS} | {b"1.#inf": float("inf")}
_EXPONENT = re.compile(r"([eE])([+-])(\d+)$")
_NATIVE_EXPONENT = re.compile(rb"[eE]([+-]?)(\d+)$")
_CLEARLY = 0.02
"""By so much more of the numbers must a type that is not the first choice print as they are."""


def parts_of(conversion: str) -> tuple[str, str, str | None, str]:
    """Flags, width, precision and kind of a conversion."""
    found = CONVERSION.fullmatch(conversion)
    assert found is not None, "templates are checked when they are read"
    return found[1], found[2], found[3], found[4]


class Notation(NamedTuple):
    """What a table's writer does with exponents and with what is no number: positions in the lists above."""

    exponent: int = 0
    nan: int = 0
    infinity: int = 0

    def pack(self) -> bytes:
        """One byte for each."""
        return bytes(self)

    @classmethod
    def unpack(cls, packed: bytes) -> Notation:
        """Read what `pack` wrote; CorruptError on anything else."""
        if any(value >= len(known) for value, known in zip(packed, (EXPONENTS, NANS, INFINITIES), strict=True)):
            raise CorruptError("layout names an unknown notation of numbers")
        return cls(*packed)

    @classmethod
    def of(cls, tokens: Sequence[bytes]) -> Notation:
        """The notation in which some numbers are written."""
        exponents = [(found[1], found[2]) for found in map(_NATIVE_EXPONENT.search, tokens) if found]
        digits = min((len(each) for _, each in exponents), default=2)
        bare = any(not sign for sign, _ in exponents)
        exponent = {1: 3 if bare else 2, 2: 4 if bare else 0}.get(digits, 1)
        words = {token.lstrip(b"+-").decode("latin-1") for token in tokens if token[-1:] in b"nNfFyYD)"}
        nan = next((i for i, word in enumerate(NANS) if word in words), 0)
        infinity = next((i for i, word in enumerate(INFINITIES) if word in words), 0)
        return cls(exponent, nan, infinity)


def numbers(tokens: list[bytes], code: str) -> np.ndarray | None:
    """Numbers of a type; None where a token is none or does not fit."""
    import numpy as np

    try:
        if code[0] != "f":
            return np.array(list(map(_whole, tokens)), "<" + code)
        try:
            values = list(map(float, tokens))
        except ValueError:
            values = list(map(_float, tokens))
        with np.errstate(over="ignore"):
            return np.array(values, "<f8").astype("<" + code)
    except (ValueError, OverflowError):
        return None


def _float(token: bytes) -> float:
    """A number, also in the words of Microsoft's library."""
    bare = token.lstrip(b"+-").lower()
    if bare not in _ODD_WORDS:
        return float(token)
    return -_ODD_WORDS[bare] if token.startswith(b"-") else _ODD_WORDS[bare]


def _whole(token: bytes) -> int:
    """An integer, also when written as a float."""
    try:
        return int(token)
    except ValueError:
        value = _float(token)
        if not value.is_integer():
            raise
        return int(value)


def style(tokens: list[bytes], codes: Sequence[str], notation: Notation) -> tuple[str, str, float]:
    """Conversion without width, type, and the share of the numbers that they print as they are.

    Parameters
    ----------
    tokens : list of bytes
        Numbers of a column, as written.
    codes : sequence of str
        Types in the order in which they are wanted.
    notation : Notation

    Returns
    -------
    conversion, code, share
        Share is -1 where no type takes the numbers.
    """
    texts = [token.decode("latin-1") for token in tokens]
    best = ("%r", codes[-1], -1.0)
    for code in codes:
        column = numbers(tokens, code)
        if column is None:
            continue
        for conversion in _conversions(tokens, code):
            printed = print_column(column, conversion, notation)
            share = sum(map(str.__eq__, printed, texts)) / len(texts)
            if share > best[2] + (_CLEARLY if code != best[1] and best[2] >= 0 else 0):
                best = (conversion, code, share)
            if share == 1.0:
                return best
    return best


def _conversions(tokens: list[bytes], code: str) -> Iterator[str]:
    """Conversions worth trying, from the look of the numbers."""
    flag = "+" if any(token.startswith(b"+") for token in tokens) else ""
    lengths = {len(token) for token in tokens}
    if len(lengths) == 1 and any(re.match(rb"-?0\d", token) for token in tokens):
        flag = f"0{min(min(lengths), 99)}"
    if code[0] != "f" and all(token.lstrip(b"+-").isdigit() for token in tokens):
        yield f"%{flag}d"
        return
    capital = any(b"E" in token for token in tokens)
    points = [token.lower().partition(b"e") for token in tokens if token[-1:].isdigit()]
    plain = [_decimals(mantissa) for mantissa, letter, _ in points if not letter]
    scientific = [_decimals(mantissa) for mantissa, letter, _ in points if letter]
    for decimals, kind in ((plain, "f"), (scientific, "E" if capital else "e")):
        if decimals:
            yield f"%{flag}.{min(max(set(decimals), key=decimals.count), 99)}{kind}"
    yield from (f"%{flag}.{digits}{'G' if capital else 'g'}" for digits in _SIGNIFICANT)
    if code[0] == "f":
        yield from ("%r", "%s")


def _decimals(mantissa: bytes) -> int:
    """Digits behind the point."""
    return len(mantissa.partition(b".")[2])


def print_column(column: np.ndarray, conversion: str, notation: Notation) -> list[str]:
    """Print the numbers of a column (n,), each padded to the conversion's width."""
    import numpy as np

    flags, width, precision, kind = parts_of(conversion)
    floats = column.dtype.kind == "f"
    if kind in "rs":
        texts = column.astype("U32").tolist() if column.dtype.itemsize < 8 else list(map(repr, column.tolist()))
        if kind == "s":
            texts = [text.removesuffix(".0") for text in texts]
    else:
        zeros = f"0{width}" if flags == "0" else flags
        texts = (f"%{zeros}{precision or ''}{kind}\n" * len(column) % tuple(column.tolist())).split("\n")[:-1]
    if floats and not np.isfinite(column).all():
        for i in np.flatnonzero(~np.isfinite(column)).tolist():
            sign = "-" if np.signbit(column[i]) else flags.strip("-0")
            texts[i] = sign + (NANS[notation.nan] if np.isnan(column[i]) else INFINITIES[notation.infinity])
    if notation.exponent and floats and kind != "f":
        texts = [_EXPONENT.sub(_rewrite(notation.exponent), text) if "e" in text.lower() else text for text in texts]
    if width and flags != "0":
        pad = str.ljust if flags == "-" else str.rjust
        texts = [pad(text, int(width)) for text in texts]
    return texts


def _rewrite(exponent: int) -> Callable[[re.Match[str]], str]:
    """Rewrites an exponent in one of the ways of `EXPONENTS`."""
    digits, plus = (2, 3, 1, 1, 2)[exponent], ("+", "+", "+", "", "")[exponent]

    def rewritten(found: re.Match[str]) -> str:
        sign = plus if found[2] == "+" else "-"
        return f"{found[1]}{sign}{found[3].lstrip('0').zfill(digits)}"

    return rewritten


def is_number(token: bytes) -> bool:
    """Whether a word is a number."""
    try:
        _float(token)
    except ValueError:
        return False
    return True
