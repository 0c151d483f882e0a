"""Pictures of sweeps and of what the codec makes of them, as PNG. Needs matplotlib (`pip install 'lizip[bench]'`)."""

from __future__ import annotations

from benchmarks.pictures.lattice import hidden_lattice
from benchmarks.pictures.polar import polar_grid
from benchmarks.pictures.range_image import range_image
from benchmarks.pictures.residuals import residual_histogram
from benchmarks.pictures.streams import bits_by_stream

__all__ = ["bits_by_stream", "hidden_lattice", "polar_grid", "range_image", "residual_histogram"]
