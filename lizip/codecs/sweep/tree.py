"""The binary tree of intensities: shaped by how often each occurs, so that few decisions find the usual ones.

The tree keeps the values in order, since neighbouring intensities behave alike, and splits each run of them where its
two halves weigh about the same. Both sides make it from the same rough shares of the values, which the stream holds.
"""

from __future__ import annotations

import bisect
import heapq
from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import code_tree, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.jit import kernel

SHARE_BITS = 4
"""A share is 0 for a value that never occurs, else 1 + the binary logarithm of its count against the others."""

DEEP = 12
"""From this depth on, runs are split in the middle: no path is longer than DEEP + 8."""

LINE = 16
"""Nodes that share a cache line."""


class IntensityTree(NamedTuple):
    """A decision at each node: is the intensity at least `split`?

    Attributes
    ----------
    root : int
        First node, or ~value when there is but one value.
    split : (nodes,) int16
    after : (nodes * 2,) int16
        For each node and outcome the next node, or ~value where the path ends.
    stride : int
        Counters of a context: the nodes, in whole cache lines.
    """

    root: int
    split: np.ndarray
    after: np.ndarray
    stride: int


def shares_of(values: np.ndarray, levels: int) -> np.ndarray:
    """Shares (levels,) int64 of intensities below `levels`, at most 256."""
    counts = np.bincount(values.ravel(), minlength=levels)
    lengths = np.array([int(count).bit_length() for count in counts])
    largest = (1 << SHARE_BITS) - 1
    return np.where(counts > 0, np.maximum(lengths - max(int(lengths.max()) - largest, 0), 1), 0)


def tree_of(shares: np.ndarray) -> IntensityTree:
    """Make the tree of shares; without any, of the value 0 alone."""
    values = np.flatnonzero(shares).tolist() or [0]
    sums = [0, *np.cumsum(1 << np.maximum(shares[values] - 1, 0)).tolist()]
    runs = _numbered(sums)
    places = {run[1:3]: place for place, run in enumerate(runs)}

    def after(first: int, last: int) -> int:
        return places[first, last] if last - first > 1 else ~values[first]

    middles = [_middle(sums, *run[1:]) for run in runs]
    follow = [(after(run[1], at), after(at, run[2])) for run, at in zip(runs, middles, strict=True)]
    return IntensityTree(
        after(0, len(values)),
        np.array([values[at] for at in middles], np.int16),
        np.array(follow, np.int16).reshape(-1),
        -(-max(len(runs), 1) // LINE) * LINE,
    )


def _numbered(sums: list[int]) -> list[tuple[int, int, int, int]]:
    """Runs of at least two values that are nodes, in such an order that paths stay in few cache lines.

    Each run is (-weight, first, last, depth); `sums` are the running sums of the values' weights. A line is filled with
    the heaviest nodes that hang together.
    """
    runs: list[tuple[int, int, int, int]] = []
    line: list[tuple[int, int, int, int]] = []
    waiting = [(-sums[-1], 0, len(sums) - 1, 0)] if len(sums) > 2 else []
    while waiting or line:
        if not line or len(runs) % LINE == 0:
            waiting = [*waiting, *line]
            heapq.heapify(waiting)
            line = [heapq.heappop(waiting)]
        run = heapq.heappop(line)
        runs.append(run)
        _, first, last, depth = run
        middle = _middle(sums, first, last, depth)
        for begin, end in ((first, middle), (middle, last)):
            if end - begin > 1:
                heapq.heappush(line, (sums[begin] - sums[end], begin, end, depth + 1))
    return runs


def _middle(sums: list[int], first: int, last: int, depth: int) -> int:
    """Where a run is split."""
    if depth >= DEEP:
        return (first + last) // 2
    half = (sums[first] + sums[last]) / 2
    at = min(max(bisect.bisect_left(sums, half, first, last), first + 1), last - 1)
    return at - 1 if at - 1 > first and half - sums[at - 1] < sums[at] - half else at


def pack_shares(shares: np.ndarray) -> bytes:
    """Shares as bytes."""
    return encode_stream(_code_shares, fresh_counters(1 << 2 * SHARE_BITS), shares)


def unpack_shares(data: bytes, levels: int) -> np.ndarray:
    """Shares (levels,) int64 from the bytes of `pack_shares`; raises CorruptError."""
    shares = np.zeros(levels, np.int64)
    decode_stream(data, _code_shares, fresh_counters(1 << 2 * SHARE_BITS), shares)
    return shares


@kernel
def _code_shares(coder, counters, shares):
    """Code each share, given the one before."""
    before = np.int64(0)
    for level in range(shares.size):
        before = code_tree(coder, counters, before << SHARE_BITS, SHARE_BITS, 30, shares[level])
        shares[level] = before
