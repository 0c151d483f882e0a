import numpy as np
import pytest

from lizip.codecs.sweep.grid import encode_grid
from lizip.codecs.sweep.weights import DEFAULT_NET, find_weights
from lizip.resources import models_folder
from lizip.simulator import hdl32, os_sensor


def test_the_card_describes_the_weights():
    card = (models_folder() / "predictors" / f"{DEFAULT_NET}.md").read_text()
    assert find_weights(DEFAULT_NET).digest.hex() in card
    assert "files it has not seen" in card


@pytest.mark.parametrize(("sensor", "near"), [(hdl32, 40), (os_sensor, 80)])
def test_it_pays_on_sweeps_it_has_not_seen(sensor, near):
    sweep = sensor.sweep(901)
    options = {"everywhere": sensor is hdl32, "near": near}
    plain = encode_grid(sweep.ranges, sweep.intensity, **options)
    helped = encode_grid(sweep.ranges, sweep.intensity, net=DEFAULT_NET, **options)
    assert helped.bits["flags"] + helped.bits["range"] < 0.99 * (plain.bits["flags"] + plain.bits["range"])
    assert len(helped.data) < len(plain.data)


def test_it_does_not_hurt_on_noise():
    ranges = np.random.default_rng(0).integers(1, 1 << 16, (200, 16))
    assert len(encode_grid(ranges, None, net=DEFAULT_NET).data) < 1.02 * len(encode_grid(ranges, None).data)
