"""Pictures of sweeps and of what the codec makes of them, as PNG. Needs matplotlib (`pip install 'lizip[bench]'`)."""

from __future__ import annotations

from lizip.viz.lattice import hidden_lattice
from lizip.viz.polar import polar_grid
from lizip.viz.range_image import range_image
from lizip.viz.residuals import residual_histogram
from lizip.viz.streams import bits_by_stream

__all__ = ["bits_by_stream", "hidden_lattice", "polar_grid", "range_image", "residual_histogram"]
