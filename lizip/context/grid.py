"""Coding a grid of return flags, ranges and intensities, firing by firing, ring by ring: one kernel, both directions.

Each cell is predicted from cells that are already known: five earlier returns of its ring, the ring above up to this
firing, the ring below up to the last one.
"""

from __future__ import annotations

import numpy as np

from lizip.context import grid_model as m
from lizip.context.grid_mixing import WEIGHT_STRIDE, code_six
from lizip.context.grid_model import token
from lizip.context.grid_net import FLAG_OUTPUT, RECORD, opinion, record, think
from lizip.entropy.adaptive import bit_length, code_bit, quarter_octave
from lizip.entropy.coder import LOG, MODE, code_raw
from lizip.jit import inlined_kernel, kernel

COST = np.round(-np.log2((np.arange(4096) + 0.5) / 4096) * 16384).astype(np.int64)
"""Bits, in 1/16384, that a decision of 12-bit probability takes; for reports only."""


@inlined_kernel
def candidates_of(history, r, rings, guess):
    """Write the candidates for the range of ring `r` at this firing into `guess` (int64); returns the last range."""
    own = r + 1
    last = np.int64(history[own, m.HELD])
    before = np.int64(history[own, m.HELD + 1])
    up, up1, up2 = last, last, last
    if r > 0:
        up = np.int64(history[r, m.HELD])
        up1 = np.int64(history[r, m.PAST])
        up2 = np.int64(history[r, m.PAST + 1])
    below = np.int64(history[r + 2, m.HELD]) if r < rings - 1 else last
    guess[0] = last
    guess[1] = (last + before + np.int64(history[own, m.HELD + 2]) + 1) // 3
    guess[2] = 2 * last - before
    guess[3] = last + up - up1
    guess[4] = (10 * (last + before) + 14 * up - 7 * (up1 + up2) + 10) // 20
    guess[5] = up
    guess[6] = below
    three = 5 * last + 3 * before + np.int64(history[own, m.HELD + 2]) - np.int64(history[own, m.HELD + 3])
    guess[7] = (three - 2 * np.int64(history[own, m.HELD + 4]) + 3) // 6
    guess[8] = before
    return last


@inlined_kernel
def blended_centre(history, r, guess, near):
    """Mean of the candidates within `near` of the last range, weighed by the cube of their running errors.

    Those on another surface are left out: an average over an edge is the worst guess of all.
    """
    last = guess[0]
    total = 0.0
    weights = 0.0
    for i in range(m.CANDIDATES):
        offset = guess[i] - last
        error = 2 * np.int64(history[r + 1, m.ERROR + i]) + np.int64(history[r, m.ERROR + i])
        weight = np.float64(m.BLEND[np.uintp(min(error >> 2, 4095))]) if abs(offset) <= near else 0.0
        total += weight * np.float64(offset)
        weights += weight
    return max(last + np.int64(np.floor(total / weights + 0.5)), 1)


@inlined_kernel
def is_quiet(history, r, rings):
    """Whether the last eight firings of ring `r`, and what is known of the rings beside it, saw no return."""
    up = np.int64(history[r, m.FLAGS]) & 7 if r > 0 else 0
    down = np.int64(history[r + 2, m.FLAGS]) & 3 if r < rings - 1 else 0
    return (np.int64(history[r + 1, m.FLAGS]) & 255) | up | down == 0


@inlined_kernel
def code_flag(coder, model, r, rings, held, quiet, given, flag):
    """Code whether ring `r` has a return in this firing."""
    counters, history, base = model.counters, model.history, model.base
    own = r + 1
    past = np.int64(history[own, m.FLAGS])
    up = np.int64(history[r, m.FLAGS]) & 7 if r > 0 else past & 7
    up2 = np.int64(history[r - 1, m.FLAGS]) & 3 if r > 1 else up & 3
    down = np.int64(history[r + 2, m.FLAGS]) & 3 if r < rings - 1 else past & 3
    down2 = np.int64(history[r + 3, m.FLAGS]) & 1 if r < rings - 2 else down & 1
    if quiet:
        quiet = base[m.FLAG_QUIET] + r * 4 + (up2 & 1) * 2 + down2
        flag = code_bit(coder, counters, quiet, m.SLOW, flag)
    else:
        run = np.int64(0)
        rest = past ^ (-(past & 1))
        while run < 15 and (rest & 1) == 0:
            run += 1
            rest >>= 1
        above = np.int64(history[r, m.HELD]) if r > 0 else held
        narrow = (up & 1) * 4 + (down & 1) * 2 + (up2 & 1)
        brief = (past & 3) * 4 + (up & 1) * 2 + (down & 1)
        short = (past & 7) * 8 + (up & 3) * 2 + (down & 1)
        lit = min(quarter_octave(np.int64(history[own, m.FIRST + 1])) >> 1, 15)
        sure = min(quarter_octave(np.int64(history[own, m.CENTRE_FAST]) >> 3) >> 1, 15)
        edge = (run * 2 + (past & 1)) * 64 + (up & 3) * 16 + token(above - held) // 3
        flag = code_six(
            coder,
            counters,
            base[m.FLAG_PATTERN] + ((past & 15) | up << 4 | down << 7 | (up2 & 1) << 9 | down2 << 10),
            base[m.FLAG_RING] + r * 64 + short,
            base[m.FLAG_RANGE] + min(quarter_octave(held >> 4) >> 1, 31) * 64 + (past & 3) * 8 + narrow,
            base[m.FLAG_INTENSITY] + lit * 256 + sure * 16 + brief,
            base[m.FLAG_RUN] + edge,
            base[m.FLAG_RUN] + 4096 + r * 32 + (past & 31),
            given,
            model.weights,
            base[m.MIX_FLAG] + short * WEIGHT_STRIDE,
            base[m.MIX_FLAG_RING] + r * WEIGHT_STRIDE,
            m.SLOW,
            15,
            flag,
        )
    history[own, m.FLAGS] = (past << 1 | flag) & 0xFFFF
    return flag


@inlined_kernel
def code_range(coder, model, net, asks, r, centre, value):
    """Code the range of a return of ring `r`: its distance from the blended centre; then learn from it."""
    counters, history, base, guess = model.counters, model.history, model.base, model.scratch
    own = r + 1
    last, up, below, before = guess[0], guess[5], guess[6], guess[8]
    spread = abs(last - centre) + abs(before - centre) + abs(np.int64(history[own, m.HELD + 2]) - centre)
    spread += abs(guess[3] - centre) + (abs(below - centre) >> 1) + (abs(up - centre) >> 1)
    doubt = 2 * np.int64(history[own, m.CENTRE_FAST]) + np.int64(history[r, m.CENTRE_FAST])
    error_class = min(quarter_octave(doubt >> 2), m.CLASSES - 1)
    activity = abs(last - before) + abs(before - np.int64(history[own, m.HELD + 2])) + (abs(guess[3] - last) >> 1)
    calm = min(error_class >> 1, 13) * 14 + min(quarter_octave(activity >> 1) >> 1, 13)
    c0 = base[m.RANGE_ERROR] + error_class * m.NODES
    c1 = base[m.RANGE_SPREAD] + min(quarter_octave(spread >> 1), m.CLASSES - 1) * m.NODES
    c2 = base[m.RANGE_RING] + (r * 12 + min(error_class >> 2, 11)) * m.NODES
    c3 = base[m.RANGE_LAST] + token(last - centre) * m.NODES
    c4 = base[m.RANGE_UP] + token(up - centre) * m.NODES
    c5 = base[m.RANGE_ACTIVITY] + calm * m.NODES
    error = value - centre
    negative = np.int64(1) if error < 0 else np.int64(0)
    magnitude = -error - 1 if error < 0 else error
    length = bit_length(magnitude)
    start = max(min((error_class >> 2) - 2, 14), 0)
    stage = 0
    node = np.int64(m.SIGN)
    bit = negative
    at = start
    low = np.int64(0)
    prefix = np.int64(1)
    while True:
        given = opinion(net, node) if asks else np.int64(0)
        if asks and net.mode == RECORD:
            record(net, coder.at[LOG], node)
        bit = code_six(
            coder,
            counters,
            c0 + node,
            c1 + node,
            c2 + node,
            c3 + node,
            c4 + node,
            c5 + node,
            given,
            model.weights,
            base[m.MIX_NODE] + node * WEIGHT_STRIDE,
            base[m.MIX_CLASS] + (error_class * 4 + min(stage, 3)) * WEIGHT_STRIDE,
            m.MEDIUM,
            15,
            bit,
        )
        if stage == 0:
            negative = bit
            stage = 1
            node = m.START + negative * 16 + start
            bit = np.int64(length > at)
            continue
        if stage == 1:
            stage = 2 if bit else 3
            if bit:
                at += 1
                if at < m.LENGTHS - 1:
                    node = m.UP + negative * 32 + at
                    bit = np.int64(length > at)
                    continue
            elif at > 0:
                at -= 1
                node = m.DOWN + negative * 16 + at
                bit = np.int64(length > at)
                continue
        elif stage == 2:
            if bit:
                at += 1
                if at < m.LENGTHS - 1:
                    node = m.UP + negative * 32 + at
                    bit = np.int64(length > at)
                    continue
        elif stage == 3:
            if bit:
                at += 1
            elif at > 0:
                at -= 1
                node = m.DOWN + negative * 16 + at
                bit = np.int64(length > at)
                continue
        # The length is known: `at`.
        if stage < 4:
            length = at
            low = length - 1
            stage = 4
            if low <= 0:
                break
            node = m.MANTISSA + negative * 64 + (min(length, 17) - 2) * 4 + 1
        else:
            prefix = 2 * prefix + bit
            if low == 0 or stage == 5:
                break
            node = m.MANTISSA + negative * 64 + (min(length, 17) - 2) * 4 + 2 + bit
            stage = 5
        low -= 1
        bit = (magnitude >> low) & 1
    if length > 1:
        magnitude = prefix
        if low > 0:
            rest = value - centre
            rest = -rest - 1 if negative else rest
            magnitude = prefix << low | code_raw(coder, rest, low)
    else:
        magnitude = length
    error = -magnitude - 1 if negative else magnitude
    value = min(max(centre + error, 1), m.MAX_RANGE)
    _learn_range(history, own, guess, value, error)
    return value


@inlined_kernel
def _learn_range(history, own, guess, value, error):
    """Update the running errors and the ranges that a ring holds."""
    for i in range(m.CANDIDATES):
        miss = min(abs(value - guess[i]), 600) << 3
        history[own, m.ERROR + i] += (miss - history[own, m.ERROR + i]) >> 3
    history[own, m.LAST_ERROR] = error
    miss = min(abs(error), 2000) << 3
    history[own, m.CENTRE_FAST] += (miss - history[own, m.CENTRE_FAST]) >> 2
    history[own, m.CENTRE_SLOW] += (miss - history[own, m.CENTRE_SLOW]) >> 5
    for i in range(m.HELD + 4, m.HELD, -1):
        history[own, i] = history[own, i - 1]
    history[own, m.HELD] = value


@inlined_kernel
def code_intensity(coder, model, r, flag, bits, level):
    """Code an intensity; cells with and without a return keep histories of their own.

    A laser's power follows its echoes, so its intensities swing with a period of two or three: exact pairs and triples
    of earlier ones say more than their mean. `near` is the intensity of the neighbour closest in range.
    """
    counters, history, base, guess = model.counters, model.history, model.base, model.scratch
    own = r + 1
    kind = 1 - flag
    depth = min(bits, 8)
    nodes = np.int64(16) + (np.int64(16) << max(depth - 4, 0))
    left = np.int64(history[own, m.FIRST + flag])
    left2 = np.int64(history[own, m.SECOND + flag])
    left3 = np.int64(history[own, m.THIRD + flag])
    up = np.int64(history[r, m.FIRST + flag]) if r > 0 else left
    rings = history.shape[0] - 2
    coarse = min(quarter_octave(left) >> 1, 15)
    coarse_up = min(quarter_octave(up) >> 1, 15)
    if bits < 8:
        levels = np.int64(1) << min(bits, 6)
        fine, fine2 = left >> max(bits - 6, 0), left2 >> max(bits - 6, 0)
        some, some2, some3 = left >> max(bits - 5, 0), left2 >> max(bits - 5, 0), left3 >> max(bits - 5, 0)
        rows = np.int64(4096)
    else:
        levels = np.int64(33)
        fine, fine2 = quarter_octave(left), quarter_octave(left2)
        some, some2, some3 = fine >> 1, fine2 >> 1, quarter_octave(left3) >> 1
        rows = np.int64(2048)
    if flag:
        value = np.int64(history[own, m.HELD])
        distance = min(quarter_octave(value >> 5) >> 1, 19)
        near, best = left, abs(value - guess[0])
        other = abs(value - guess[5]) + 8
        if other < best:
            near, best = up, other
        other = abs(value - guess[6]) + 6
        if other < best and r < rings - 1:
            near, best = np.int64(history[own + 1, m.FIRST + 1]), other
        if abs(value - guess[8]) + 6 < best:
            near = left2
        pair = fine * levels + fine2
        triple = ((some << 10 | some2 << 5 | some3) * 40503 >> 4) & (rows - 1)
    else:
        distance = np.int64(0)
        near = up
        pair = levels * levels + fine
        triple = rows + fine
    c0 = base[m.INTENSITY_PAIR] + pair * nodes
    c1 = base[m.INTENSITY_TRIPLE] + triple * nodes
    c2 = base[m.INTENSITY_RING] + ((kind * rings + r) * 16 + coarse) * nodes
    c3 = base[m.INTENSITY_NEAR] + (kind * 256 + near) * nodes
    c4 = base[m.INTENSITY_RANGE] + ((kind * rings + r) * 20 + distance) * nodes
    c5 = base[m.INTENSITY_LEFT] + ((kind * levels + fine) * 20 + distance) * nodes
    mix_level = base[m.MIX_LEVEL] + (kind * 256 + coarse * 16 + coarse_up) * WEIGHT_STRIDE
    mix_value = base[m.MIX_VALUE] + kind * 256 * WEIGHT_STRIDE
    top = level >> (bits - depth)
    split = max(depth - 4, 0)
    tree = np.int64(1)
    line = np.int64(0)
    inner = np.int64(1)
    for done in range(depth):
        if done == split:
            line = 16 + (tree - (np.int64(1) << split)) * 16
            inner = np.int64(1)
        node = line + inner
        bit = code_six(
            coder,
            counters,
            c0 + node,
            c1 + node,
            c2 + node,
            c3 + node,
            c4 + node,
            c5 + node,
            0,
            model.weights,
            mix_value + tree * WEIGHT_STRIDE,
            mix_level,
            m.QUICK,
            16,
            (top >> (depth - 1 - done)) & 1,
        )
        tree = 2 * tree + bit
        inner = 2 * inner + bit
    top = tree - (np.int64(1) << depth)
    history[own, m.THIRD + flag] = left2
    history[own, m.SECOND + flag] = left
    history[own, m.FIRST + flag] = top
    if bits <= 8:
        return top
    node = np.int64(1)
    for shift in range(bits - 9, -1, -1):
        counter = base[m.INTENSITY_LOW] + top * 256 + node
        node = 2 * node + code_bit(coder, counters, counter, m.QUICK, (level >> shift) & 1)
    return (top << (bits - 8)) | (node - (np.int64(1) << (bits - 8)))


@inlined_kernel
def cost(coder, since):
    """Bits, in 1/16384, of the decisions logged from `since` on."""
    total = np.int64(0)
    for i in range(since, coder.at[LOG]):
        entry = np.int64(coder.log[i])
        chance = entry >> 1
        if (entry & 1) == 0:
            chance = (1 << 24) - chance
        total += np.int64(COST[np.uintp(chance >> 12)])
    return total


@kernel
def code_grid(coder, ranges, intensity, first, last, near, bits, everywhere, model, net, spent):
    """Code the firings `first` to `last` - 1 of a grid.

    Parameters
    ----------
    coder : Coder
        Filled, or read, as `code` does.
    ranges : (F, R) int32
        Ticks, 0 = no return, at most MAX_RANGE. Read when encoding, written when decoding.
    intensity : (F, R) int32
        Below 2**bits; not touched when `bits` is 0.
    near : int64
        Ticks within which a candidate belongs to the same surface.
    bits : int64
        Bit length of the largest intensity, 0 to 16.
    everywhere : int64
        1 when cells without a return have an intensity.
    model : GridModel
        As `fresh_model` made it for these rings, bits and `everywhere`, or as the previous segment left it.
    net : GridNet
        The network that is asked, see `lizip.context.grid_net`.
    spent : (3,) int64
        Bits, in 1/16384, spent on flags, ranges and intensities are added here when encoding.
    """
    history, guess = model.history, model.scratch
    rings = ranges.shape[1]
    decoding = coder.at[MODE] == 1
    for firing in range(first, last):
        for r in range(rings):
            own = r + 1
            mark = coder.at[LOG]
            held = candidates_of(history, r, rings, guess)
            quiet = is_quiet(history, r, rings)
            centre = np.int64(0)
            given = np.int64(0)
            asks = net.mode != 0 and not quiet
            if asks:
                centre = blended_centre(history, r, guess, near)
                think(net, history, r, rings, guess, centre, bits, firing * rings + r)
                given = opinion(net, FLAG_OUTPUT)
                if net.mode == RECORD:
                    record(net, coder.at[LOG], FLAG_OUTPUT)
            flag = np.int64(1) if not decoding and ranges[firing, r] > 0 else np.int64(0)
            flag = code_flag(coder, model, r, rings, held, quiet, given, flag)
            if not decoding:
                spent[0] += cost(coder, mark)
                mark = coder.at[LOG]
            value = np.int64(0)
            if flag:
                if not asks:
                    centre = blended_centre(history, r, guess, near)
                value = np.int64(ranges[firing, r])
                value = code_range(coder, model, net, asks, r, centre, value)
                if decoding:
                    ranges[firing, r] = value
                else:
                    spent[1] += cost(coder, mark)
                    mark = coder.at[LOG]
            elif decoding:
                ranges[firing, r] = 0
            history[own, m.PAST + 2] = history[own, m.PAST + 1]
            history[own, m.PAST + 1] = history[own, m.PAST]
            history[own, m.PAST] = held
            if bits and (flag or everywhere):
                level = np.int64(intensity[firing, r]) if not decoding else np.int64(0)
                level = code_intensity(coder, model, r, flag, bits, level)
                if decoding:
                    intensity[firing, r] = level
                else:
                    spent[2] += cost(coder, mark)
            elif decoding and bits:
                intensity[firing, r] = 0
