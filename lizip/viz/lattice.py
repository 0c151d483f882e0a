"""nuScenes' secret: the stored floats look like noise, turned back into the map they lie on a lattice."""

from __future__ import annotations

import numpy as np

from lizip.simulator import hdl32
from lizip.viz.canvas import new_figure, to_png

STEP = 2.0**-13
"""Spacing of float32 between 1024 and 2048 m."""


def hidden_lattice(seed: int = 1) -> bytes:
    """Draw one coordinate of near points of a simulated sweep modulo 2^-13 m, as stored and turned into the map's axes.

    Parameters
    ----------
    seed : int
        Of the sweep.

    Returns
    -------
    bytes
        PNG.
    """
    sweep = hdl32.sweep(seed, map_position=(1400.0, 1600.0))
    stored = sweep.records[:, :3].astype(np.float64)
    near = np.nonzero((sweep.ranges.ravel() > 0) & (np.abs(stored).max(axis=1) < 16))[0]
    turned = stored @ sweep.truth["rotations"][-1].T + sweep.truth["positions"][-1]
    figure, axes = new_figure(1, 2, 9.0, 3.0)
    for axis, values, title in (
        (axes[0, 0], stored[near, 0], "x as stored"),
        (axes[0, 1], turned[near, 0], "the same points, x in the map"),
    ):
        phase = (values / STEP + 0.5) % 1.0 - 0.5
        axis.scatter(near, phase, s=0.4, alpha=0.5, color="#35618f", linewidths=0)
        axis.set_title(title, fontsize=9)
        axis.set_ylim(-0.5, 0.5)
        axis.set_xlabel("point", fontsize=8)
        axis.set_ylabel("phase modulo $2^{-13}$ m", fontsize=8)
        axis.tick_params(labelsize=7)
    return to_png(figure)
