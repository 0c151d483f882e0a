"""Which columns of a cloud may be changed, and by how much in stored numbers."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.codecs import Options

INTENSITIES = ("intensity", "reflectivity", "reflectance", "remission")
_SCALES = struct.Struct("<3d")
_SCALES_AT = 131
"""Where a LAS header has its scale factors."""


class Field(NamedTuple):
    """A column that may be changed: name, bound in stored numbers, and what a stored 1 is in the unit of bounds."""

    name: str
    bound: Fraction
    unit: Fraction


def coordinates(cloud: Cloud, options: Options) -> list[Field]:
    """The columns x, y and z; none where the cloud has not all three, or nothing may be changed."""
    if not options.max_error:
        return []
    bound, names = Fraction(repr(options.max_error)), list(cloud.columns)
    if cloud.format == "las":
        units = [Fraction(repr(scale)) for scale in _scales(cloud)]
        return [Field(name, bound / unit, unit) for name, unit in zip("XYZ", units, strict=False)]
    axes = [names[place] for place in cloud.coordinates or ()]
    if any(cloud.columns[name].dtype.kind not in "fiu" for name in axes):
        return []
    return [Field(name, bound, Fraction(1)) for name in axes]


def intensities(cloud: Cloud, options: Options) -> list[Field]:
    """The columns of intensities."""
    if not options.intensity_error:
        return []
    bound = Fraction(repr(options.intensity_error))
    return [Field(name, bound, Fraction(1)) for name in cloud.columns if name.lower() in INTENSITIES]


def _scales(cloud: Cloud) -> tuple[float, ...]:
    """Metres (or feet, degrees ...) a stored 1 of X, Y and Z; none where they make no sense."""
    header = bytes(cloud.regions[0][: _SCALES_AT + _SCALES.size])
    scales = tuple(map(abs, _SCALES.unpack_from(header, _SCALES_AT)))
    return scales if all(math.isfinite(scale) and scale > 0 for scale in scales) else ()
