"""Means of points on a lattice: found, taken apart, back bit for bit; and nothing else is taken for means."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lizip
from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.relations.find import alternatives, narrowed
from lizip.relations.means import MOST_POINTS, find_means, joined, split
from lizip.relations.recipe import Recipe
from lizip.relations.rule import MEAN, Rule


def voxel_means(decimal=1000, count=4000, seed=0):
    """Means (V, 4) float32 of points on a lattice in cubes of 0.2 m, and how many points each is of."""
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.normal(0, 2.0, (count, 2)), rng.normal(0, 0.1, count), rng.integers(0, 99, count)])
    points[:, :3] = np.rint(points[:, :3] * decimal) / decimal
    points[:, 3] /= 100
    points = points.astype(np.float32)
    cubes = np.floor(points[:, :3] / 0.2).astype(np.int64) @ [1 << 20, 1 << 10, 1]
    _, which, counts = np.unique(cubes, return_inverse=True, return_counts=True)
    return np.stack([np.bincount(which, c) / counts for c in points.T], axis=1).astype(np.float32), counts


def cloud_of(points):
    return Cloud("bin", b"\4", dict(zip(("x", "y", "z", "intensity"), points.T, strict=True)))


@pytest.mark.parametrize("decimal", [1000, 100])
def test_numbers_of_points_are_found(decimal):
    means, counts = voxel_means(decimal)
    found, decimals = find_means(list(means.T))
    assert decimals == [decimal] * 3 + [100]
    assert np.mean(counts % found == 0) > 0.99, "the fewest points that give such a mean"


def test_means_come_back_and_are_small():
    means, _ = voxel_means()
    cloud = cloud_of(means)
    recipe = next(recipe for recipe in alternatives(cloud, narrowed(cloud)) if recipe.rules[0].kind == MEAN)
    assert Recipe.unpack(recipe.pack(), cloud.schema) == recipe
    again = recipe.restore(recipe.reduce(cloud.columns), cloud.schema)
    for name, column in cloud.columns.items():
        assert again[name].tobytes() == column.tobytes()
    packed = lizip.compress(means.tobytes())
    assert lizip.decompress(packed) == means.tobytes()
    assert 8 * len(packed) / lizip.info(io.BytesIO(packed))["points"] < 50


def test_strange_points_among_means_come_back():
    means, _ = voxel_means()
    strange = np.array([np.nan, np.inf, -np.inf, -0.0, 1e30, 1e-40, 0.1234567], np.float32)
    means[5 : 5 + len(strange), :3] = strange[:, None]
    cloud = cloud_of(means)
    recipe = next(recipe for recipe in alternatives(cloud, narrowed(cloud)) if recipe.rules[0].kind == MEAN)
    again = recipe.restore(recipe.reduce(cloud.columns), cloud.schema)
    for name, column in cloud.columns.items():
        assert again[name].tobytes() == column.tobytes()


@pytest.mark.parametrize("decimal", [0, 1000])
def test_other_points_are_no_means(decimal):
    points = np.random.default_rng(1).normal(0, 20, (2000, 3))
    points = (np.rint(points * decimal) / decimal if decimal else points).astype(np.float32)
    assert find_means(list(points.T)) is None


@settings(deadline=None)
@given(
    hnp.arrays(np.uint32, 20).map(lambda bits: bits.view(np.float32)),
    hnp.arrays(np.uint8, 20, elements=st.integers(1, MOST_POINTS)),
    st.sampled_from([1, 100, 1000]),
)
def test_nothing_fails_to_be_taken_apart(column, counts, decimal):
    near, parts = split(column, counts, decimal)
    assert joined(near, parts, counts, decimal).dtype == np.float32
    assert joined(near, parts, np.zeros(20, np.uint8), decimal).dtype == np.float32


def test_impossible_means_are_refused():
    means, _ = voxel_means()
    cloud = cloud_of(means)
    recipe = next(recipe for recipe in alternatives(cloud, narrowed(cloud)) if recipe.rules[0].kind == MEAN)
    with pytest.raises(CorruptError):
        Recipe.unpack(recipe.pack(), tuple((name, np.dtype("<f8")) for name, _ in cloud.schema))
    none = Recipe(tuple(Rule(MEAN, (), (0,)) for _ in recipe.rules))
    with pytest.raises(CorruptError):
        Recipe.unpack(none.pack(), cloud.schema)
