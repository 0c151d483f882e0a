"""Clouds as they were before a move, a change of axes or of the unit of length, which a recipe then makes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.relations import Recipe
from lizip.relations.motion import MOST_POINTS, Motion, points_of
from lizip.relations.recipe import is_movable
from lizip.relations.rule import COUNTED, KEPT, NARROW, Rule

Undo = Callable[[np.ndarray, list[np.ndarray]], tuple[np.ndarray, Motion] | None]

_SINGLE, _DOUBLE = np.dtype("<f4"), np.dtype("<f8")


class Undone(NamedTuple):
    """A recipe with a motion, and the points (N, 3) float32 before it."""

    recipe: Recipe
    inner: np.ndarray


def undo(cloud: Cloud, recipe: Recipe) -> Undone | None:
    """Find points that were moved after a rounding as they were before; None where no trace of a move is left."""
    from lizip.sensor.fit.outer.undo import undo_motion

    if cloud.count > MOST_POINTS:
        return None
    return _undone_wide(cloud, recipe) or _undone(cloud, recipe, lambda xyz, _: undo_motion(xyz))


def undo_rarer(cloud: Cloud, recipe: Recipe) -> Iterator[Undone]:
    """Find points in whole units, multiplied by a number, and on other axes, as they were before."""
    from lizip.sensor.fit.outer.scale import undo_scale
    from lizip.sensor.fit.outer.sideways import undo_sideways

    if cloud.count > MOST_POINTS:
        return
    yield from _undone_whole(cloud, recipe)
    for each in (undo_scale, undo_sideways):
        if undone := _undone(cloud, recipe, each):
            yield undone


def _undone_wide(cloud: Cloud, recipe: Recipe) -> Undone | None:
    """Points of float64 as the float32 that they were before a transform; None where they were none."""
    from lizip.sensor.fit.outer.wide import undo_wide

    xyz, _ = _apart(cloud, recipe)
    wide = len(xyz) == 3 and all(column.dtype == _DOUBLE for column in xyz)
    if not wide or all(rule.kind != KEPT for rule in recipe.leading_rules):
        return None
    undone = undo_wide(np.stack(xyz, axis=1))
    if undone is None:
        return None
    inner, motion = undone
    rules = (Rule(NARROW) if i in recipe.leading else rule for i, rule in enumerate(recipe.rules))
    return Undone(replace(recipe, rules=tuple(rules), motion=motion), inner)


def _undone_whole(cloud: Cloud, recipe: Recipe) -> Iterator[Undone]:
    """Points of whole millimetres or centimetres, integers or floats, as float32 in metres."""
    from lizip.sensor.fit.outer.whole import undo_whole

    xyz, _ = _apart(cloud, recipe)
    if cloud.format == "las" or len(xyz) < 3 or any(rule.kind not in (KEPT, NARROW) for rule in recipe.leading_rules):
        return
    rules_of = zip(recipe.leading_rules, xyz, strict=True)
    if any(column.dtype not in (*COUNTED, _SINGLE) and rule.kind != NARROW for rule, column in rules_of):
        return
    narrow = (
        Rule(NARROW) if i in recipe.leading and dtype != _SINGLE else rule
        for i, (rule, (_, dtype)) in enumerate(zip(recipe.rules, cloud.schema, strict=True))
    )
    rules = tuple(narrow)
    for inner, motion in undo_whole(xyz):
        yield Undone(replace(recipe, rules=rules, motion=motion), inner)


def _undone(cloud: Cloud, recipe: Recipe, find: Undo) -> Undone | None:
    from lizip.sensor.fit.missing import enough_returns

    if cloud.format == "las" or not is_movable(recipe.coded(cloud.schema), recipe.leading_rules):
        return None
    if not cloud.once(enough_returns):
        return None
    coordinates, others = _apart(cloud, recipe)
    xyz = points_of({str(k): column.astype("<f4") for k, column in enumerate(coordinates)})
    undone = find(xyz, others)
    if undone is None:
        return None
    inner, motion = undone
    return Undone(replace(recipe, motion=motion), inner)


def _apart(cloud: Cloud, recipe: Recipe) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Columns of coordinates, as far as there are any, and the others."""
    columns = list(cloud.columns.values())
    xyz = [columns[place] for place in recipe.leading if place < len(columns)]
    return xyz, [column for i, column in enumerate(columns) if i not in recipe.leading]
