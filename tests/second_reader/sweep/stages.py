"""The stages by their tags (docs/format/sweep.md)."""

from __future__ import annotations

from second_reader.sweep import arithmetic, beams, fields, firings, places

STAGES = {
    0: beams.beams,
    1: beams.profile,
    2: firings.firings,
    3: firings.own_columns,
    4: firings.steps_of_firings,
    5: arithmetic.arithmetic,
    6: arithmetic.mount,
    7: places.order,
    8: places.azimuth_order,
    9: arithmetic.rounding,
    10: arithmetic.corrections,
    11: places.exceptions,
    12: places.axes,
    13: fields.intensities,
    14: fields.attributes,
}
