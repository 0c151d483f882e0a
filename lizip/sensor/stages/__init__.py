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


_LISTED = (
    ("beams", "beams", "Beams"),
    ("profile", "profile", "Profile"),
    ("firings", "firings", "Firings"),
    ("columns of returns", "timing", "OwnColumns"),
    ("steps of firings", "timing", "Steps"),
    ("arithmetic", "arithmetic", "Arithmetic"),
    ("mount", "pose", "Mount"),
    ("order", "order", "Order"),
    ("order by azimuth", "order", "AzimuthOrder"),
    ("rounding", "rounding", "Rounding"),
    ("corrections", "corrections", "Corrections"),
    ("exceptions", "places", "Places"),
    ("axes", "axes", "Axes"),
    ("intensities", "intensity", "Intensity"),
    ("attributes", "attributes", "Attributes"),
    ("blocks", "blocks", "Blocks"),
    ("second returns", "seconds", "Seconds"),
    ("driver", "driver", "Driver"),
    ("slots", "slots", "Slots"),
    ("azimuths of slots", "slots", "Azimuths"),
    ("packets", "packets", "Packets"),
    ("chunks", "chunks", "Chunks"),
    ("screw motion", "screw", "Screw"),
    ("fused float32", "fused", "Fused"),
    ("packet times", "packet_times", "PacketTimes"),
    ("Euler track", "euler_track", "EulerTrack"),
    ("cells", "cells", "Cells"),
    ("order of cells", "cells", "CellOrder"),
    ("azimuths of firings", "firing_azimuths", "FiringAzimuths"),
    ("far frame", "far_frame", "FarFrame"),
    ("pose law", "pose_law", "PoseLaw"),
    ("pose spline", "pose_spline", "PoseSpline"),
    ("coarse ranges", "coarse", "Coarse"),
    ("camera", "pinhole", "Pinhole"),
    ("doubles", "doubles", "Doubles"),
    ("far corrections", "far_corrections", "FarCorrections"),
    ("moves along rays", "moves", "Moves"),
    ("order of returns", "seconds", "ReturnOrder"),
    ("fine angles", "fine_angles", "FineAngles"),
    ("transform", "moved", "Moved"),
    ("digits", "digits", "Digits"),
)
"""Name, module and class of each. The place is the tag: once files are released, only ever appended to."""

STAGES = tuple(Row(tag, *names) for tag, names in enumerate(_LISTED))

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
