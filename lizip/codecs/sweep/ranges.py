"""Ranges in the grid: candidates for one, their blend, and the residual under six contexts.

Each range is predicted from five earlier returns of its ring, the ring above up to this firing, the ring below up to
the last one.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.model import token
from lizip.codecs.sweep.net import RECORD, opinion, record
from lizip.codecs.sweep.prior import learn_prior, pace, range_context, rough_class
from lizip.entropy.adaptive import bit_length, quarter_octave
from lizip.entropy.coder import LOG, code_raw
from lizip.entropy.mixing import code_mixed
from lizip.entropy.vectors import further
from lizip.jit import inlined_kernel


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
        weight = np.float64(m.BLEND[np.uintp(min(error >> 2, np.int64(4095)))]) if abs(offset) <= near else 0.0
        total += weight * np.float64(offset)
        weights += weight
    return max(last + np.int64(np.floor(total / weights + 0.5)), 1)


@inlined_kernel
def _contexts_of(model, r, centre):
    """First counters of the six contexts of a residual, then the class of its expected size."""
    history, base, guess = model.history, model.base, model.scratch
    own = r + 1
    last, up, below, before = guess[0], guess[5], guess[6], guess[8]
    spread = abs(last - centre) + abs(before - centre) + abs(np.int64(history[own, m.HELD + 2]) - centre)
    spread += abs(guess[3] - centre) + (abs(below - centre) >> 1) + (abs(up - centre) >> 1)
    doubt = 2 * np.int64(history[own, m.CENTRE_FAST]) + np.int64(history[r, m.CENTRE_FAST])
    error_class = min(quarter_octave(doubt >> 2), m.CLASSES - 1)
    activity = abs(last - before) + abs(before - np.int64(history[own, m.HELD + 2])) + (abs(guess[3] - last) >> 1)
    calm = min(error_class >> 1, 13) * 14 + min(quarter_octave(activity >> 1) >> 1, 13)
    places = (
        base[m.RANGE_ERROR] + error_class * m.NODES,
        base[m.RANGE_SPREAD] + min(quarter_octave(spread >> 1), m.CLASSES - 1) * m.NODES,
        base[m.RANGE_RING] + (r * 12 + min(error_class >> 2, 11)) * m.NODES,
        base[m.RANGE_LAST] + token(last - centre) * m.NODES,
        base[m.RANGE_UP] + token(up - centre) * m.NODES,
        base[m.RANGE_ACTIVITY] + calm * m.NODES,
    )
    return places, error_class


@inlined_kernel
def _code_residual(coder, model, net, prior, asks, contexts, more, error):
    """Code a signed number: its sign; its bit length, asked upward or downward from the one expected; its bits."""
    counters, base = model.counters, model.base
    places, error_class = contexts
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
        by_class = base[m.MIX_CLASS] + (error_class * 4 + min(stage, 3)) * m.WEIGHT_STRIDE
        nodes, sets = further(places, node), (base[m.MIX_NODE] + node * m.WEIGHT_STRIDE, by_class)
        if prior is None:
            bit = code_mixed(coder, counters, nodes, (given,), model.weights, sets, m.MEDIUM, 15, bit)
        else:
            by_rough = base[m.MIX_PRIOR] + (more[1] * 4 + min(stage, 3)) * m.WEIGHT_STRIDE
            all_nodes, all_sets = nodes + (more[0] + node,), sets + (by_rough,)  # noqa: RUF005
            bit = code_mixed(coder, counters, all_nodes, (given,), model.weights, all_sets, more[2], more[3], bit)
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
    magnitude = prefix << low | code_raw(coder, magnitude, low) if length > 1 else length
    return -magnitude - 1 if negative else magnitude


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
def code_range(coder, model, net, prior, asks, firing, r, centre, expected, value):
    """Code the range of a return of ring `r`: its distance from the blended centre; then learn from it."""
    contexts = _contexts_of(model, r, centre)
    more = (np.int64(0), np.int64(0), np.int64(0), np.int64(0))
    if prior is not None:
        kind = rough_class(prior, firing, r, expected)
        places = model.base[m.RANGE_PRIOR] + range_context(kind, expected, centre) * m.NODES
        limit, rate = pace(kind)
        more = (places, kind, limit, rate)
    error = _code_residual(coder, model, net, prior, asks, contexts, more, value - centre)
    value = min(max(centre + error, 1), m.MAX_RANGE)
    if prior is not None:
        learn_prior(model.history, prior, firing, r, model.scratch, expected, value)
    _learn_range(model.history, r + 1, model.scratch, value, error)
    return value
