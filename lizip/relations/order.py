"""The order of points as one stream, for clouds that say less sorted as a sensor would have listed them.

Shuffled points cost log2(N!) bits. Those that a user sorted by something (azimuth, range, a column) cost next to
nothing: a key, computed from what was decoded, says which point is expected next. How the user's own library rounded
its arctangent need not be known: where the order departs from the key's, the point is counted from the expected one.
Those that were turned round, rolled, or put together from runs cost next to nothing, too: each point is counted from
the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import code, code_raw, decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_varints
from lizip.relations.polar import ELEVATION, Convention, to_polar

MOST_POINTS = 1 << 22
"""More points are not sorted: all are held at once."""

COLUMN = 0
"""What a key is: numbers of a column; else of `lizip.relations.polar`, from DISTANCE on."""

_UNSORTED, _SORTED, _FOLLOWING, _SORTED_TWICE = range(4)
_LIMIT = 250


class Key(NamedTuple):
    """What points were sorted by.

    Attributes
    ----------
    what : int
        `COLUMN`, or what the first three columns are turned into.
    detail : int
        Place of the column, or the packed `Convention`.
    falling : int
        1 where the largest come first.
    """

    what: int
    detail: int = 0
    falling: int = 0

    def of(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """The key (N,) float64 of points with these columns (N,); it rises along the sorted points."""
        with np.errstate(all="ignore"):
            if self.what == COLUMN:
                key = columns[self.detail].astype(np.float64)
            else:
                key = np.empty(len(columns[0]))
                xyz = (column.astype(np.float64) for column in columns[:3])
                to_polar(*xyz, self.what, Convention.unpack(self.detail), key)
            return -key if self.falling else key


Keys = tuple[Key, ...]
"""One key, or a key and another by which those are sorted that are alike in the first."""


def sort_by(keys: Keys, columns: Sequence[np.ndarray]) -> np.ndarray:
    """Which of points with these columns (N,) comes first, second, ... (N,) when sorted; equal ones as they are."""
    return np.lexsort(tuple(key.of(columns) for key in reversed(keys)))


def encode_order(order: np.ndarray, ways: Sequence[Keys] = (), columns: Sequence[np.ndarray] = ()) -> bytes:
    """Write a permutation: `order` (N,) int64 says which point of the file comes first, second, ... when sorted.

    By keys it is told from the sorted points' columns (N,) which of them comes first, second, ... in the file, in one
    of the `ways`; without any, from the point before, or of each point by itself: whatever is shortest.
    """
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    if ways:
        return min((_by_keys(ranks, keys, columns) for keys in ways), key=len)
    counters = fresh_counters(2 * INTEGER_NODES)
    following = encode_stream(_code_following, counters, ranks, _tree(len(ranks)))
    unsorted = encode_stream(_code_ranks, ranks, _tree(len(ranks)))
    if len(following) < len(unsorted):
        return pack_varints([_FOLLOWING]) + following
    return pack_varints([_UNSORTED]) + unsorted


def _by_keys(ranks: np.ndarray, keys: Keys, columns: Sequence[np.ndarray]) -> bytes:
    expected = np.empty_like(ranks)
    expected[sort_by(keys, columns)] = np.arange(len(ranks))
    places = expected[ranks]
    body = encode_stream(_code_departures, fresh_counters(2 * INTEGER_NODES), places, _tree(len(ranks)))
    form = _SORTED if len(keys) == 1 else _SORTED_TWICE
    return pack_varints([form, *(number for key in keys for number in key)]) + body


def decode_order(stream: bytes, columns: Sequence[np.ndarray]) -> np.ndarray:
    """Read what `encode_order` wrote, (N,) int64: which of the sorted points each point of the file is.

    `columns` (N,) are those of the sorted points. A permutation, whatever the stream holds. Raises CorruptError.
    """
    count = len(columns[0])
    if count > MOST_POINTS:
        raise CorruptError("more points than are sorted")
    unpacker = Unpacker(stream)
    form = unpacker.varint()
    ranks = np.zeros(count, np.int64)
    if form == _UNSORTED:
        decode_stream(unpacker.take(unpacker.remaining), _code_ranks, ranks, _tree(count))
        return ranks
    if form == _FOLLOWING:
        body, counters = unpacker.take(unpacker.remaining), fresh_counters(2 * INTEGER_NODES)
        decode_stream(body, _code_following, counters, ranks, _tree(count))
        return ranks
    if form not in (_SORTED, _SORTED_TWICE):
        raise CorruptError("points were sorted in an unknown way")
    keys = tuple(
        Key(unpacker.varint(), unpacker.varint(), unpacker.varint()) for _ in range(1 if form == _SORTED else 2)
    )
    for key in keys:
        _check(key, columns)
    body, counters = unpacker.take(unpacker.remaining), fresh_counters(2 * INTEGER_NODES)
    decode_stream(body, _code_departures, counters, ranks, _tree(count))
    return sort_by(keys, columns)[ranks]


def _check(key: Key, columns: Sequence[np.ndarray]) -> None:
    if key.falling > 1:
        raise CorruptError("points were sorted in an unknown way")
    if key.what == COLUMN:
        sane = key.detail < len(columns)
    else:
        numbers = len(columns) >= 3 and all(column.dtype.kind in "iuf" for column in columns[:3])
        sane = numbers and 3 <= key.what <= ELEVATION
    if not sane:
        raise CorruptError("points were sorted by what they do not have")


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
def _left_before(tree, place):
    """How many of the points that are left come before a place."""
    node = (tree.size >> 1) + place
    count = np.int64(0)
    while node > 1:
        if node & 1:
            count += tree[node - 1]
        node >>= 1
    return count


@kernel
def _take_out(tree, number):
    """The place of one of the points that are left, counted from the first; it is left no more."""
    leaves = tree.size >> 1
    node = np.int64(1)
    tree[1] -= 1
    while node < leaves:
        node *= 2
        if number >= tree[node]:
            number -= tree[node]
            node += 1
        tree[node] -= 1
    return node - leaves


@kernel
def _code_departures(coder, counters, places, tree):
    """Code which of the points that are left, counted from the first, comes next, and take it out."""
    before = np.int64(0)
    for i in range(places.size):
        context = np.int64(1) if before else np.int64(0)
        skipped = _left_before(tree, places[i])
        skipped = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, skipped)
        before = min(max(skipped, np.int64(0)), tree[1] - 1)
        places[i] = _take_out(tree, before)


@kernel
def _code_following(coder, counters, places, tree):
    """Code which of the points that are left comes next, counted from the one that came last, and take it out.

    What is coded is how much further, or less far, that is than last time.
    """
    from_here = step = np.int64(0)
    same = np.int64(1)
    for i in range(places.size):
        further = _left_before(tree, places[i]) - from_here - step
        further = code_integer(coder, counters, same * INTEGER_NODES, _LIMIT, further)
        same = np.int64(1) if further == 0 else np.int64(0)
        number = min(max(from_here + step + further, np.int64(0)), tree[1] - 1)
        step = number - from_here
        from_here = number
        places[i] = _take_out(tree, number)


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
