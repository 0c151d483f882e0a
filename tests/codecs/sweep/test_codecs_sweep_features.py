import numpy as np
import pytest

from lizip.codecs.sweep.cells import blended_centre, candidates_of, code_grid
from lizip.codecs.sweep.features import FEATURES, features_of
from lizip.codecs.sweep.model import fresh_model
from lizip.codecs.sweep.net import recorder
from lizip.codecs.sweep.tree import tree_of
from lizip.entropy.coder import open_encoder

SHAPE = (24, 7)


def recorded_features(ranges, intensity, everywhere=False):
    """Features of all cells, (F, R, FEATURES); zeros where the network is not asked."""
    bits = 7
    net = recorder(ranges.size, ranges.size * 50)
    coder = open_encoder(ranges.size * 50, ranges.size * 26)
    model = fresh_model(ranges.shape[1], bits, everywhere, tree_of(np.ones(1 << bits, int)))
    spent = np.zeros(3, np.int64)
    code_grid(coder, ranges, intensity, None, 0, len(ranges), 40, bits, int(everywhere), model, net, spent)
    return net.cells.reshape(*ranges.shape, FEATURES)


def random_grid(random):
    ranges = random.integers(1000, 1200, SHAPE).astype(np.int32)
    ranges[random.random(SHAPE) < 0.2] = 0
    return ranges, random.integers(0, 128, SHAPE).astype(np.int32)


@pytest.mark.parametrize("seed", range(6))
def test_features_know_decoded_cells_only(seed):
    random = np.random.default_rng(seed)
    ranges, intensity = random_grid(random)
    known = recorded_features(ranges, intensity)
    for firing, ring in ((3, 0), (5, 6), (11, 3), (20, 5)):
        other, level = random_grid(random)
        decoded = np.arange(ranges.size).reshape(SHAPE) < firing * SHAPE[1] + ring
        other[decoded], level[decoded] = ranges[decoded], intensity[decoded]
        changed = recorded_features(other, level)
        upto = np.arange(ranges.size).reshape(SHAPE) <= firing * SHAPE[1] + ring
        np.testing.assert_array_equal(changed[upto], known[upto])
        assert (changed[firing + 2 :] != known[firing + 2 :]).any()


def test_features_stay_in_bounds_for_extreme_histories():
    random = np.random.default_rng(0)
    for bits in (0, 1, 7, 16):
        model = fresh_model(5, bits, False, tree_of(np.ones(1, int)))
        top = (1 << min(bits, 8)) - 1
        for _ in range(200):
            largest = random.choice([1, 100, (1 << 24) - 1])
            model.history[:, :8] = random.integers(1, largest + 1, model.history[:, :8].shape)
            model.history[:, 8] = random.integers(0, 1 << 16, len(model.history))
            model.history[:, 9:11] = random.integers(0, 16001, model.history[:, 9:11].shape)
            model.history[:, 11:20] = random.integers(0, 4801, model.history[:, 11:20].shape)
            model.history[:, 20:26] = random.integers(0, top + 1, model.history[:, 20:26].shape)
            model.history[:, 26] = random.integers(-(1 << 24), 1 << 24, len(model.history))
            features = np.full(FEATURES, 9999, np.int16)
            for ring in range(5):
                candidates_of(model.history, ring, 5, model.scratch)
                centre = blended_centre(model.history, ring, model.scratch, 40)
                raw = np.zeros(32, np.int32)
                features_of(model.history, ring, 5, model.scratch, centre, bits, raw, features)
                assert np.abs(features).max() <= 127
