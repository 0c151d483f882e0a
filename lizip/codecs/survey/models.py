"""Which model codes which columns, and what it gets to see of those decoded before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.codecs.survey import axes, colours, drift, model_inputs, numbers, symbols, times
from lizip.codecs.survey.axis_choice import choose_coding
from lizip.codecs.survey.axis_order import AxisCoding
from lizip.codecs.survey.columns import Model
from lizip.codecs.survey.decoded import Decoded
from lizip.codecs.survey.fit import EFFORTS
from lizip.codecs.survey.numbers import Surroundings
from lizip.codecs.survey.scan_history import Pulses
from lizip.entropy.adaptive import INTEGER_NODES, fresh_counters
from lizip.entropy.coder import MODE, Coder, finish_short, open_encoder
from lizip.errors import CorruptError

CHANNELS = ("green", "red", "blue")
"""Columns that are coded together, in order."""

_SAMPLE = 8192
"""Points on which symbols and numbers are compared."""


def model_of(group: str, unit: Sequence[str], known: Decoded) -> Model:
    """The model of columns of a group that are coded together."""

    def code(coder: Coder, planes: list[np.ndarray], tops: list[int], inputs: int, level: str) -> None:
        if group == "axes" and len(planes) == 3:
            _code_axes(coder, planes, tops, known, level)
        elif unit[0] in CHANNELS:
            heights = known.coordinates[2]
            colours.code_colours(coder, planes, tops, *known.neighbours, known.kinds, (heights,), inputs, level)
        else:
            for plane, top in zip(planes, tops, strict=True):
                _code_plane(coder, plane, top, group, unit[0], len(planes) == 1, known, inputs, level)

    return code


def _code_axes(coder: Coder, planes: list[np.ndarray], tops: list[int], known: Decoded, level: str) -> None:
    pulses = Pulses(known.clock, known.same_pulse, known.kinds)
    coding = AxisCoding(0, True)
    if coder.at[MODE] == 0:
        if level not in known.codings:
            known.codings[level] = choose_coding(planes, tops, pulses, level)
        coding = known.codings[level]
    axes.code_axes(coder, planes, tops, pulses, coding, EFFORTS[level])


def _code_plane(
    coder: Coder,
    plane: np.ndarray,
    top: int,
    group: str,
    name: str,
    whole: bool,
    known: Decoded,
    inputs: int,
    level: str,
) -> None:
    """Code one plane of a column; `whole` tells whether it is the only one."""
    few = top < symbols.LIMIT
    if group == "returns" or (group == "class" and name != "user_data" and few):
        symbols.code_column(coder, plane, top, *model_inputs.of_symbols(name, known), inputs)
    elif group == "time" and whole:
        times.code_column(coder, plane, top, known.previous_in_line, known.bit_fields + 256 * known.follows, inputs)
    elif group == "extra":
        _code_extra(coder, plane, top, name, known, inputs, level)
    elif group == "angle" or name == "user_data":
        drift.code_column(coder, plane, top, known.previous_in_line, known.same_pulse, known.pace, inputs)
    else:
        numbers.code_column(coder, plane, top, model_inputs.of_numbers(name, known), inputs, level)


def _code_extra(coder: Coder, plane: np.ndarray, top: int, name: str, known: Decoded, inputs: int, level: str) -> None:
    references, hints = model_inputs.of_symbols(name, known)
    around = model_inputs.of_numbers(name, known)
    code_unknown(coder, plane, top, around, inputs, level, references, hints)


def code_unknown(
    coder: Coder,
    plane: np.ndarray,
    top: int,
    around: Surroundings,
    inputs: int,
    level: str,
    references: np.ndarray | None = None,
    hints: np.ndarray | None = None,
) -> None:
    """Code numbers of unknown meaning as symbols, as numbers or as they are, whichever is smallest on a sample.

    As symbols they may have references and hints of their own.
    """
    kinds = range(3) if top < symbols.LIMIT else (1, 2)
    references = around.references if references is None else references
    hints = around.hints if hints is None else hints

    def code_part(coder: Coder, plane: np.ndarray, part: slice, kind: int) -> None:
        if kind == 2:
            numbers.code_flat(coder, plane, top)
        elif kind:
            numbers.code_column(coder, plane, top, around.part(part), inputs, level)
        else:
            symbols.code_column(coder, plane, top, references[part], hints[part], inputs)

    choice = np.zeros(1, np.int64)
    if coder.at[MODE] == 0:
        sizes = {}
        for kind in kinds:
            trial = open_encoder()
            code_part(trial, plane[:_SAMPLE].copy(), slice(0, _SAMPLE), kind)
            sizes[kind] = len(finish_short(trial))
        choice[0] = min(sizes, key=sizes.__getitem__)
    numbers.code_parameters(coder, fresh_counters(INTEGER_NODES), choice)
    if choice[0] not in kinds:
        raise CorruptError("extra bytes are coded in an unknown way")
    code_part(coder, plane, slice(None), int(choice[0]))
