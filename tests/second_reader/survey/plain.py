"""Columns of few values, times, and columns that stay (docs/format/survey.md, Symbols, Times, Drift)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.counters import Counters
from second_reader.survey.decisions import Model, parameters, scramble


def symbols(stream: Stream, count: int, top: int, references, hints, inputs: int) -> list[int]:
    """Values from 0 to top, given earlier points that are alike (up to two) and two hints of each."""
    model, depth, successors, values = Model(stream, inputs, 2048), top.bit_length(), Counters(), []
    one = two = three = older = 0
    for i in range(count):
        alike: list[int] = references[i] if i else []
        near = values[alike[0]] if len(alike) > 0 else one
        other = values[alike[1]] if len(alike) > 1 else two
        first, second = hints[i]
        rows = model.rows(
            ((near * 65537 + other) * 257 + first) * 5 + 4,
            ((second * 65537 + near) * 65537 + one) * 5 + 3,
            (((older * 257 + three) & 0xFFFFFF) * 65537 + two * 257 + one) * 3 + 2,
            ((first * 65537 + one) * 65537 + two) * 3 + 1,
            (first * 65537 + one) * 3,
            ((second * 257 + first) * 8 + (older & 7)) * 7,
        )
        place = scramble(((one * 65537 + two) * 257 + near) * 3 + first) & 4095
        value = model.symbol(rows, depth, successors[place])
        values.append(value)
        successors[place] = value
        older = ((older << 3) ^ three) & 0xFFFF
        three, two, one = two, one, value
    return values


def times(stream: Stream, previous: list[int], returns: list[int], inputs: int) -> list[int]:
    """Times, given the point before in each one's line, and its returns."""
    counters = Counters()
    (size,) = parameters(stream, 1, counters)
    steps, total = [], 0
    for move in parameters(stream, size, counters):
        total += move
        steps.append(total)
    few = min(inputs, 4)
    same, usual, jump = Model(stream, few, 1024), Model(stream, inputs, 1024), Model(stream, few, 1024)
    successors, values = Counters(), []
    one = two = three = was_same = hits = near = far = 0
    for i, (at, kind) in enumerate(zip(previous, returns, strict=True)):
        before = values[at] if at >= 0 else 0
        kind_before = returns[i - 1] if i else 0
        keys = (kind >> 8, kind, kind * 4096 + kind_before, one)
        if same.decide(same.rows(*(key * 2 + was_same for key in keys)), 0, 0):
            values.append(before)
            was_same = 1
            continue
        was_same, place = 0, (one * 256 + two) & 65535
        guess = successors[place]
        rows = usual.rows(
            16 + one * 256 + guess if hits else 0,
            (one * 256 + two) * 256 + guess + 70000,
            ((one * 256 + two) * 256 + three) * 256 + guess + (1 << 36),
            (hits * 4096 + kind) * 4096 + kind_before,
            ((kind & 255) * 65536 + one * 256 + two) * 256 + guess + (1 << 42),
            (((two * 256 + three) * 256 + one) * 256 + guess) * 4096 + kind_before + (1 << 50),
        )
        if usual.decide(rows, 0, 0):
            rank, hits = guess, (hits * 2 + 1) & 7
        else:
            hits = (hits * 2) & 7
            rank = usual.rank(
                usual.rows(
                    (1 << 17) + one * 256 + guess,
                    one + (1 << 25),
                    (one * 256 + two) * 256 + guess + (1 << 26),
                    kind * 4096 + kind_before + (1 << 37),
                    (kind & 255) * 65536 + one * 256 + two + (1 << 34),
                    ((two * 256 + three) * 256 + one) * 4096 + kind_before + (1 << 40),
                )
            )
        successors[place] = rank
        if rank < size:
            step = steps[rank]
        else:
            length = abs(near).bit_length()
            scale = max(length - 6, 0)
            rows = jump.rows(scale, length * 128 + abs(far).bit_length() + (1 << 20), one, kind)
            step = far + jump.number(rows, 0, scale, False)
            far, near = near, step
        values.append(before + step)
        three, two, one = two, one, rank
    return values


def drift(stream: Stream, previous: list[int], same: list[int], pace: list[int], inputs: int) -> list[int]:
    """Values that mostly stay as they are."""
    model, values = Model(stream, inputs, 1024), []
    since = move = move_before = 0
    still = 1
    for at, pulse, speed in zip(previous, same, pace, strict=True):
        before = values[at] if at >= 0 else 0
        moved, moved_before = (min(max(each, -128), 127) + 128 for each in (move, move_before))
        low = before & 0xFFFFF
        rows = model.rows(
            (low * 256 + moved) * 2 + pulse,
            (speed * 64 + min(since >> 2, 63)) * 2 + pulse,
            (moved * 256 + moved_before) * 4 + pulse * 2 + still,
            min(since, 63) * 4 + pulse * 2 + still,
            ((min(since, 63) >> 1) * 256 + moved) * 2 + pulse,
            (low * 64 + speed) * 2 + pulse,
        )
        if model.decide(rows, 0, 31):
            values.append(before)
            still = 1
            since += 1 - pulse
            continue
        still = 0
        values.append(before + model.number(rows, 0, 0, False))
        move_before, move, since = move, values[-1] - before, 0
    return values
