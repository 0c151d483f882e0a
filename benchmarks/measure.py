"""One measurement: one rival on one file, in a process of its own, so that memory is its own and nothing is warm.

python -m benchmarks.measure --rival "xz -9" --file sweep.bin --seconds 1
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(
    ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)


@dataclass(frozen=True)
class Measurement:
    """A row of the results.

    Attributes
    ----------
    set, file, rival : str
        What was measured.
    points : int
        Points in the file.
    original, encoded : int
        Bytes of the file and of its compressed form.
    body : int
        Bytes of the compressed points alone, without the header kept around them (LAS); else as `encoded`.
    outcome : str
        "exact" (the same bytes came back), "lossy" (as announced), "WRONG", or why there is no result.
    error : float
        Largest error of a coordinate, m; NaN where nobody can say.
    encode_ms, decode_ms : tuple of float
        Processor time of each run, the first of a rival that compiles left out.
    first_encode_ms, first_decode_ms : float
        Processor time of the first run, with imports and compiling.
    encode_bytes, decode_bytes : int
        Peak memory above what the process held before the call (its input among it).
    """

    set: str
    file: str
    rival: str
    points: int = 0
    original: int = 0
    encoded: int = 0
    body: int = 0
    outcome: str = "failed"
    error: float = math.nan
    encode_ms: tuple[float, ...] = ()
    decode_ms: tuple[float, ...] = ()
    first_encode_ms: float = math.nan
    first_decode_ms: float = math.nan
    encode_bytes: int = 0
    decode_bytes: int = 0


def measure(set_name: str, path: Path, rival: str, seconds: float, timeout: float = 900.0) -> Measurement:
    """Measure in a new process; a crash or a time-out becomes the outcome."""
    command = [sys.executable, "-m", "benchmarks.measure", "--rival", rival, "--file", str(path)]
    empty = Measurement(set_name, path.name, rival, original=path.stat().st_size)
    try:
        done = subprocess.run(
            [*command, "--seconds", str(seconds)],
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return replace(empty, outcome=f"more than {timeout:.0f} s")
    if done.returncode:
        return replace(empty, outcome=(done.stderr.strip().splitlines() or ["crashed"])[-1][:120])
    result = json.loads(done.stdout.splitlines()[-1])
    result |= {key: tuple(result[key]) for key in ("encode_ms", "decode_ms") if key in result}
    return replace(empty, **result)


def _measure_here(rival_name: str, path: Path, seconds: float) -> dict[str, object]:
    """Run the rival in this process."""
    from lizip.bench import RIVALS, Subject
    from lizip.errors import FormatError

    rival = RIVALS[rival_name]
    subject = Subject(path.read_bytes())
    points = subject.cloud.count
    if rival.missing:
        return {"points": points, "outcome": f"not installed: {rival.missing}"}
    try:
        first_encode, encode_times, encode_peak, stream = _timed(lambda: rival.encode(subject), seconds, rival.warms_up)
    except FormatError as reason:
        return {"points": points, "outcome": f"not for it: {reason}"}
    first_decode, decode_times, decode_peak, decoded = _timed(
        lambda: rival.decode(stream, subject), seconds, rival.warms_up
    )
    error = 0.0
    same = isinstance(decoded, bytes) and decoded == subject.data
    outcome = "exact" if same else "lossy" if rival.loses else "WRONG"
    if outcome == "lossy":
        error = rival.error(decoded, subject)
    return {
        "points": points,
        "encoded": len(stream),
        "body": _body(rival_name, stream, subject.is_las),
        "outcome": outcome,
        "error": error,
        "encode_ms": encode_times,
        "decode_ms": decode_times,
        "first_encode_ms": first_encode,
        "first_decode_ms": first_decode,
        "encode_bytes": encode_peak,
        "decode_bytes": decode_peak,
    }


def _body(rival: str, stream: bytes, is_las: bool) -> int:
    """Compressed bytes of the points alone, where the format lets them be told from the header kept around them."""
    if is_las and rival == "LASzip":
        from lizip.bench.lossy import laz_point_bytes

        return laz_point_bytes(stream)
    if is_las and rival.startswith("lizip"):
        import io

        from lizip.container import REGIONS, Container

        return len(stream) - sum(entry.length for entry in Container(io.BytesIO(stream)).entries(REGIONS))
    return len(stream)


def _timed(call: Callable[[], object], seconds: float, warms_up: bool) -> tuple[float, list[float], int, object]:
    """Time of the first call (ms), times of the counted ones, peak memory of one (bytes), and what it returned.

    Repeats until `seconds` have passed, at most 9 times.
    """
    first_peak, first, result = _peak_of(call)
    peak, times = (first_peak, [first]) if not warms_up else (0, [])
    spent = sum(times)
    while not times or (spent < 1000 * seconds and len(times) < 9):
        result = None
        again, took, result = _peak_of(call)
        peak = peak or again
        times.append(took)
        spent += took
    return first, times, peak, result


def _peak_of(call: Callable[[], object]) -> tuple[int, float, object]:
    """Peak memory above the present (bytes), processor time (ms; a busy machine blurs it less than a clock), result."""
    gc.collect()
    before = _reset_peak()
    start = time.process_time()
    result = call()
    took = 1000 * (time.process_time() - start)
    return max(0, _peak() - before), took, result


def _reset_peak() -> int:
    """Forget the peak so far where the system can (Linux) and return the memory held now, bytes."""
    try:
        if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
            trim(0)  # else memory freed earlier is used again and does not show
        Path("/proc/self/clear_refs").write_text("5")
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, TypeError):  # TypeError: Windows has no library without a name
        return _peak()


def _peak() -> int:
    """Peak memory of this process, bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), None)
        if line is not None:
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows counts no peak for us
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rival", required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    print(json.dumps(_measure_here(options.rival, options.file, options.seconds)))


def as_row(measurement: Measurement) -> dict[str, str]:
    """Text of every field, for CSV."""
    row = {}
    for key, value in asdict(measurement).items():
        if isinstance(value, tuple):
            row[key] = " ".join(f"{each:.2f}" for each in value)
        else:
            row[key] = f"{value:.3g}" if key == "error" else f"{value:.2f}" if isinstance(value, float) else str(value)
    return row


def from_row(row: dict[str, str]) -> Measurement:
    """Inverse of `as_row`."""
    kinds = {name: kind for name, kind in Measurement.__annotations__.items()}
    readers = {"int": int, "float": float, "str": str}
    values = {
        name: tuple(map(float, row[name].split())) if kind.startswith("tuple") else readers[kind](row[name])
        for name, kind in kinds.items()
    }
    return Measurement(**values)


if __name__ == "__main__":
    main()
