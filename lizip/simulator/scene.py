"""A procedural street: ground, houses, cars, poles, trunks, crowns of leaves; all decided by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lizip.simulator.draws import Draws

GROUND = 0.16
"""Reflectivity of the road (share of light that comes straight back); grass and paving are brighter."""

RETRO = 2.5
"""Reflectivity above 1 marks retroreflectors: signs and licence plates."""


@dataclass(frozen=True)
class Scene:
    """Solids in a local frame: x along the street, y to the left, z up, metres; the sensor drives near the origin.

    Attributes
    ----------
    boxes : (B, 8) float64
        Centre x, y; bottom and top z; half length, half width; yaw (rad); reflectivity.
    cylinders : (C, 6) float64
        Upright: centre x, y; bottom and top z; radius; reflectivity.
    crowns : (L, 6) float64
        Balls of leaves: centre x, y, z; radius; mean free path of a ray inside (m); reflectivity.
    slope : (2,) float64
        Rise of the ground along x and y.
    waves : (W, 4) float64
        Roughness of the ground: amplitude (m), wave numbers along x and y (rad/m), phase (rad).
    """

    boxes: np.ndarray
    cylinders: np.ndarray
    crowns: np.ndarray
    slope: np.ndarray
    waves: np.ndarray

    def height(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Height of the ground (m) at x, y."""
        z = self.slope[0] * x + self.slope[1] * y
        for amplitude, along, across, phase in self.waves:
            z = z + amplitude * np.sin(along * x + across * y + phase)
        return z


def street(seed: int, density: float = 1.0, reach: float = 120.0) -> Scene:
    """Build a street.

    Parameters
    ----------
    seed : int
        Decides everything.
    density : float
        How crowded: 0 is an empty plain, 1 a town, 2 twice the things.
    reach : float
        Half the length of the street, m.
    """
    draws = Draws(seed, "scene")
    slope = draws.uniform(-0.015, 0.015, 2)
    count = 6
    waves = np.stack(
        [
            draws.uniform(0.002, 0.03, count),
            draws.uniform(-0.8, 0.8, count),
            draws.uniform(-0.8, 0.8, count),
            draws.uniform(0.0, 2 * np.pi, count),
        ],
        axis=1,
    )
    ground = Scene(np.empty((0, 8)), np.empty((0, 6)), np.empty((0, 6)), slope, waves)
    boxes = [
        *_pavements(reach),
        *_houses(draws, reach, density),
        *_backdrop(draws, reach, density),
        *_cars(draws, reach, density),
    ]
    cylinders, crowns, signs = _upright(draws, reach, density)
    solid = np.array(boxes + signs).reshape(-1, 8)
    round_ = np.array(cylinders).reshape(-1, 6)
    leafy = np.array(crowns).reshape(-1, 6)
    # Everything was built on the plane z = 0; set it onto the ground.
    solid[:, 2:4] += ground.height(solid[:, 0], solid[:, 1])[:, None]
    round_[:, 2:4] += ground.height(round_[:, 0], round_[:, 1])[:, None]
    leafy[:, 2] += ground.height(leafy[:, 0], leafy[:, 1])
    return Scene(solid, round_, leafy, slope, waves)


def _pavements(reach: float) -> list[tuple[float, ...]]:
    """A raised kerb and pavement on both sides, in short pieces so that they follow the slope."""
    length = 6.0
    return [
        (x, side * 7.5, -0.6, 0.13, length / 2, 2.0, 0.0, 0.26)
        for side in (-1, 1)
        for x in np.arange(-reach, reach, length) + length / 2
    ]


def _houses(draws: Draws, reach: float, density: float) -> list[tuple[float, ...]]:
    """Rows of houses with gaps, some of them set back."""
    boxes = []
    for side in (-1, 1):
        x = -reach
        while x < reach:
            length, depth, height = draws.uniform(6, 18), draws.uniform(6, 12), draws.uniform(3, 13)
            back = draws.uniform(10, 17)
            keep, tint, turn = draws.chance(min(1.0, 0.75 * density)), draws.uniform(0.12, 0.6), draws.normal()
            if keep:
                box = (
                    x + length / 2,
                    side * (back + depth / 2),
                    -1.0,
                    height,
                    length / 2,
                    depth / 2,
                    0.02 * turn,
                    tint,
                )
                boxes.append(tuple(float(value) for value in box))
            x += length + draws.uniform(0.5, 9.0)
    return boxes


def _backdrop(draws: Draws, reach: float, density: float) -> list[tuple[float, ...]]:
    """Large buildings behind the houses and across both ends of the street."""
    boxes: list[Any] = []
    for _ in range(int(14 * density)):
        x, side, y = draws.uniform(-reach, reach), draws.integers(0, 2) * 2 - 1, draws.uniform(34.0, 60.0)
        length, height, yaw = draws.uniform(8, 25), draws.uniform(5, 25), 0.3 * draws.normal()
        boxes.append((x, side * y, -2.0, height, length, 5.0, yaw, draws.uniform(0.15, 0.6)))
    for end in (-1, 1):
        if draws.chance(min(1.0, 0.6 * density)):
            x, yaw, tint = draws.uniform(55.0, reach), 0.1 * draws.normal(), draws.uniform(0.2, 0.6)
            boxes.append((end * x, draws.uniform(-20, 20), -3.0, draws.uniform(6, 20), 4.0, 25.0, yaw, tint))
    return [tuple(float(value) for value in box) for box in boxes]


def _cars(draws: Draws, reach: float, density: float) -> list[tuple[float, ...]]:
    """Parked and driving cars: a body, a cabin and a licence plate each."""
    boxes: list[tuple[Any, ...]] = []
    for _ in range(int(18 * density)):
        x, parked = draws.uniform(-reach, reach) * 0.8, draws.chance(0.7)
        side = np.where(draws.chance(0.5), 1.0, -1.0)
        y = side * (draws.uniform(4.3, 4.8) if parked else draws.uniform(1.6, 2.6))
        long, tint, yaw, tall = (
            draws.uniform(3.6, 5.2),
            draws.uniform(0.05, 0.7),
            0.02 * draws.normal(),
            draws.uniform(1.3, 2.2),
        )
        if abs(x) < 8 and abs(y) < 3.5:
            continue  # where the sensor's own vehicle drives
        boxes.append((x, y, 0.25, 0.55 * tall, long / 2, 0.88, yaw, tint))
        boxes.append((x - 0.1 * long, y, 0.25, tall, 0.3 * long, 0.78, yaw, tint * 0.6))
        boxes.append((x - long / 2, y, 0.4, 0.52, 0.03, 0.26, yaw, RETRO))
    return [tuple(float(value) for value in box) for box in boxes]


Solids = list[tuple[float, ...]]


def _upright(draws: Draws, reach: float, density: float) -> tuple[Solids, Solids, Solids]:
    """Poles with signs, trees with crowns, people and hedges."""
    cylinders, crowns, signs = list[Any](), list[Any](), list[Any]()
    for _ in range(int(16 * density)):
        x, side, y = draws.uniform(-reach, reach), draws.integers(0, 2) * 2 - 1, draws.uniform(5.8, 6.4)
        height, radius, tint = draws.uniform(2.5, 8.0), draws.uniform(0.04, 0.12), draws.uniform(0.2, 0.5)
        cylinders.append((x, side * y, -0.2, height, radius, tint))
        if draws.chance(0.5):
            signs.append((x, side * y, height - 0.7, height - 0.1, 0.02, 0.3, 0.1 * draws.normal(), RETRO))
    for _ in range(int(45 * density)):
        x, side, y = draws.uniform(-reach, reach), draws.integers(0, 2) * 2 - 1, draws.uniform(5.8, 9.0)
        y += draws.chance(0.4) * draws.uniform(0.0, 20.0)
        trunk, size, path = draws.uniform(1.6, 3.5), draws.uniform(1.2, 3.6), draws.uniform(0.4, 2.0)
        cylinders.append((x, side * y, -0.2, trunk + size, draws.uniform(0.1, 0.35), draws.uniform(0.1, 0.3)))
        for _ in range(3):
            at = draws.normal(3) * 0.4 * size
            ball = (x + at[0], side * y + at[1], trunk + size + at[2], size, path, draws.uniform(0.15, 0.5))
            crowns.append(ball)
    for _ in range(int(24 * density)):
        x, side, y = draws.uniform(-reach, reach), draws.integers(0, 2) * 2 - 1, draws.uniform(6.0, 9.0)
        cylinders.append((x, side * y, 0.0, draws.uniform(1.5, 1.9), draws.uniform(0.18, 0.3), draws.uniform(0.1, 0.6)))
        crowns.append((x + 5, side * (y + 1.5), 0.4, draws.uniform(0.5, 1.1), 0.25, draws.uniform(0.2, 0.5)))
    floats = [[tuple(float(value) for value in item) for item in items] for items in (cylinders, crowns, signs)]
    return floats[0], floats[1], floats[2]
