"""Rerun shows .lizip files and packs: `rerun scan.bin.lizip`, or `rerun drive.lizips`.

The program `rerun-importer-lizip` that comes with lizip is what Rerun's viewer looks for on PATH; it asks each of them
about every file. It gets the file and options, and writes a recording to its standard output.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import lizip
from lizip.container import SUFFIX
from lizip.errors import LizipError
from lizip.integrations.points import positions, read_points
from lizip.packs import SUFFIX as PACK_SUFFIX

_NOT_MINE = 66
"""Exit status by which Rerun knows that a file is another importer's."""

_FLAGS = (
    "--application-id",
    "--opened-application-id",
    "--recording-id",
    "--opened-recording-id",
    "--entity-path-prefix",
)


def main(arguments: list[str] | None = None) -> int:
    """What `rerun-importer-lizip` runs; returns its exit status."""
    parser = argparse.ArgumentParser(prog="rerun-importer-lizip", description="Shows .lizip files and packs in Rerun.")
    parser.add_argument("path")
    for flag in _FLAGS:
        parser.add_argument(flag)
    options, _ = parser.parse_known_args(arguments)
    if not options.path.endswith((SUFFIX, PACK_SUFFIX)) or os.path.isdir(options.path):
        return _NOT_MINE
    try:
        record(options.path, options)
    except (LizipError, OSError) as error:
        print(f"{options.path}: {error}", file=sys.stderr)
        return 1
    return 0


def record(path: str, options: argparse.Namespace) -> None:
    """Write a recording of a file or pack to the standard output."""
    import rerun as rr

    application = options.opened_application_id or options.application_id or path
    recording = options.opened_recording_id or options.recording_id
    stream = rr.RecordingStream(application, recording_id=recording)
    stream.stdout()
    prefix = (options.entity_path_prefix or "").strip("/")
    name = os.path.basename(path).removesuffix(SUFFIX).removesuffix(PACK_SUFFIX)
    entity = [part for part in (*prefix.split("/"), name) if part]
    many = path.endswith(PACK_SUFFIX)
    for place, (time, xyz, columns) in enumerate(_sweeps(path)):
        if many:
            stream.set_time("sweep", sequence=place)
        if time is not None:
            stream.set_time("time", timestamp=np.datetime64(time, "ns"))
        stream.log(entity, rr.Points3D(xyz, colors=_colours(columns)), static=not many)
    stream.flush()


def _sweeps(path: str) -> Iterator[tuple[int | None, np.ndarray, dict[str, np.ndarray]]]:
    """Time in ns, positions and other columns of the sweeps of a pack, or of a file."""
    if not path.endswith(PACK_SUFFIX):
        yield None, *read_points(path)
        return
    with lizip.PackReader(path) as pack:
        for place, entry in enumerate(pack.entries):
            yield entry.time, *positions(pack.read(place))


def _colours(columns: dict[str, np.ndarray]) -> Any:
    """Grey by intensity, (N, 3) uint8, by rank so that a few bright signs do not darken all else; None without."""
    names = [name for name in columns if name.lower() in ("intensity", "reflectance", "reflectivity", "i")]
    if not names:
        return None
    values, places = np.unique(columns[names[0]], return_inverse=True)
    return np.repeat((64 + 191 * places // max(len(values) - 1, 1)).astype(np.uint8)[:, None], 3, axis=1)


if __name__ == "__main__":
    sys.exit(main())
