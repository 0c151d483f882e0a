"""What is found in a cloud is found once, and anew where its columns are others."""

from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.coordinates import stored_points


def _cloud(shift: float = 0.0) -> Cloud:
    points = np.arange(12, dtype="<f4").reshape(4, 3) + np.float32(shift)
    return Cloud("bin", columns=dict(zip("xyz", points.T, strict=True)))


def test_each_is_asked_once_even_if_nothing_is_found():
    asked = []

    def find(cloud: Cloud) -> None:
        asked.append(cloud.count)

    cloud = _cloud()
    assert cloud.once(find) is None
    assert cloud.once(find) is None
    assert asked == [4]
    assert cloud.once(lambda each: each.count) == 4


def test_a_cloud_of_other_columns_is_looked_at_anew():
    cloud, other = _cloud(), _cloud(1.0)
    before = stored_points(cloud)
    assert stored_points(cloud) is before
    np.testing.assert_array_equal(stored_points(replace(cloud, columns=other.columns)), before + 1)
    assert stored_points(cloud, 5) is None
