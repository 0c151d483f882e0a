"""Sweeps of sensors at rest as public drivers hand them on: what packets hold, in what order, what is left out."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.driver_laws import LAWS, Fired
from lizip.simulator.exact import sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep
from lizip.simulator.turning import MOUNT, PACKET, TURN, Model

_FLOAT = np.float32
_OF_BLOCK = 32
"""Lasers of a block of Velodyne's packets: four blocks are a firing of a VLS-128."""
_MARGIN = 1500
"""0.01 degrees that blocks begin before the turn where each laser's own azimuth cuts it."""


class Packets(NamedTuple):
    """What the packets of a turn hold.

    Attributes
    ----------
    azimuth : (F,) int64
        Of each block, 0.01 degrees.
    ticks, intensity : (F, R) int32
        Of each laser, in firing order; 0 = no return.
    second : (F, R) int32
        Second returns, 0 = none.
    """

    azimuth: np.ndarray
    ticks: np.ndarray
    intensity: np.ndarray
    second: np.ndarray


def packets(
    seed: int,
    model: Model,
    span: float = 1.0,
    twice: float = 0.0,
    conditions: Conditions = CLEAR,
    scene: Scene | None = None,
) -> Packets:
    """Let a sensor at rest look at a street; `twice` is the share of returns that have a second."""
    draws, rough = Draws(seed, "drivers"), Draws(seed, "conditions")
    blocks = int(span * TURN / model.step)
    exact = draws.uniform(0, TURN) + model.step * np.arange(blocks) + model.jitter * draws.normal(blocks)
    azimuth = np.rint(exact).astype(np.int64)
    angle = np.radians(((azimuth[:, None] + model.step * model.slot) / 100 + model.azimuth).ravel())
    rise, fall = (np.tile(each, blocks) for each in sine_cosine(np.radians(model.elevation)))
    sine, cosine = sine_cosine(angle)
    rays = np.stack([fall * cosine, -fall * sine, rise], axis=1)
    receiver = Receiver(tick=model.tick, noise=0.008, reach=100.0, nearest=0.5, gain=110.0, speckle=3.5)
    start = np.zeros_like(rays) + np.array([0.0, 0.0, MOUNT])
    hits = cast(scene or street(seed), start, rays, draws)
    ticks, intensity, _ = conditions.receive(hits, rays, receiver, draws, rough)
    # what a driver adds to a range, the sensor has left out
    without = np.rint(np.broadcast_to(model.further, model.rings) / model.tick).astype(np.int32)
    ticks = np.where(ticks > 0, np.maximum(ticks - np.tile(without, blocks), 1), 0).astype(np.int32)
    if model.asleep is not None:
        ticks[model.asleep[np.arange(blocks) % 2].ravel()] = 0
    further = np.rint(draws.uniform(0.4, 6.0, len(ticks)) / model.tick).astype(np.int32)
    second = np.where((ticks > 0) & draws.chance(twice, len(ticks)), ticks + further, 0)
    there = ~conditions.lost_firings(blocks, PACKET, rough)
    ticks, intensity, second = (each.reshape(blocks, model.rings)[there] for each in (ticks, intensity, second))
    return Packets(azimuth[there] % TURN, ticks, intensity, second.astype(np.int32))


def sweep(
    seed: int,
    model: Model,
    driver: str,
    missing: Literal["dropped", "zeros", "NaN"] = "dropped",
    span: float = 1.0,
    twice: float = 0.0,
    arranged: Literal["behind", "blocks", "apart", "rings"] = "behind",
    repeated: bool = False,
    nearer: bool = False,
    own_cut: bool = False,
    conditions: Conditions = CLEAR,
    scene: Scene | None = None,
) -> Sweep:
    """Simulate a sweep of a sensor at rest as a driver hands it on: x, y, z, intensity.

    Parameters
    ----------
    seed : int
        Decides scene and noise.
    model : Model
        Angles as printed; lasers in firing order.
    driver : str
        Who computes the points: see `LAWS`.
    missing : {"dropped", "zeros", "NaN"}
        What becomes of a laser without a return. Zeros are computed, so they have signs.
    span : float
        Share of the turn.
    twice : float
        Share of returns with a second one.
    arranged : {"behind", "blocks", "apart", "rings"}
        Where that stands in the file: right behind the first, behind the block of all first ones, behind the sweep;
        "rings": right behind, and all points of a laser stand together.
    repeated : bool
        Whether a return without a second one is reported twice.
    nearer : bool
        Whether the second is the nearer one.
    own_cut : bool
        Whether a sweep ends, for each laser, where its own azimuth has turned so far: a staircase.
    conditions : Conditions
        Weather, what stands beside, what is lost.
    scene : Scene, optional
        Use this street instead of drawing one.
    """
    sent = packets(seed, model, span + 2 * _MARGIN / TURN if own_cut else span, twice, conditions, scene)
    if nearer:
        both = sent.second > 0
        sent = sent._replace(
            ticks=np.where(both, sent.second, sent.ticks), second=np.where(both, sent.ticks, 0).astype(np.int32)
        )
    lasers = np.tile(np.arange(model.rings), len(sent.azimuth))
    blocks = np.repeat(np.arange(len(sent.azimuth)), model.rings)
    second = np.where(sent.second > 0, sent.second, sent.ticks if repeated else 0).ravel()
    nth = np.repeat([0, 1], len(lasers))
    take = np.tile(np.arange(len(lasers)), 2)
    keys: dict[str, tuple[np.ndarray, ...]] = {
        "behind": (nth, take),
        "blocks": (take, nth, take // (_OF_BLOCK if model.name == "vls128" else model.rings)),
        "apart": (take, nth),
        "rings": (nth, take // model.rings, take % model.rings),
    }
    order = np.lexsort(keys[arranged])
    whole = repeated and missing != "dropped"
    order = order[(nth[order] == 0) | (second[take[order]] > 0) | whole]
    ticks, take = np.where(nth == 0, sent.ticks.ravel()[take], second[take])[order], take[order]
    fired = Fired(sent.azimuth, blocks[take], lasers[take], ticks.astype(np.int64))
    points = LAWS[driver](model, fired)
    records = np.concatenate([points, sent.intensity.ravel()[take, None].astype(_FLOAT)], axis=1).astype(_FLOAT)
    kept = ticks > 0 if missing == "dropped" else np.ones(len(ticks), bool)
    if missing == "NaN":
        records[ticks == 0, :3] = np.nan
    if own_cut:
        turned = np.cumsum(np.diff(sent.azimuth, prepend=sent.azimuth[:1]) % TURN)[fired.block]
        turned = turned + 100 * model.azimuth[fired.laser] - _MARGIN
        kept &= (turned >= 0) & (turned < span * TURN)
    truth = {"azimuth": sent.azimuth, "second": sent.second, "nth": nth[order][kept]}
    truth |= {"block": fired.block[kept], "laser": fired.laser[kept], "ticks": fired.ticks[kept]}
    return Sweep(records[kept].tobytes(), 4, sent.ticks, sent.intensity, truth)
