"""What a sweep's stream may say: one stage a module. This page lists them without importing any."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError

if TYPE_CHECKING:
    from lizip.sensor.model import Stage


class Row(NamedTuple):
    """A stage: the tag that streams call it by, never reused; its name as shown; module and class."""

    tag: int
    name: str
    module: str
    kind: str

    def load(self) -> type[Stage]:
        """Import its class."""
        return getattr(importlib.import_module(f"lizip.sensor.stages.{self.module}"), self.kind)


STAGES = (
    Row(0, "beams", "beams", "Beams"),
    Row(1, "profile", "profile", "Profile"),
    Row(2, "firings", "firings", "Firings"),
    Row(3, "columns of returns", "timing", "OwnColumns"),
    Row(4, "steps of firings", "timing", "Steps"),
    Row(5, "arithmetic", "arithmetic", "Arithmetic"),
    Row(6, "mount", "pose", "Mount"),
    Row(7, "order", "order", "Order"),
    Row(8, "order by azimuth", "order", "AzimuthOrder"),
    Row(9, "rounding", "rounding", "Rounding"),
    Row(10, "corrections", "corrections", "Corrections"),
    Row(11, "exceptions", "places", "Places"),
    Row(25, "axes", "axes", "Axes"),
    Row(12, "intensities", "intensity", "Intensity"),
    Row(13, "attributes", "attributes", "Attributes"),
    Row(14, "blocks", "blocks", "Blocks"),
    Row(15, "second returns", "seconds", "Seconds"),
    Row(16, "driver", "driver", "Driver"),
    Row(30, "slots", "slots", "Slots"),
    Row(31, "azimuths", "slots", "Azimuths"),
    Row(32, "packets", "packets", "Packets"),
    Row(33, "chunks", "chunks", "Chunks"),
    Row(34, "screw motion", "screw", "Screw"),
    Row(35, "fused float32", "fused", "Fused"),
    Row(36, "packet times", "packet_times", "PacketTimes"),
    Row(37, "Euler track", "euler_track", "EulerTrack"),
    Row(40, "cells", "cells", "Cells"),
    Row(41, "order of cells", "cells", "CellOrder"),
    Row(42, "azimuths", "firing_azimuths", "FiringAzimuths"),
    Row(43, "far frame", "far_frame", "FarFrame"),
    Row(44, "pose law", "pose_law", "PoseLaw"),
    Row(45, "pose spline", "pose_spline", "PoseSpline"),
    Row(18, "coarse ranges", "coarse", "Coarse"),
    Row(17, "camera", "pinhole", "Pinhole"),
    Row(18, "doubles", "doubles", "Doubles"),
    Row(46, "far corrections", "far_corrections", "FarCorrections"),
)

_BY_TAG = {row.tag: row for row in STAGES}
_BY_CLASS = {(f"lizip.sensor.stages.{row.module}", row.kind): row for row in STAGES}


def row_of(tag: int) -> Row:
    """The stage with a tag; raises CorruptError."""
    if tag not in _BY_TAG:
        raise CorruptError("a sweep has a stage that this lizip does not know")
    return _BY_TAG[tag]


def number_of(stage: Stage) -> int:
    """The tag of a stage."""
    return _BY_CLASS[type(stage).__module__, type(stage).__name__].tag
