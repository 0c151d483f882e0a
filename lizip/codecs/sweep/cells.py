"""Coding a grid of return flags, ranges and intensities, firing by firing, ring by ring: one kernel, both directions.

Each cell is predicted from cells that are already known: five earlier returns of its ring, the ring above up to this
firing, the ring below up to the last one.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.intensity import code_intensity
from lizip.codecs.sweep.model import token
from lizip.codecs.sweep.net import FLAG_OUTPUT, RECORD, opinion, record, think
from lizip.codecs.sweep.prior import (
    SEEN,
    centre_with_prior,
    expected_range,
    flag_context,
    prior_candidates,
)
from lizip.codecs.sweep.ranges import blended_centre, candidates_of, code_range
from lizip.entropy.adaptive import code_bit, quarter_octave
from lizip.entropy.coder import LOG, MODE, mark
from lizip.entropy.mixing import code_mixed
from lizip.jit import inlined_kernel, kernel

COST = np.round(-np.log2((np.arange(4096) + 0.5) / 4096) * 16384).astype(np.int64)
"""Bits, in 1/16384, that a decision of 12-bit probability takes; for reports only."""


@inlined_kernel
def is_quiet(history, r, rings):
    """Whether the last eight firings of ring `r`, and what is known of the rings beside it, saw no return."""
    up = np.int64(history[r, m.FLAGS]) & 7 if r > 0 else 0
    down = np.int64(history[r + 2, m.FLAGS]) & 3 if r < rings - 1 else 0
    return (np.int64(history[r + 1, m.FLAGS]) & 255) | up | down == 0


@inlined_kernel
def code_flag(coder, model, prior, firing, r, rings, held, quiet, given, flag):
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
        places = (
            base[m.FLAG_PATTERN] + ((past & 15) | up << 4 | down << 7 | (up2 & 1) << 9 | down2 << 10),
            base[m.FLAG_RING] + r * 64 + short,
            base[m.FLAG_RANGE] + min(quarter_octave(held >> 4) >> 1, 31) * 64 + (past & 3) * 8 + narrow,
            base[m.FLAG_INTENSITY] + lit * 256 + sure * 16 + brief,
            base[m.FLAG_RUN] + edge,
            base[m.FLAG_RUN] + 4096 + r * 32 + (past & 31),
        )
        sets = base[m.MIX_FLAG] + short * m.WEIGHT_STRIDE, base[m.MIX_FLAG_RING] + r * m.WEIGHT_STRIDE
        if prior is None:
            flag = code_mixed(coder, counters, places, (given,), model.weights, sets, m.SLOW, 15, flag)
        else:
            known = places + (base[m.FLAG_PRIOR] + flag_context(prior, firing, r, past, up, down),)  # noqa: RUF005
            flag = code_mixed(coder, counters, known, (given,), model.weights, sets, m.SLOW, 15, flag)
    history[own, m.FLAGS] = (past << 1 | flag) & 0xFFFF
    return flag


@inlined_kernel
def _centre_of(history, prior, firing, r, guess, near, expected):
    """What the range of ring `r` is guessed to be, by its neighbours and, where there is one, the key frame."""
    if prior is not None and expected > 0:
        prior_candidates(history, prior, firing, r, guess)
        return centre_with_prior(history, prior, firing, r, guess, near)
    return blended_centre(history, r, guess, near)


@inlined_kernel
def cost(coder, since):
    """Bits, in 1/16384, of the decisions logged from `since` on, fewer than a log holds."""
    total, end = np.int64(0), coder.at[LOG]
    if end < since:  # the log was put by meanwhile, and still holds what stood at its end
        total, since = _cost_of(coder.log, since, coder.log.size), np.int64(0)
    return total + _cost_of(coder.log, since, end)


@kernel
def _cost_of(log, first, end):
    total = np.int64(0)
    for i in range(first, end):
        entry = np.int64(log[i])
        chance = entry >> 1
        if (entry & 1) == 0:
            chance = (1 << 24) - chance
        total += np.int64(COST[np.uintp(chance >> 12)])
    return total


@kernel
def code_grid(coder, ranges, intensity, prior, first, last, near, bits, everywhere, model, net, spent):
    """Code the firings `first` to `last` - 1 of a grid.

    Parameters
    ----------
    coder : Coder
        Filled, or read, as `code` does.
    ranges : (F, R) int32
        Ticks, 0 = no return, at most MAX_RANGE. Read when encoding, written when decoding.
    intensity : (F, R) int32
        Below 2**bits; not touched when `bits` is 0.
    prior : (F, R, FACTS) int32 or None
        What the key frame makes expect, see `lizip.codecs.sweep.prior`.
    near : int64
        Ticks within which a candidate belongs to the same surface.
    bits : int64
        Bit length of the largest intensity, 0 to 16.
    everywhere : int64
        1 when cells without a return have an intensity.
    model : GridModel
        As `fresh_model` made it for these rings, bits and `everywhere`, or as the previous segment left it.
    net : GridNet
        The network that is asked, see `lizip.codecs.sweep.net`.
    spent : (3,) int64
        Bits, in 1/16384, spent on flags, ranges and intensities are added here when encoding.
    """
    history, guess = model.history, model.scratch
    rings = ranges.shape[1]
    decoding = coder.at[MODE] == 1
    for firing in range(first, last):
        for r in range(rings):
            own = r + 1
            since = coder.at[LOG]
            if decoding:
                mark(coder, 3 * (firing * rings + r))
            held = candidates_of(history, r, rings, guess)
            quiet = is_quiet(history, r, rings)
            expected = np.int64(0)
            if prior is not None:
                quiet = quiet and prior[firing, r, SEEN] <= 0
                expected = expected_range(prior, firing, r)
            centre = np.int64(0)
            given = np.int64(0)
            asks = net.mode != 0 and not quiet
            if asks:
                centre = _centre_of(history, prior, firing, r, guess, near, expected)
                think(net, history, r, rings, guess, centre, bits, firing * rings + r)
                given = opinion(net, FLAG_OUTPUT)
                if net.mode == RECORD:
                    record(net, coder.at[LOG], FLAG_OUTPUT)
            flag = np.int64(1) if not decoding and ranges[firing, r] > 0 else np.int64(0)
            flag = code_flag(coder, model, prior, firing, r, rings, held, quiet, given, flag)
            if not decoding:
                spent[0] += cost(coder, since)
                since = coder.at[LOG]
            value = np.int64(0)
            if flag:
                if not asks:
                    centre = _centre_of(history, prior, firing, r, guess, near, expected)
                if decoding:
                    mark(coder, 3 * (firing * rings + r) + 1)
                value = np.int64(ranges[firing, r])
                value = code_range(coder, model, net, prior, asks, firing, r, centre, expected, value)
                if decoding:
                    ranges[firing, r] = value
                else:
                    spent[1] += cost(coder, since)
                    since = coder.at[LOG]
            elif decoding:
                ranges[firing, r] = 0
            history[own, m.PAST + 2] = history[own, m.PAST + 1]
            history[own, m.PAST + 1] = history[own, m.PAST]
            history[own, m.PAST] = held
            if bits and (flag or everywhere):
                if decoding:
                    mark(coder, 3 * (firing * rings + r) + 2)
                level = np.int64(intensity[firing, r]) if not decoding else np.int64(0)
                level = code_intensity(coder, model, prior, firing, r, flag, bits, expected, level)
                if decoding:
                    intensity[firing, r] = level
                else:
                    spent[2] += cost(coder, since)
            elif decoding and bits:
                intensity[firing, r] = 0
