"""Sweeps of a sensor that reports two or more returns of a pulse: which points they are, and what they measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.sensor.model import Solution


_TRIES = 3
"""Points found out of order are left aside, twice."""


def solve_dual(
    cloud: Cloud, solve: Callable[[Cloud], Solution | None], cut: Callable[[Cloud], list[int]]
) -> Solution | None:
    """Solve the first returns of a cloud by `solve`, then the others by what was found; None where there are none.

    `cut` tells where a second sweep begins, which may be that of the second returns.
    """
    from lizip.cloud import Cloud
    from lizip.sensor.fit.coordinates import stored_points
    from lizip.sensor.fit.dual.follow import find_apart, find_further
    from lizip.sensor.fit.dual.write import AstrayError, with_seconds

    xyz = stored_points(cloud)
    if xyz is None:
        return None
    follows = find_further(xyz, list(cloud.columns.values())[3:])
    if follows is None:
        starts = cut(cloud)
        follows = find_apart(xyz, starts[0]) if len(starts) == 1 else None
    if follows is None:
        return None
    aside = np.zeros(len(follows), bool)
    for _ in range(_TRIES):
        first = (follows < 0) & ~aside
        some = {name: column[first] for name, column in cloud.columns.items()}
        alone = solve(Cloud(cloud.format, cloud.layout, some))
        if alone is None:
            return None
        try:
            return with_seconds(alone, cloud, follows, np.flatnonzero(first))
        except AstrayError as error:
            aside[error.place] = True
            follows[aside] = -1
            follows[aside[follows]] = -1
    return None
