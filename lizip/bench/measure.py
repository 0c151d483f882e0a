"""Size and speed of lizip and its rivals on some files: the small sister of `benchmarks/`.

Times are wall times of one thread, in this process; a codec's first call, which compiles, is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TypeVar

from lizip.bench.subject import Rival, Subject
from lizip.errors import FormatError, LizipError

T = TypeVar("T")


@dataclass
class Result:
    """What one rival did on all files.

    Attributes
    ----------
    rival : str
    loses : str
        What does not come back; "" when every file came back byte for byte.
    files, points, size, compressed : int
        Sums over the files it could take; sizes in bytes.
    encode_ms, decode_ms : list of float
        Wall times of single calls.
    bits : list of float
        Bits a point, file by file.
    left_out : list of str
        Files it could not take, and why.
    """

    rival: str
    loses: str
    files: int = 0
    points: int = 0
    size: int = 0
    compressed: int = 0
    encode_ms: list[float] = field(default_factory=list)
    decode_ms: list[float] = field(default_factory=list)
    bits: list[float] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def record(self) -> dict[str, object]:
        """The same in numbers and words, for JSON."""
        points = self.points / self.files if self.files else 0
        return {
            "rival": self.rival,
            "lossless": not self.loses,
            "loses": self.loses,
            "files": self.files,
            "bits_per_point": sum(self.bits) / len(self.bits) if self.bits else None,
            "ratio": self.size / self.compressed if self.compressed else None,
            "encode": _speed(self.encode_ms, points),
            "decode": _speed(self.decode_ms, points),
            "left_out": self.left_out,
        }


def _speed(times_ms: Sequence[float], points: float) -> dict[str, float] | None:
    """Median, 99th percentile, million points a second, and how often a sensor of 10 or 20 Hz is kept up with."""
    if not times_ms:
        return None
    middle = median(times_ms)
    return {
        "p50_ms": middle,
        "p99_ms": quantiles(times_ms, n=100, method="inclusive")[-1] if len(times_ms) > 1 else middle,
        "mpoints_per_s": points / middle / 1e3,
        "times_10hz": 100 / middle,
        "times_20hz": 50 / middle,
    }


def measure(
    paths: Iterable[str],
    rivals: Sequence[Rival],
    seconds: float = 1.0,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Result]:
    """Run all rivals on all files.

    Parameters
    ----------
    paths : iterable of str
    rivals : sequence of Rival
        See `lizip.bench.choose`.
    seconds : float
        Repeat each call for about so long, once at least.
    tell : callable
        Told what is being measured.

    Raises
    ------
    LizipError
        When a rival that calls itself lossless does not give a file back.
    OSError
    """
    results = [Result(rival.name, rival.loses) for rival in rivals]
    warm: set[str] = set()
    for path in paths:
        with open(path, "rb") as file:
            subject = Subject(file.read())
        for rival, result in zip(rivals, results, strict=True):
            tell(f"{rival.name}: {path}")
            if rival.warms_up and rival.name not in warm:
                rival.decode(rival.encode(subject), subject)
                warm.add(rival.name)
            _measure(rival, result, subject, path, seconds)
    return results


def _measure(rival: Rival, result: Result, subject: Subject, path: str, seconds: float) -> None:
    try:
        stream = _timed(lambda: rival.encode(subject), result.encode_ms, seconds)
    except FormatError as error:
        result.left_out.append(f"{path}: {error}")
        return
    decoded = _timed(lambda: rival.decode(stream, subject), result.decode_ms, seconds)
    if not rival.loses and decoded != subject.data:
        raise LizipError(f"{path}: {rival.name} did not give the same bytes back")
    points = subject.cloud.count
    result.files += 1
    result.points += points
    result.size += len(subject.data)
    result.compressed += len(stream)
    if points:
        result.bits.append(8 * len(stream) / points)


def _timed(call: Callable[[], T], times_ms: list[float], seconds: float) -> T:
    """Call again and again for some seconds, note the times, and return what the last call gave."""
    spent = 0.0
    while True:
        start = time.perf_counter()
        given = call()
        took = time.perf_counter() - start
        times_ms.append(took * 1e3)
        spent += took
        if spent + took > seconds:
            return given


def table(results: Sequence[Result]) -> str:
    """Columns for a terminal, smallest first; what is lost stands below."""
    ranked = sorted(results, key=lambda result: sum(result.bits) / len(result.bits) if result.bits else 1e9)
    head = (
        "",
        "bits/point",
        "ratio",
        "enc ms p50",
        "p99",
        "dec ms p50",
        "p99",
        "enc Mpt/s",
        "dec Mpt/s",
        "x 10 Hz",
        "x 20 Hz",
    )
    rows = [head, *map(_row, ranked)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines += ["", "x 10 Hz, x 20 Hz: how many sensors of so many sweeps a second one core encodes in real time."]
    lossy = [f"* {result.rival} is not lossless; it loses: {result.loses}." for result in ranked if result.loses]
    left = [
        f"{result.rival} cannot take {len(result.left_out)}: {result.left_out[0]}"
        for result in ranked
        if result.left_out
    ]
    return "\n".join([*lines, *lossy, *left])


def _row(result: Result) -> tuple[str, ...]:
    record = result.record()
    encode, decode = record["encode"], record["decode"]
    name = result.rival + "*" * bool(result.loses)
    if not result.files or not isinstance(encode, dict) or not isinstance(decode, dict):
        return (name, *["-"] * 10)
    bits = record["bits_per_point"]
    cells = (
        f"{bits:.2f}" if bits is not None else "-",
        f"{record['ratio']:.2f}",
        f"{encode['p50_ms']:.1f}",
        f"{encode['p99_ms']:.1f}",
        f"{decode['p50_ms']:.1f}",
        f"{decode['p99_ms']:.1f}",
        f"{encode['mpoints_per_s']:.2f}",
        f"{decode['mpoints_per_s']:.2f}",
        f"{encode['times_10hz']:.1f}",
        f"{encode['times_20hz']:.1f}",
    )
    return (name, *cells)
