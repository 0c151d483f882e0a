"""Numbers predicted by fitted sums, and colours (docs/format/survey.md, Numbers, Colours)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from second_reader.ans import Stream
from second_reader.counters import Counters
from second_reader.survey.decisions import Model, coefficients, parameters, predicted, quarter_octave, scramble
from second_reader.survey.plain import symbols

BLOCK = 12500
_CAP = 1 << 40


class Around(NamedTuple):
    """What is known when a column is coded, for each point; see the document."""

    classes: list[int]
    copied: list[int]
    references: Any
    known: list[list[float]]
    hints: list
    keys: list[int]


def _token(x: int, scale: int) -> int:
    size = abs(x) >> max(scale - 3, 0)
    if size > 15:
        size = min(11 + size.bit_length(), 31)
    return 32 + size if x >= 0 else 32 - size


def flat(stream: Stream, count: int, top: int) -> list[int]:
    """Numbers of which nothing can be said."""
    return [raw_of(stream, top.bit_length()) for _ in range(count)]


def raw_of(stream: Stream, bits: int) -> int:
    """Raw bits: those above 32, then the others."""
    high = stream.raw(max(bits - 32, 0))
    return high << 32 | stream.raw(min(bits, 32))


def numbers(stream: Stream, count: int, top: int, around: Around, inputs: int) -> list[int]:
    """Values from 0 to top."""
    wide = len(around.references[0]) if count else 0
    plain = 4 + wide + len(around.known) * (1 + min(wide, 1))
    width = -(-plain // 4) * 4
    (unmixed,) = parameters(stream, 1)
    factors = coefficients(stream, -(-count // BLOCK), 4 * width)
    model, recent = Model(stream, min(inputs, 5), 1024), Counters()
    values, errors, slow, fast = [], [], 64, 64
    for i in range(count):
        c = around.classes[i]
        if c < 0:
            values.append(values[around.copied[i]])
            errors.append(0)
            continue
        base, features = _features(values, around, i, width)
        guess = float(base) + predicted(factors, ((i // BLOCK) * 4 + c) * width, features, width)
        guess = min(max(guess, 0.0), float(top))
        centre = round(guess)
        place = scramble(around.keys[i]) & 16383
        last, alike = (values[i - 1] if i else 0), around.references[i]
        near = values[alike[0]] if wide and i else last
        there = _error(errors, alike[0] if wide else max(i - 1, 0))
        other = _error(errors, alike[1]) if wide > 1 else there
        expected = (2 * slow + fast + 8 * (there + other)) >> 2
        scale = (expected >> 4).bit_length()
        rows = model.rows(
            quarter_octave(expected) * 4 + c,
            _token(last - centre, scale) * 64 + _token(near - centre, scale),
            around.hints[i][0] * 32 + scale,
            (around.hints[i][1] * 32 + scale) * 64 + _token(recent[place] - centre, scale),
            (centre >> max(top.bit_length() - 11, 0)) * 16 + min(scale, 15),
        )
        value = centre + model.number(rows, min(scale, 15), scale, bool(unmixed))
        values.append(value)
        errors.append(value - centre)
        recent[place] = value
        size = min(abs(value - centre), 64 * (slow + 64), _CAP) << 4
        fast += (size - fast) >> 2
        slow += (size - slow) >> 5
    return values


def _error(errors: list[int], i: int) -> int:
    """Size of the error of a point; that of the point itself, the first one's, is 0."""
    return min(abs(errors[i]), _CAP) if i < len(errors) else 0


def _features(values: list[int], around: Around, i: int, width: int) -> tuple[int, list[float]]:
    if i == 0:
        return 0, [0.0] * width
    base, alike = values[i - 1], around.references[i]
    features = [float(values[max(i - lag, 0)] - base) for lag in (2, 3, 4)]
    features += [float(values[j] - base) for j in alike]
    for column in around.known:
        features.append(column[i] - column[i - 1])
        if len(alike):
            features.append(column[i] - column[alike[0]])
    return base, [*features, 1.0] + [0.0] * (width - len(features) - 1)


def size_and_sign(difference: int) -> int:
    """Bit length and sign."""
    return abs(difference).bit_length() + (64 if difference < 0 else 0)


def colours(stream: Stream, tops: list[int], nearest: np.ndarray, gaps: list[int], kinds: list[int], heights, inputs):
    """Channels: which repeat another column, which points copy which, the rest."""
    count, nearest = len(kinds), nearest.tolist()
    choices = parameters(stream, len(tops))
    planes = [list(heights) if choice == 0 else None for choice in choices]
    complete = [plane for plane in planes if plane is not None]
    rest = [k for k, plane in enumerate(planes) if plane is None]
    if not rest:
        return planes

    def source(i: int, match: int) -> int:
        return max(i - 1, 0) if match == 1 else nearest[i][match >> 1]

    hints = []
    for i in range(count):
        close, sources = min(gaps[i].bit_length(), 40), [source(i, match) for match in range(3)]
        same = (sources[0] == sources[1]) + 2 * (sources[1] == sources[2])
        hints.append((close * 4 + same, close * 4 + kinds[i]))
    matches = symbols(stream, count, 3, nearest, hints, inputs)
    fresh = [i == 0 or match >= 3 for i, match in enumerate(matches)]
    classes = [0 if each else -1 for each in fresh]
    copied = [0 if each else source(i, matches[i]) for i, each in enumerate(fresh)]
    keys, hints, columns = [0] * count, [(0, 0)] * count, []

    def relate(channel: list[int]) -> None:
        columns.append(list(map(float, channel)))
        for i, value in enumerate(channel):
            keys[i] = (keys[i] & 0x7FFFFFFF) * 65537 + value
            hints[i] = size_and_sign(value - channel[nearest[i][0]]), hints[i][0]

    for plane in complete:
        relate(plane)
    for k in rest:
        around = Around(classes, copied, nearest, list(columns), list(hints), list(keys))
        planes[k] = numbers(stream, count, tops[k], around, inputs)
        relate(planes[k])
    return planes
