"""Intensities in the grid: the decisions of their tree under six contexts."""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.prior import level_contexts
from lizip.entropy.adaptive import code_bit, quarter_octave
from lizip.entropy.mixing import code_mixed
from lizip.entropy.vectors import further
from lizip.jit import inlined_kernel


@inlined_kernel
def _contexts_of(model, r, flag, bits):
    """First counters of the six contexts of an intensity, and where its two sets of mixer weights begin."""
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
    places = (
        base[m.INTENSITY_PAIR] + pair * nodes,
        base[m.INTENSITY_TRIPLE] + triple * nodes,
        base[m.INTENSITY_RING] + ((kind * rings + r) * 16 + coarse) * nodes,
        base[m.INTENSITY_NEAR] + (kind * 256 + near) * nodes,
        base[m.INTENSITY_RANGE] + ((kind * rings + r) * 20 + distance) * nodes,
        base[m.INTENSITY_LEFT] + ((kind * levels + fine) * 20 + distance) * nodes,
    )
    mix_level = base[m.MIX_LEVEL] + (kind * 256 + coarse * 16 + coarse_up) * m.WEIGHT_STRIDE
    mix_value = base[m.MIX_VALUE] + kind * 256 * m.WEIGHT_STRIDE
    return places, mix_value, mix_level, levels, fine


@inlined_kernel
def code_intensity(coder, model, prior, firing, r, flag, bits, expected, level):
    """Code an intensity; cells with and without a return keep histories of their own.

    A laser's power follows its echoes, so its intensities swing with a period of two or three: exact pairs and triples
    of earlier ones say more than their mean. `near` is the intensity of the neighbour closest in range.
    """
    counters, history, base = model.counters, model.history, model.base
    own = r + 1
    places, mix_value, mix_level, levels, fine = _contexts_of(model, r, flag, bits)
    more = (np.int64(0), np.int64(0))
    if prior is not None:
        value = np.int64(history[own, m.HELD]) if flag else np.int64(0)
        one, other = level_contexts(prior, firing, r, expected, value, levels, bits, fine)
        stride = model.tree.stride
        more = (base[m.INTENSITY_PRIOR] + one * stride, base[m.INTENSITY_PRIOR_PAIR] + other * stride)
    low = max(bits - 8, 0)
    top = level >> low
    node = np.int64(model.tree.root)
    while node >= 0:
        bit = np.int64(top >= model.tree.split[np.uintp(node)])
        nodes, sets = further(places, node), (mix_value + node * m.WEIGHT_STRIDE, mix_level)
        if prior is None:
            bit = code_mixed(coder, counters, nodes, (), model.weights, sets, m.QUICK, 16, bit)
        else:
            all_nodes = nodes + (more[0] + node, more[1] + node)  # noqa: RUF005
            bit = code_mixed(coder, counters, all_nodes, (), model.weights, sets, m.QUICK, 16, bit)
        node = np.int64(model.tree.after[np.uintp(2 * node + bit)])
    top = ~node
    history[own, m.THIRD + flag] = history[own, m.SECOND + flag]
    history[own, m.SECOND + flag] = history[own, m.FIRST + flag]
    history[own, m.FIRST + flag] = top
    node = np.int64(1)
    for shift in range(low - 1, -1, -1):
        counter = base[m.INTENSITY_LOW] + top * 256 + node
        node = 2 * node + code_bit(coder, counters, counter, m.QUICK, (level >> shift) & 1)
    return (top << low) | (node - (np.int64(1) << low))
