"""Missing points that follow no grid come back to their places."""

import numpy as np
import pytest

from lizip.errors import CorruptError
from lizip.sensor.stages.places import decode_places, encode_places


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_places_come_back(share):
    missing = np.random.default_rng(0).random(2000) < share
    stream = encode_places(missing)
    np.testing.assert_array_equal(decode_places(stream, int(missing.sum()), 2000), missing)


def test_places_that_do_not_add_up_are_corrupt():
    missing = np.random.default_rng(0).random(2000) < 0.3
    stream = encode_places(missing)
    for absent, count in ((-1, 2000), (2001, 2000), (int(missing.sum()) + 1, 2001)):
        with pytest.raises(CorruptError):
            decode_places(stream, absent, count)
