import numpy as np
import pytest

from lizip.codecs.sweep.cells import blended_centre, candidates_of
from lizip.codecs.sweep.features import FEATURES, features_of
from lizip.codecs.sweep.grid import decode_grid, encode_grid
from lizip.codecs.sweep.model import fresh_model
from lizip.codecs.sweep.net import HIDDEN, OUTPUTS, network, opinion, think
from lizip.codecs.sweep.tree import tree_of
from lizip.codecs.sweep.weights import Weights
from lizip.entropy.mixing import LOGIT_LIMIT

torch = pytest.importorskip("torch")


def spread(random, rows, columns, limit, most=16_000_000):
    """Weights (rows, columns) whose sums reach close to the bound of 2**24, with inputs up to `limit`."""
    signs = random.choice([-1, 1], (rows, columns))
    return signs * (most // (limit * rows))


def arrays_of(kind, seed):
    random = np.random.default_rng(seed)
    if kind == "random":
        sizes = (300, 9000, 300, 9000, 900, 9000)
    else:
        first, second = spread(random, FEATURES, HIDDEN, 127), spread(random, HIDDEN, HIDDEN, 255)
        out = spread(random, HIDDEN, OUTPUTS, 255).T
        biases = [random.integers(-700_000, 700_000, size) for size in (HIDDEN, HIDDEN, OUTPUTS)]
        return first, biases[0], second, biases[1], out, biases[2]
    shapes = ((FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (OUTPUTS, HIDDEN), (OUTPUTS,))
    return tuple(random.integers(-size, size + 1, shape) for size, shape in zip(sizes, shapes, strict=True))


def reference(arrays, features):
    """Both hidden layers and all logits in int64, for features (N, FEATURES)."""
    first, first_bias, second, second_bias, out, out_bias = (each.astype(np.int64) for each in arrays)
    hidden = np.clip((features @ first + first_bias) >> 7, 0, 255)
    top = np.clip((hidden @ second + second_bias) >> 6, 0, 255)
    return top, np.clip((top @ out.T + out_bias) >> 2, -LOGIT_LIMIT, LOGIT_LIMIT)


CASES = [("random", 0), ("random", 1), ("bounds", 2), ("bounds", 3)]


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_batches_are_exact(kind, seed):
    from lizip.codecs.sweep.network import hidden_layers

    weights = Weights("x", arrays_of(kind, seed))
    random = np.random.default_rng(seed)
    features = np.concatenate(
        [random.integers(-127, 128, (3000, FEATURES)), random.choice([-127, 127], (3000, FEATURES))]
    )
    features[-HIDDEN:] = 127 * np.sign(weights.arrays[0].T)
    found = hidden_layers(weights, (features + 128).astype(np.uint8))
    np.testing.assert_array_equal(found, reference(weights.arrays, features)[0])


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_kernel_is_exact(kind, seed):
    arrays = arrays_of(kind, seed)
    net = network(Weights("x", arrays).arrays)
    random = np.random.default_rng(seed)
    model = fresh_model(5, 7, False, tree_of(np.ones(128, int)))
    for _ in range(8):
        model.history[:, :8] = random.integers(1, random.choice([100, 1 << 24]), model.history[:, :8].shape)
        for ring in range(5):
            candidates_of(model.history, ring, 5, model.scratch)
            centre = blended_centre(model.history, ring, model.scratch, 40)
            features_of(model.history, ring, 5, model.scratch, centre, 7, net.raw, net.features)
            top, logits = reference(arrays, net.features[:FEATURES].astype(np.int64)[None])
            think(net, model.history, ring, 5, model.scratch, centre, 7, 0)
            np.testing.assert_array_equal(net.top, top[0])
            assert [int(opinion(net, output)) for output in range(OUTPUTS)] == logits[0].tolist()


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_backends_write_the_same_bytes(kind, seed):
    random = np.random.default_rng(seed)
    ranges = np.cumsum(random.integers(-9, 10, (80, 12)), axis=0) + 4000
    ranges[random.random(ranges.shape) < 0.2] = 0
    intensity = random.integers(0, 100, ranges.shape)
    weights = Weights("x", arrays_of(kind, seed))
    by_kernel = encode_grid(ranges, intensity, net=weights).data
    assert encode_grid(ranges, intensity, net=weights, backend="torch").data == by_kernel


def test_training_teaches_and_exports_what_runs(tmp_path, monkeypatch):
    from lizip.codecs.sweep.dataset import Grid, joined, record, varied
    from lizip.codecs.sweep.training import train

    random = np.random.default_rng(0)

    def wavy(seed):
        local = np.random.default_rng(seed)
        firing, ring = np.mgrid[:300, :16]
        wave = 3000 + 60 * np.sin(firing / 7 + ring) + 90 * ring
        return (wave + local.normal(0, 3, wave.shape)).astype(np.int32)

    parts = [record(each) for seed in range(3) for each in varied(Grid(wavy(seed), None, False, 40), random)]
    torch.set_num_threads(1)
    network_ = train(joined(parts), epochs=3)
    weights = network_.weights("taught")
    features = parts[0].features[:500]
    with torch.no_grad():
        own = network_(torch.from_numpy(features).float() - 128).numpy() * 256
    exact = reference(weights.arrays, features.astype(np.int64) - 128)[1]
    inside = np.abs(exact) < LOGIT_LIMIT
    assert np.abs(own - exact)[inside].mean() < 1
    monkeypatch.setenv("LIZIP_MODELS", str(tmp_path))
    weights.save(tmp_path)
    unseen = wavy(9)
    plain, helped = encode_grid(unseen, None), encode_grid(unseen, None, net="taught")
    assert len(helped.data) < 0.97 * len(plain.data)
    np.testing.assert_array_equal(decode_grid(helped.data)[0], unseen)
