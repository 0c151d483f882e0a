"""The most points that keep a promised order."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel


@kernel
def _longest_ascent(keys, tails, links):
    """Patience sorting: links[i] is the element before i in the longest strictly ascending run that ends at i."""
    length = np.int64(0)
    for i in range(keys.size):
        low = np.int64(0)
        high = length
        while low < high:
            middle = (low + high) >> 1
            if keys[tails[middle]] < keys[i]:
                low = middle + 1
            else:
                high = middle
        links[i] = tails[low - 1] if low > 0 else -1
        tails[low] = i
        if low == length:
            length += 1
    return tails[length - 1] if length else np.int64(-1)


def keep_ascending(keys: np.ndarray) -> np.ndarray:
    """Mark the largest set of elements of keys (N,) whose keys ascend strictly, (N,) bool."""
    if len(keys) < 2 or (keys[1:] > keys[:-1]).all():
        return np.ones(len(keys), bool)
    links = np.empty(len(keys), np.int64)
    at = _longest_ascent(keys, np.empty(len(keys), np.int64), links)
    keep = np.zeros(len(keys), bool)
    while at >= 0:
        keep[at] = True
        at = links[at]
    return keep
