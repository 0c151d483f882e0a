"""A scene as the page draws it: thinned points in steps, their colours, and which point is in which pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lizip.report.colours import Channel, channel_of
from lizip.report.document import base64_of
from lizip.report.scene import Scene

MOST_DRAWN = 200_000
"""Points on a page; of more, every so many are left out."""

_MOST_COLUMNS = 2048
_STEPS = 65535


class View(NamedTuple):
    """From where to look at points (M, 3): extent and middle from above, radius around that.

    Attributes
    ----------
    centre, span : (2,) float64
    middle : (3,) float64
    radius : float
    """

    centre: np.ndarray
    span: np.ndarray
    middle: np.ndarray
    radius: float


def thinned(scene: Scene) -> np.ndarray:
    """Which points (M,) are drawn: those that are somewhere, evenly thinned."""
    there = np.flatnonzero(np.isfinite(scene.xyz).all(axis=1))
    if len(there) <= MOST_DRAWN:
        return there
    return there[np.linspace(0, len(there) - 1, MOST_DRAWN).astype(np.int64)]


def view_of(xyz: np.ndarray, is_sweep: bool) -> View:
    """Of a sweep all around the origin what is within reach of the sensor, else everything."""
    low, high = np.percentile(xyz, (0.5, 99.5), axis=0)
    if is_sweep and (low[:2] < 0).all() and (high[:2] > 0).all():
        reach = float(np.percentile(np.hypot(xyz[:, 0], xyz[:, 1]), 93))
        centre, span = np.zeros(2), np.full(2, 2 * reach)
        middle, radius = np.array([0.0, 0.0, np.median(xyz[:, 2])]), 0.75 * reach
    else:
        centre, span = (low[:2] + high[:2]) / 2, (high - low)[:2] * 1.04
        middle, radius = (low + high) / 2, 0.62 * float(np.linalg.norm(high - low))
    return View(centre, np.maximum(span, 1e-3), middle, max(radius, 1e-3))


def channels_of(scene: Scene, chosen: np.ndarray) -> list[Channel]:
    """What the points chosen can be coloured by."""
    return [channel_of(key, values[chosen]) for key, values in scene.numbers.items()]


def image_of(scene: Scene, chosen: np.ndarray) -> np.ndarray | None:
    """The range image: (H, W) uint32, 1 + place among the chosen of the point in each pixel, 0 where there is none."""
    if scene.ring is None or scene.row is None:
        return None
    ring, row = scene.ring[chosen], scene.row[chosen]
    inside = np.flatnonzero((ring >= 0) & (row >= 0))
    if not len(inside):
        return None
    columns = int(row[inside].max()) + 1
    together = -(-columns // _MOST_COLUMNS)
    if len(chosen) < len(scene.xyz):  # thinned: holes would show
        together = max(together, round(len(scene.xyz) / len(chosen)))
    image = np.zeros((int(ring[inside].max()) + 1, -(-columns // together)), np.uint32)
    nearest = inside[::-1] if "range" not in scene.numbers else _far_first(scene.numbers["range"][chosen], inside)
    image[ring[nearest], row[nearest] // together] = nearest + 1
    return image


def _far_first(away: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return inside[np.argsort(-away[inside], kind="stable")]


def drawn(scene: Scene, is_sweep: bool, unit: str = "m") -> dict[str, Any]:
    """For page.js: points, channels, image; lengths count in `unit`, "" where nobody knows."""
    chosen = thinned(scene)
    if not len(chosen):
        return {}
    xyz = scene.xyz[chosen]
    view = view_of(xyz, is_sweep)
    low, high = xyz.min(axis=0), xyz.max(axis=0)
    if is_sweep:  # a few far points would make all steps coarse
        low, high = np.maximum(low, view.middle - 4 * view.span[0]), np.minimum(high, view.middle + 4 * view.span[0])
    step = np.maximum(high - low, 1e-9) / _STEPS
    places = np.rint(np.clip((xyz - low) / step, 0, _STEPS)).astype(np.uint16)
    shift = np.append(view.centre, 0.0)
    points = {
        "places": base64_of(places),
        "low": (low - shift).tolist(),
        "step": step.tolist(),
        "centre": [0.0, 0.0],
        "span": view.span.tolist(),
        "middle": (view.middle - shift).tolist(),
        "radius": view.radius,
        "grain": view.radius / float(np.clip(1.3 * len(chosen) ** 0.5, 60, 500)),
        "unit": unit,
    }
    channels = [{**each.described(unit), "codes": base64_of(each.codes)} for each in channels_of(scene, chosen)]
    drawn = {"points": points, "channels": channels, "drawn": len(chosen)}
    image = image_of(scene, chosen)
    if image is not None:
        height, width = image.shape
        words = "range image: a column a firing, a row a ring" if scene.is_grid else "by direction: no grid was found"
        drawn["image"] = {"width": width, "height": height, "index": base64_of(image), "words": words}
    return drawn
