"""LAS files against LASzip: bytes of the points, and points a second of one core in each direction.

    python scripts/measure_las.py FOLDER_OR_FILES... [--level default] [--repeats 3]

A .laz file is expanded in memory first. LAZ counts from its offset to the points on (header and VLRs left out); lizip
counts everything of its file but the regions, which are header and VLRs. Every file is decoded and compared.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import laspy

from lizip import container
from lizip.codecs import Options, survey
from lizip.formats.las import FORMAT


def files_of(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.la[sz]")) if path.is_dir() else [path]


def raw_las(path: Path) -> bytes:
    if path.suffix != ".laz":
        return path.read_bytes()
    expanded = io.BytesIO()
    laspy.read(path).write(expanded)
    return expanded.getvalue()


def laz_bytes(data: bytes) -> int:
    """Bytes of the points when LASzip (lazrs) codes them."""
    packed = io.BytesIO()
    laspy.read(io.BytesIO(data)).write(packed, do_compress=True, laz_backend=laspy.LazBackend.Lazrs)
    return len(packed.getvalue()) - laspy.open(io.BytesIO(packed.getvalue())).header.offset_to_point_data


def timed(repeats: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Least processor time of some runs after a warm one, and the result."""
    result = work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--level", choices=["fast", "default", "max"], default="default")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{'file':36} {'points':>8} {'LAZ bpp':>8} {'bpp':>7} {'ratio':>6} {'enc Mp/s':>8} {'dec Mp/s':>8}")
    for path in files_of(options.paths):
        data = raw_las(path)
        cloud = FORMAT.split(memoryview(data))
        if cloud is None or not cloud.count:
            print(f"{path.name:36} no points that a reader would find")
            continue
        encode, sections = timed(
            options.repeats, lambda cloud=cloud: list(survey.CODEC.encode(cloud, Options(level=options.level)))
        )
        packed = container.write(sections, survey.CODEC.number, FORMAT.number, len(data), bytes(16), cloud.count)
        box = container.Container(io.BytesIO(packed))
        decode, blocks = timed(
            options.repeats, lambda box=box, cloud=cloud: list(survey.CODEC.decode(box, cloud.schema, cloud.count))
        )
        if b"".join(FORMAT.join(cloud.layout, cloud.regions, blocks)) != data:
            raise SystemExit(f"{path}: did not come back")
        laz, bits, speed = laz_bytes(data), 8 / cloud.count, cloud.count / 1e6
        print(
            f"{path.name:36} {cloud.count:8} {laz * bits:8.2f} {len(packed) * bits:7.2f} {len(packed) / laz:6.3f}"
            f" {speed / encode:8.2f} {speed / decode:8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
