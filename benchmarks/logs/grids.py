"""What real sweeps' sensors measured: grids of ranges and intensities, as lizip finds them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

import lizip
from lizip.codecs.sweep import GRID
from lizip.codecs.sweep.decoded import decode
from lizip.container import Container


def grids(path: Path, fields: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ranges in ticks and intensities (F, R) of each sensor in a file; none where no sensor is found."""
    packed = lizip.compress(path.read_bytes(), fields=fields)
    if lizip.info(packed)["codec"] != "sweep":
        return []
    found = [decode(section) for section in Container(io.BytesIO(packed)).sections(GRID)]
    return [(each.ranges, each.intensity) for each in found if each.intensity is not None]
