"""The order of points as one stream: log2(N!) bits, for clouds that say less sorted than shuffled."""

from __future__ import annotations

import numpy as np

from lizip.entropy.coder import code, code_raw, decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel

MOST_POINTS = 1 << 22
"""More points are not sorted: all are held at once."""


def encode_order(order: np.ndarray) -> bytes:
    """Write a permutation: `order` (N,) int64 says which point of the file comes first, second, ... when sorted."""
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return encode_stream(_code_ranks, ranks, _tree(len(ranks)))


def decode_order(stream: bytes, count: int) -> np.ndarray:
    """Read what `encode_order` wrote, (count,) int64: which of the sorted points each point of the file is.

    A permutation, whatever the stream holds. Raises CorruptError.
    """
    if count > MOST_POINTS:
        raise CorruptError("more points than are sorted")
    ranks = np.zeros(count, np.int64)
    decode_stream(stream, _code_ranks, ranks, _tree(count))
    return ranks


def _tree(count: int) -> np.ndarray:
    """How many points are left below each node of a binary tree over the sorted points, (2 P,) int64."""
    leaves = 1 << max(count - 1, 1).bit_length()
    tree = np.zeros(2 * leaves, np.int64)
    tree[leaves : leaves + count] = 1
    level = leaves
    while level > 1:
        tree[level // 2 : level] = tree[level : 2 * level : 2] + tree[level + 1 : 2 * level : 2]
        level //= 2
    return tree


@kernel
def _code_ranks(coder, ranks, tree):
    """Code which of the points that are left comes next, each as likely as any other, and take it out.

    From the root down: left or right, as likely as points are left there.
    """
    leaves = tree.size >> 1
    levels = 0
    while 1 << levels < leaves:
        levels += 1
    for i in range(ranks.size):
        node = np.int64(1)
        tree[1] -= 1
        for level in range(levels - 1, -1, -1):
            left, right = tree[2 * node], tree[2 * node + 1]
            bit = (ranks[i] >> level) & 1
            if left == 0:
                bit = np.int64(1)
            elif right == 0:
                bit = np.int64(0)
            elif left == right:
                bit = code_raw(coder, bit, 1)
            else:
                bit = code(coder, max(min((right << 24) // (left + right), (1 << 24) - 1), 1), bit)
            node = 2 * node + bit
            tree[node] -= 1
        ranks[i] = node - leaves
