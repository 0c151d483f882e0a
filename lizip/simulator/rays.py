"""Rays into a scene: where each meets something first, how steeply, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.scene import GROUND, Scene


@dataclass
class Hits:
    """First things met by N rays.

    Attributes
    ----------
    distance : (N,) float64
        Metres from the origin of the ray; inf where it meets nothing.
    cosine : (N,) float64
        Cosine of the angle of incidence, 0 (grazing) to 1 (head on).
    reflectivity : (N,) float64
        Share of the light that comes back; above 1 for retroreflectors.
    """

    distance: np.ndarray
    cosine: np.ndarray
    reflectivity: np.ndarray

    def of(self, rays: slice) -> Hits:
        """A view of some rays."""
        return Hits(self.distance[rays], self.cosine[rays], self.reflectivity[rays])

    def nearer(
        self, rays: np.ndarray, distance: np.ndarray, cosine: np.ndarray, reflectivity: np.ndarray | float
    ) -> None:
        """Let rays (indices) end at `distance` where that is nearer than what they met before."""
        closer = distance < self.distance[rays]
        rays = rays[closer]
        self.distance[rays] = distance[closer]
        self.cosine[rays] = cosine[closer]
        self.reflectivity[rays] = np.broadcast_to(reflectivity, closer.shape)[closer]


def cast(scene: Scene, origins: np.ndarray, directions: np.ndarray, draws: Draws) -> Hits:
    """Follow rays to the first thing they meet.

    Parameters
    ----------
    scene : Scene
        The solids.
    origins, directions : (N, 3) float64
        Starting points (m) and unit vectors in the scene's frame. The origins may move as the sensor drives.
    draws : Draws
        Decides how deep rays enter the leaves.
    """
    flat = np.sqrt(directions[:, 0] ** 2 + directions[:, 1] ** 2)
    heading = directions[:, :2] / np.maximum(flat, 1e-9)[:, None]
    angle = np.arctan2(heading[:, 1], heading[:, 0])
    order = np.argsort(angle, kind="stable")
    middle = origins[:, :2].mean(axis=0)
    spread = np.abs(origins[:, :2] - middle).sum(axis=1).max()
    compass = _Compass(angle[order], middle, spread)
    origins, directions = origins[order], directions[order]
    found = Hits(np.full(len(order), np.inf), np.zeros(len(order)), np.zeros(len(order)))
    _ground(scene, origins, directions, found)
    for box in scene.boxes:
        for rays in compass.towards(box[:2], np.hypot(box[4], box[5])):
            meet_box(box, origins[rays], directions[rays], found.of(rays))
    for cylinder in scene.cylinders:
        for rays in compass.towards(cylinder[:2], cylinder[4]):
            _cylinder(cylinder, origins[rays], directions[rays], found.of(rays))
    for crown in scene.crowns:
        for rays in compass.towards(crown[:2], crown[3]):
            luck = draws.uniform(size=rays.stop - rays.start)
            _crown(crown, origins[rays], directions[rays], found.of(rays), luck)
    hits = Hits(np.empty(len(order)), np.empty(len(order)), np.empty(len(order)))
    hits.distance[order], hits.cosine[order] = found.distance, found.cosine
    hits.reflectivity[order] = found.reflectivity
    return hits


@dataclass(frozen=True)
class _Compass:
    """Rays sorted by heading, so that each solid looks only at those that go its way."""

    headings: np.ndarray
    middle: np.ndarray
    spread: float

    def towards(self, centre: np.ndarray, radius: float) -> list[slice]:
        """Which rays may come within `radius` of `centre`."""
        x, y = centre - self.middle
        away = np.hypot(x, y)
        reach = radius + self.spread
        if reach >= away:
            return [slice(0, len(self.headings))]
        half = np.arcsin(reach / away) + 1e-9
        bearing = np.arctan2(y, x)
        turns = np.array([-2 * np.pi, 0.0, 2 * np.pi])
        first, last = np.searchsorted(self.headings, [bearing - half + turns, bearing + half + turns]).tolist()
        return [slice(*ends) for ends in zip(first, last, strict=True) if ends[0] < ends[1]]


def _ground(scene: Scene, origins: np.ndarray, directions: np.ndarray, hits: Hits) -> None:
    """Meet the plane, then walk a few steps to the rough surface; beams that graze it keep the plane's distance."""
    along, across = scene.slope
    fall = directions[:, 2] - along * directions[:, 0] - across * directions[:, 1]
    rays = np.nonzero(fall < -1e-4)[0]
    start, way, fall = origins[rays], directions[rays], fall[rays]
    above = start[:, 2] - along * start[:, 0] - across * start[:, 1]
    distance = above / -fall
    for _ in range(3):
        x, y = start[:, 0] + distance * way[:, 0], start[:, 1] + distance * way[:, 1]
        rough = scene.height(x, y) - along * x - across * y
        distance = np.maximum((above - rough) / -fall, 0.5)
    # Road, pavement and grass differ; the seams give intensity its edges.
    tint = np.where(np.abs(y) > 9.5, 0.32, GROUND) + np.where(np.abs(np.abs(y) - 3.6) < 0.08, 0.45, 0.0)
    tint = tint * (1 + 0.15 * np.sin(0.9 * x) * np.sin(1.3 * y))
    hits.nearer(rays, distance, np.minimum(-fall, 1.0), tint)


def meet_box(box: np.ndarray, origins: np.ndarray, directions: np.ndarray, hits: Hits) -> None:
    """Let rays (N, 3) meet a box of `Scene.boxes`: the slab test in its frame; the axis entered last is the face."""
    x, y, bottom, top, length, width, yaw, tint = box
    cosine, sine = np.cos(yaw), np.sin(yaw)
    dx, dy = origins[:, 0] - x, origins[:, 1] - y
    start = (cosine * dx + sine * dy, cosine * dy - sine * dx, origins[:, 2] - (bottom + top) / 2)
    way = (
        cosine * directions[:, 0] + sine * directions[:, 1],
        cosine * directions[:, 1] - sine * directions[:, 0],
        directions[:, 2],
    )
    count = len(origins)
    enter, leave, face = np.full(count, -np.inf), np.full(count, np.inf), np.zeros(count)
    for position, step, half in zip(start, way, (length, width, (top - bottom) / 2), strict=True):
        step = np.where(np.abs(step) < 1e-12, 1e-12, step)
        first, second = (-half - position) / step, (half - position) / step
        near, far = np.minimum(first, second), np.maximum(first, second)
        face = np.where(near > enter, np.abs(step), face)
        enter, leave = np.maximum(enter, near), np.minimum(leave, far)
    struck = np.nonzero((enter < leave) & (enter > 0))[0]
    enter, face = enter[struck], face[struck]
    if length > 3 and tint < 1:  # storeys: rows of dark windows on whatever is larger than a car
        storey = np.floor(origins[struck, 2] + enter * directions[struck, 2])
        tint = tint * np.where(storey % 3 == 1, 0.6, 1.0)
    hits.nearer(struck, enter, np.minimum(face, 1.0), tint)


def _cylinder(cylinder: np.ndarray, origins: np.ndarray, directions: np.ndarray, hits: Hits) -> None:
    """An upright tube; its lid is left out (nothing looks down on it)."""
    x, y, bottom, top, radius, tint = cylinder
    dx, dy = origins[:, 0] - x, origins[:, 1] - y
    a = np.maximum(directions[:, 0] ** 2 + directions[:, 1] ** 2, 1e-12)
    b = dx * directions[:, 0] + dy * directions[:, 1]
    root = b * b - a * (dx * dx + dy * dy - radius * radius)
    distance = (-b - np.sqrt(np.maximum(root, 0.0))) / a
    z = origins[:, 2] + distance * directions[:, 2]
    struck = np.nonzero((root > 0) & (distance > 0) & (z > bottom) & (z < top))[0]
    hits.nearer(struck, distance[struck], np.minimum(np.sqrt(root[struck]) / radius, 1.0), tint)


def _crown(crown: np.ndarray, origins: np.ndarray, directions: np.ndarray, hits: Hits, luck: np.ndarray) -> None:
    """A ball of leaves: the ray enters it and goes a random way before it meets a leaf, or passes through."""
    x, y, z, radius, path, tint = crown
    offset = origins - np.array([x, y, z])
    b = (offset * directions).sum(axis=1)
    root = b * b - ((offset**2).sum(axis=1) - radius * radius)
    half = np.sqrt(np.maximum(root, 0.0))
    # luck / (1 - luck) has a heavier tail than an exponential and needs no logarithm
    depth = path * luck / (1.0 - luck)
    distance = -b - half + depth
    struck = np.nonzero((root > 0) & (distance > 0) & (depth < 2 * half))[0]
    hits.nearer(struck, distance[struck], 0.3 + 0.7 * luck[struck], tint)
