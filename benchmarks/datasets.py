"""The data sets: one subfolder each. LAZ files are expanded first, because the rivals start from raw LAS."""

from __future__ import annotations

from pathlib import Path

SETS = ("nuscenes", "kitti", "kitti_fov", "argoverse", "pandaset", "ouster", "las", "las_odd", "other")
"""Folders that are looked for, in the order of the tables."""

CURIOUS = ("las_odd", "other")
"""Sets that are no measure of size: they are left out of overview and plots, and `las_odd` runs only when asked for."""


def files_of(folder: Path, name: str, scratch: Path) -> list[Path]:
    """Files of the set `name` below `folder`, sorted; `.laz` become `.las` in `scratch`."""
    paths = sorted(path for path in (folder / name).iterdir() if path.is_file() and not path.name.startswith("."))
    return [expand(path, scratch / name) if path.suffix == ".laz" else path for path in paths]


def expand(laz: Path, folder: Path) -> Path:
    """Write the LAS content of a LAZ file into `folder`."""
    import laspy

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{laz.stem}.las"
    if not target.exists():
        laspy.read(laz).write(str(target), do_compress=False)
    return target
