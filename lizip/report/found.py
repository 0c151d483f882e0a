"""What was found of a sensor, in numbers with units and in a person's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from lizip.errors import CorruptError
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.beams import COSINE, FORWARD, LATERAL, SINE, UP, Beams
from lizip.sensor.stages.euler_track import EulerTrack
from lizip.sensor.stages.firings import Firings
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.pose_law import PoseLaw, decode_law, firing_times
from lizip.sensor.stages.pose_spline import PoseSpline
from lizip.sensor.stages.profile import Profile
from lizip.sensor.stages.rounding import HALF, Rounding
from lizip.sensor.stages.screw import Screw
from lizip.sensor.stages.slots import Slots

Known = TypeVar("Known")


class Part(NamedTuple):
    """One sensor.

    Attributes
    ----------
    short : list of str
        "2 mm ticks", "moved 4.1 m in 50 ms".
    lines : list of (str, str)
        What it is about, and a sentence.
    elevations : (R,) float64 or None
        Of its rings, degrees.
    tick : float
        Metres of a range of 1; 0 where there is no such.
    """

    short: list[str]
    lines: list[tuple[str, str]]
    elevations: np.ndarray | None
    tick: float = 0.0


def filled(found: Known | None) -> Known:
    """What the stages of a sweep have filled in; raises CorruptError where they have not."""
    if found is None:
        raise CorruptError("the stages of a sweep leave something out")
    return found


def part_of(stages: Sequence[Stage], returns: Returns) -> Part:
    """Say what stages hold; `returns` have been through them."""
    short: list[str] = []
    lines: list[tuple[str, str]] = []
    elevations, tick = None, 0.0
    for stage in stages:
        if isinstance(stage, (Beams, Profile)):
            beams = stage if isinstance(stage, Beams) else stage.beams
            elevations = np.degrees(np.arctan2(beams.table[:, SINE], beams.table[:, COSINE]))
            tick = returns.unit(beams.tick)
            short.append(f"{length(beams.tick)} ticks")
            lines += _of_beams(beams, stage, elevations)
            if isinstance(stage, Profile) and (rhythm := stage.whole.rhythm) is not None:
                lines.append(("Timing", f"a firing every {rhythm.period:.4g} µs, {rhythm.packet} firings a packet"))
        elif isinstance(stage, Slots):
            lasers = stage.lasers
            tick = lasers.tick
            elevations = lasers.elevation[stage.order] * (-1 if stage.upside_down else 1)
            short += [f"{length(lasers.tick)} ticks", *(["upside down"] if stage.upside_down else [])]
            lines += _of_slots(stage)
        elif isinstance(stage, Firings):
            lines.append(("Firings", f"{stage.firings:,} azimuth columns were fired in"))
        elif isinstance(stage, Rounding):
            lines.append(("Rounding", _rounding(stage.decimal)))
        elif isinstance(stage, Mount):
            lines.append(("Mount", _mount(stage)))
    moved = _motion(stages, returns)
    if moved:
        short.append(moved)
        lines.append(("Pose", f"the sensor {moved} while it measured; every firing has a pose of its own"))
    elif not any(isinstance(stage, Mount) for stage in stages):
        lines.append(("Pose", "the points are in the sensor's own frame, as if it stood still"))
    return Part(short, lines, elevations, tick)


def length(metres: float) -> str:
    """A length for people: 2 mm, 4.1 m, 12 um."""
    size = abs(metres)
    for unit, factor in (("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("µm", 1e-6), ("nm", 1e-9)):
        if unit == "cm" and size < 0.05:
            continue
        if size >= factor or unit == "nm":
            return f"{metres / factor:.3g} {unit}" if size else "0 m"
    return "0 m"


def _of_beams(beams: Beams, stage: Stage, elevations: np.ndarray) -> list[tuple[str, str]]:
    table = beams.table
    source = "as they ship with lizip" if isinstance(stage, Profile) else "fitted to this scan"
    low, high = elevations.min(), elevations.max()
    lines = [
        ("Beams", f"{beams.count} beams from {low:+.2f}° to {high:+.2f}°, {source}"),
        ("Range", f"whole ticks of {length(beams.tick)}"),
        ("Azimuth", f"{beams.columns:,} columns a turn, {360 / beams.columns:.4g}° apart, {_way(beams.clockwise)}"),
    ]
    offsets = np.abs(table[:, [LATERAL, FORWARD, UP]]).max(axis=0)
    if offsets.max() > 1e-6:
        names = ("sideways", "forward", "up")
        told = ", ".join(f"{length(size)} {name}" for size, name in zip(offsets, names, strict=True) if size > 1e-6)
        lines.append(("Offsets", f"beams leave the sensor's axis by up to {told}"))
    return lines


def _way(clockwise: bool) -> str:
    return "clockwise seen from above" if clockwise else "counter-clockwise seen from above"


def _of_slots(stage: Slots) -> list[tuple[str, str]]:
    lasers = stage.lasers
    low, high = lasers.elevation.min(), lasers.elevation.max()
    return [
        ("Beams", f"{len(lasers.elevation)} beams from {low:+.2f}° to {high:+.2f}°, by the maker's manual"),
        ("Range", f"whole ticks of {length(lasers.tick)}"),
        ("Timing", f"a firing every {lasers.firing_time:.4g} µs, {lasers.packet} firings a packet"),
        *([("Mount", "the sensor hangs upside down")] if stage.upside_down else []),
    ]


def _rounding(decimal: int) -> str:
    if decimal == HALF:
        return "coordinates were written as float16"
    if decimal > HALF:
        return f"coordinates were rounded to {length(1 / (decimal - HALF))} and written as float16"
    return f"coordinates were rounded to {length(1 / decimal)} by their writer" if decimal else "to float32 once"


def _mount(mount: Mount) -> str:
    cosine = (np.trace(mount.rotation) - 1) / 2
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return f"turned by {angle:.2f}° and {length(float(np.linalg.norm(mount.shift)))} off the origin of the file's frame"


def _motion(stages: Sequence[Stage], returns: Returns) -> str:
    """How far the sensor went in which time; "" of one that stood, or whose track is not known."""
    places, micros = None, 0.0
    for stage in stages:
        if isinstance(stage, Screw):
            places = filled(returns.shifts)
            micros = float(np.ptp(filled(returns.pose_times)))
        elif isinstance(stage, EulerTrack):
            track = (stage.times - stage.times[0]) / max(float(np.ptp(stage.times)), 1e-9)
            places = np.column_stack([np.interp((0, 1), track, axis) for axis in stage.places.T])
            rhythm = filled(returns.rhythm)
            micros = float(np.ptp(stage.times)) * rhythm.period / max(rhythm.slots, 1)
        elif isinstance(stage, PoseLaw):
            rhythm, phase = filled(returns.rhythm), returns.phase
            _, places = stage.poses(rhythm, returns.firings, phase)
            law = decode_law(stage.body, returns.firings, phase, rhythm.packet)
            micros = float(np.ptp(firing_times(law.steps, returns.firings, phase, rhythm.packet, rhythm.period)))
        elif isinstance(stage, PoseSpline):
            _, places = stage.poses(returns.firings, filled(returns.far).base)
            micros = (returns.firings - 1) * returns.rhythm.period if returns.rhythm else 0.0
    if places is None:
        return ""
    way = float(np.linalg.norm(places[-1] - places[0]))
    time = f" in {micros / 1e3:.3g} ms" if micros else ""
    return f"moved {length(way)}{time}" if way > 5e-4 else f"stood still{' for' + time[3:] if time else ''}"
