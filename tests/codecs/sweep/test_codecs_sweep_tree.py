import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.codecs.sweep.tree import DEEP, LINE, pack_shares, shares_of, tree_of, unpack_shares
from lizip.errors import CorruptError

LEVELS = st.integers(1, 8).map(lambda bits: 1 << bits)
SHARES = LEVELS.flatmap(lambda levels: st.lists(st.integers(0, 15), min_size=levels, max_size=levels)).map(np.array)


def path_to(tree, value):
    """Nodes that lead to a value, and where they end."""
    nodes, node = [], tree.root
    while node >= 0:
        nodes.append(node)
        node = int(tree.after[2 * node + int(value >= tree.split[node])])
    return nodes, ~node


@given(SHARES)
def test_every_value_is_found(shares):
    tree = tree_of(shares)
    values = np.flatnonzero(shares) if shares.any() else [0]
    assert len(tree.split) == len(values) - 1
    assert tree.stride % LINE == 0
    assert tree.stride >= len(tree.split)
    for value in values:
        nodes, end = path_to(tree, value)
        assert end == value
        assert len(nodes) <= DEEP + 8


@given(SHARES)
def test_shares_come_back(shares):
    np.testing.assert_array_equal(unpack_shares(pack_shares(shares), len(shares)), shares)


def test_usual_values_take_few_decisions_in_few_cache_lines():
    random = np.random.default_rng(0)
    values = np.minimum(random.geometric(0.05, 100_000), 255)
    tree = tree_of(shares_of(values, 256))
    counts = np.bincount(values, minlength=256) / len(values)
    entropy = -(counts[counts > 0] * np.log2(counts[counts > 0])).sum()
    paths = {value: path_to(tree, value)[0] for value in np.flatnonzero(counts)}
    assert sum(counts[value] * len(path) for value, path in paths.items()) < entropy + 0.25
    assert sum(counts[value] * len({node // LINE for node in path}) for value, path in paths.items()) < 2.1


def test_shares_say_what_occurs_and_how_often():
    shares = shares_of(np.repeat([3, 7, 8], [1, 1000, 1 << 20]), 16)
    assert np.flatnonzero(shares).tolist() == [3, 7, 8]
    assert shares[[3, 7, 8]].tolist() == [1, 4, 15]
    assert not shares_of(np.zeros(0, np.int32), 16).any()


def test_damaged_shares_are_corrupt_or_shares():
    random = np.random.default_rng(1)
    packed = pack_shares(random.integers(0, 16, 256))
    for _ in range(300):
        damaged = bytearray(packed)
        damaged[random.integers(len(damaged))] ^= 1 << random.integers(8)
        try:
            shares = unpack_shares(bytes(damaged), 256)
        except CorruptError:
            continue
        assert shares.min() >= 0
        assert shares.max() <= 15
    for data in (b"", packed[:-4], packed + b"\0\0\0\0"):
        with pytest.raises(CorruptError):
            unpack_shares(data, 256)
