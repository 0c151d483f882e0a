"""Intensities in the grid: the decisions of their tree under six contexts, and what is expected."""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.levels import CERTAIN, chance_below, expected_level, guess_level, learn_level, logit_above
from lizip.codecs.sweep.prior import KIND, level_contexts
from lizip.entropy.adaptive import code_bit, quarter_octave
from lizip.entropy.mixing import code_refined
from lizip.entropy.vectors import further
from lizip.jit import inlined_kernel


@inlined_kernel
def _contexts_of(model, r, flag, bits):
    """First counters of the six contexts of an intensity, and where its three sets of mixer weights begin."""
    history, base, guess = model.history, model.base, model.scratch
    own = r + 1
    kind = 1 - flag
    nodes = model.tree.stride
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
        near, best, whose = left, abs(value - guess[0]), np.int64(0)
        other = abs(value - guess[5]) + 8
        if other < best:
            near, best, whose = up, other, np.int64(1)
        other = abs(value - guess[6]) + 6
        if other < best and r < rings - 1:
            near, best, whose = np.int64(history[own + 1, m.FIRST + 1]), other, np.int64(2)
        other = abs(value - guess[8]) + 6
        if other < best:
            near, best, whose = left2, other, np.int64(3)
        pair = fine * levels + fine2
        triple = ((some << 10 | some2 << 5 | some3) * 40503 >> 4) & (rows - 1)
    else:
        distance = np.int64(0)
        near, best, whose = up, np.int64(0), np.int64(0)
        pair = levels * levels + fine
        triple = rows + fine
    places = (
        base[m.INTENSITY_PAIR] + pair * nodes,
        base[m.INTENSITY_TRIPLE] + triple * nodes,
        base[m.INTENSITY_NEAR] + (kind * 256 + near) * nodes,
        base[m.INTENSITY_RANGE] + ((kind * rings + r) * 20 + distance) * nodes,
        base[m.INTENSITY_LEFT] + ((kind * levels + fine) * 20 + distance) * nodes,
        base[m.INTENSITY_RING] + ((kind * rings + r) * 16 + coarse) * nodes,
    )
    mix_level = base[m.MIX_LEVEL] + (kind * 256 + coarse * 16 + coarse_up) * m.WEIGHT_STRIDE
    mix_value = base[m.MIX_VALUE] + kind * 256 * m.WEIGHT_STRIDE
    mix_close = base[m.MIX_CLOSE] + (kind * 64 + whose * 16 + min(quarter_octave(best) >> 1, 15)) * m.WEIGHT_STRIDE
    return places, (mix_value, mix_level, mix_close), levels, fine


@inlined_kernel
def code_intensity(coder, model, prior, firing, r, flag, bits, expected, level):
    """Code an intensity; cells with and without a return keep histories of their own.

    A laser's power follows its echoes, so its intensities swing with a period of two or three: exact pairs and triples
    of earlier ones say more than their mean. `near` is the intensity of the neighbour closest in range; how close, and
    which, chooses a set of weights. What is expected (`levels`) has a say too. The sweep before adds two contexts, and
    takes the place of the ring's own.
    """
    counters, history, base, guess = model.counters, model.history, model.base, model.scratch
    own = r + 1
    places, sets, levels, fine = _contexts_of(model, r, flag, bits)
    more, limit = (np.int64(0), np.int64(0), np.int64(0)), np.int64(m.QUICK)
    if prior is not None:
        value = np.int64(history[own, m.HELD]) if flag else np.int64(0)
        one, other, chosen = level_contexts(prior, firing, r, expected, value, levels, bits, fine)
        stride = model.tree.stride
        by_match = base[m.MIX_PRIOR] + chosen * m.WEIGHT_STRIDE
        limit = np.int64(m.SLOW) if prior[firing, r, KIND] > 0 else limit
        more = (base[m.INTENSITY_PRIOR] + one * stride, base[m.INTENSITY_PRIOR_PAIR] + other * stride, by_match)
    guess_level(history, r, flag, guess)
    blend, sharp = expected_level(history, r, flag, guess)
    below, above = np.int64(0), np.int64(CERTAIN)
    low = max(bits - 8, 0)
    top = level >> low
    node = np.int64(model.tree.root)
    while node >= 0:
        bit = np.int64(top >= model.tree.split[np.uintp(node)])
        nodes, in_use = further(places, node), (sets[0] + node * m.WEIGHT_STRIDE, sets[1], sets[2])
        row = (1 - flag) * 256 + node
        chance = chance_below(blend, sharp, model.tree.split[np.uintp(node)])
        given = (logit_above(below, chance, above),)
        if prior is None:
            bit = code_refined(
                coder, counters, nodes, given, model.weights, in_use, m.QUICK, 16, model.refinements, row, bit
            )
        else:
            all_nodes, all_sets = nodes[:5] + (more[0] + node, more[1] + node), in_use + (more[2],)  # noqa: RUF005
            bit = code_refined(
                coder, counters, all_nodes, given, model.weights, all_sets, limit, 16, model.refinements, row, bit
            )
        below, above = (chance, above) if bit else (below, chance)
        node = np.int64(model.tree.after[np.uintp(2 * node + bit)])
    top = ~node
    learn_level(history, r, flag, guess, blend, top)
    history[own, m.THIRD + flag] = history[own, m.SECOND + flag]
    history[own, m.SECOND + flag] = history[own, m.FIRST + flag]
    history[own, m.FIRST + flag] = top
    node = np.int64(1)
    for shift in range(low - 1, -1, -1):
        counter = base[m.INTENSITY_LOW] + top * 256 + node
        node = 2 * node + code_bit(coder, counters, counter, m.QUICK, (level >> shift) & 1)
    return (top << low) | (node - (np.int64(1) << low))
