"""What the grid coder remembers: counters, mixer weights and the history of each ring; and the tables that index them.

Thresholds and rates were chosen on a few nuScenes and KITTI sweeps and are part of the stream format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.tree import IntensityTree
from lizip.entropy.adaptive import quarter_octave
from lizip.entropy.mixing import WEIGHT_ONE, fresh_refinements, fresh_weights
from lizip.entropy.vectors import stride_of
from lizip.jit import kernel

CANDIDATES = 9
"""Predictions of a range that are blended."""

GUESSES = 4
"""Predictions of an intensity that are blended."""

_SIX = 6
"""Adaptive counters that have a say in each decision, beside what is given: by the network, or of an intensity by what
is expected."""

WEIGHT_STRIDE = stride_of(_SIX + 2)
"""Room in each set of weights: of a sweep that follows another one, decisions have up to two inputs more."""

_SHARE_OF_PRIOR = 0.1
"""Weight, in each of two sets, of what the key frame makes expect, at first."""

MAX_RINGS = 2048
MAX_RANGE = (1 << 24) - 1
MAX_INTENSITY = (1 << 16) - 1

# Columns of the history of a ring. HELD: its last five valid ranges, latest first. PAST: the range it held one, two and
# three firings before the latest it was coded in. FLAGS: its return flags, latest in bit 0. CENTRE_FAST, CENTRE_SLOW:
# running absolute error of the blended centre, times 8. ERROR: of each candidate, times 8. FIRST, SECOND, THIRD: its
# last intensities of cells without a return, then (one further) with one. LAST_ERROR: signed, of the blended centre.
# LEVEL_ERROR: running errors of the guesses at an intensity, times 8, then of their blend, times 128; for cells without
# a return, then (five further) with one.
HELD, PAST, FLAGS, CENTRE_FAST, CENTRE_SLOW, ERROR = 0, 5, 8, 9, 10, 11
FIRST, SECOND, THIRD, LAST_ERROR, LEVEL_ERROR = 20, 22, 24, 26, 32
HISTORY = 48

TOKENS = 48
CLASSES = 40
LENGTHS = 28
"""Bit lengths a range residual can have, 0 to 27: candidates stay within 2**26 of any range."""

EXPECTED = 3
"""Candidates that a key frame adds."""

# Of a sweep that follows a key frame, see `lizip.codecs.sweep.prior`. CHANGE: the running mean of what ranges are more
# than expected, times 16. OFF: the running errors of its candidates, times 8. BEFORE: the range that was expected
# where the ring had its last return, 0 when none was.
CHANGE, OFF, BEFORE = 27, 28, 31

REFINED = 2 * 256
"""Rows of refinements: of each node of an intensity without and with a return."""

# Nodes of a residual, in each context: its sign, then for each sign "longer than the start?", "longer still?", "shorter
# still?" by bit length, then two mantissa bits by bit length.
SIGN, START, UP, DOWN, MANTISSA, NODES = 0, 1, 32, 96, 128, 256

SLOW = 250
"""Count at which the counters of flags stop slowing down."""
MEDIUM = 80
"""The same for ranges."""
QUICK = 70
"""The same for intensities."""

BLEND = np.array([(1 << 38) // max(1, (4 * e + 1) ** 3 >> 6) for e in range(4096)], np.int64)
"""Weight of a candidate with running error 4 e (times 24): its inverse cube."""


class GridModel(NamedTuple):
    """Everything that adapts while a grid is coded; it carries on from segment to segment."""

    counters: np.ndarray
    weights: np.ndarray
    history: np.ndarray
    base: np.ndarray
    tree: IntensityTree
    scratch: np.ndarray
    refinements: np.ndarray


# Tables of counters, in this order; `base` holds where each begins.
(
    FLAG_PATTERN,
    FLAG_RING,
    FLAG_RANGE,
    FLAG_INTENSITY,
    FLAG_RUN,
    FLAG_QUIET,
    RANGE_ERROR,
    RANGE_SPREAD,
    RANGE_RING,
    RANGE_LAST,
    RANGE_UP,
    RANGE_ACTIVITY,
    INTENSITY_PAIR,
    INTENSITY_TRIPLE,
    INTENSITY_RING,
    INTENSITY_NEAR,
    INTENSITY_RANGE,
    INTENSITY_LEFT,
    INTENSITY_LOW,
    MIX_FLAG,
    MIX_FLAG_RING,
    MIX_NODE,
    MIX_CLASS,
    MIX_VALUE,
    MIX_LEVEL,
    MIX_CLOSE,
    FLAG_PRIOR,
    RANGE_PRIOR,
    INTENSITY_PRIOR,
    INTENSITY_PRIOR_PAIR,
    MIX_PRIOR,
    TABLES,
) = range(32)
"""The last five are there for a sweep that follows another one only."""


def fresh_model(
    rings: int, intensity_bits: int, everywhere: bool, tree: IntensityTree, asks: bool = False
) -> GridModel:
    """Make the model of a grid that has seen nothing.

    Parameters
    ----------
    rings : int
        1 to MAX_RINGS.
    intensity_bits : int
        Bit length of the largest intensity, 0 when there is none.
    everywhere : bool
        Whether cells without a return have an intensity.
    tree : IntensityTree
        Of the intensities' upper eight bits.
    asks : bool
        Whether there is a network; it is trusted from the beginning.
    """
    kinds = (2 if everywhere else 1) if intensity_bits else 0
    symbol = tree.stride
    sizes = [4096, rings * 64, 64 * 32, 64 * 32 * 2, 4096 + rings * 32, rings * 4]
    sizes += [n * NODES for n in (CLASSES, CLASSES, rings * 12, TOKENS, TOKENS, 14 * 14)]
    fine, triples = intensity_levels(intensity_bits)
    sizes += [n * symbol if kinds else 0 for n in (fine * fine + 64, triples + 64)]
    sizes += [kinds * n * symbol for n in (rings * 16, 256, rings * 20, fine * 20)]
    sizes += [(256 * 256 if intensity_bits > 8 else 0)]
    sets = [64, rings, NODES, CLASSES * 4, kinds * 256, kinds * 256, kinds * 64]
    starts = np.cumsum([0, *((n + 15) // 16 * 16 for n in sizes)])
    weight_starts = WEIGHT_STRIDE * np.cumsum([0, *sets])
    base = np.concatenate([starts[:-1], weight_starts]).astype(np.int64)
    counters = _on_cache_lines(int(starts[-1]))
    weights = _on_cache_lines(int(weight_starts[-1]))
    shares = ((0.8, 0.8), (0.6, 1.0)) if asks else ((1.5, 0.0), (1.1, 0.0))
    for first, (each, given) in zip((0, 2), shares, strict=True):
        part = slice(weight_starts[first], weight_starts[first + 2])
        weights[part] = fresh_weights(sets[first] + sets[first + 1], [each / 2 / _SIX] * _SIX + [given / 2])
    weights[weight_starts[4] : weight_starts[6]] = fresh_weights(sets[4] + sets[5], [1.2 / 2 / _SIX] * _SIX + [0.3 / 2])
    history = _fresh_history(rings, intensity_bits)
    return GridModel(counters, weights, history, base, tree, np.zeros(32, np.int64), fresh_refinements(REFINED))


def extended(model: GridModel, tables: Sequence[int], sets: int) -> GridModel:
    """The model of grids that follow another one: what that has learned, and tables for what it makes expect.

    Parameters
    ----------
    model : GridModel
        As a grid that follows none left it; stays as it is.
    tables : sequence of int
        Counters in those from FLAG_PRIOR on.
    sets : int
        Sets of weights in MIX_PRIOR.
    """
    learned, sizes = model.weights.size, ((n + 15) // 16 * 16 for n in tables)
    starts = model.counters.size + np.cumsum([0, *sizes])
    counters, weights = _on_cache_lines(int(starts[-1])), _on_cache_lines(learned + sets * WEIGHT_STRIDE)
    counters[: model.counters.size] = model.counters
    weights[:learned] = model.weights
    # the last input stays the last; of intensities, the sixth counter makes room too
    asked, others = np.split(weights[:learned].reshape(-1, WEIGHT_STRIDE), [model.base[MIX_VALUE] // WEIGHT_STRIDE])
    for each, begin in ((asked, _SIX), (others, _SIX - 1)):
        each[:, _SIX + 1] = each[:, _SIX]
        each[:, begin : _SIX + 1] = round(_SHARE_OF_PRIOR * WEIGHT_ONE)
    base = np.concatenate([model.base[:FLAG_PRIOR], starts[:-1], [learned]])
    return model._replace(counters=counters, weights=weights, base=base)


def at_first_cell(model: GridModel, intensity_bits: int) -> GridModel:
    """A model that has learned, for another grid; shares nothing that adapts, so that many can begin at once."""
    counters, weights = _copied(model.counters), _copied(model.weights)
    history = _fresh_history(len(model.history) - 2, intensity_bits)
    scratch, refinements = np.zeros_like(model.scratch), model.refinements.copy()
    return GridModel(counters, weights, history, model.base, model.tree, scratch, refinements)


def _fresh_history(rings: int, intensity_bits: int) -> np.ndarray:
    history = np.zeros((rings + 2, HISTORY), np.int32)
    history[:, HELD : PAST + 3] = 3000
    history[:, CENTRE_FAST : ERROR + CANDIDATES] = 200
    history[:, LEVEL_ERROR:] = 64
    history[:, [LEVEL_ERROR + GUESSES, LEVEL_ERROR + 2 * GUESSES + 1]] = 1024
    history[:, FIRST : THIRD + 2] = min(8, (1 << min(intensity_bits, 8)) - 1)
    return history


def intensity_levels(bits: int) -> tuple[int, int]:
    """Levels of the finer classes of intensities, and rows for triples of coarser ones (hashed)."""
    return (1 << min(bits, 6), 4096) if bits < 8 else (33, 2048)


def _on_cache_lines(size: int) -> np.ndarray:
    """Make zeros, int32, that begin on a cache line, so that a node of 16 entries takes one."""
    return _aligned(np.zeros(size + 16, np.int32))


def _copied(array: np.ndarray) -> np.ndarray:
    copy = _aligned(np.empty(array.size + 16, np.int32))
    copy[:] = array
    return copy


def _aligned(room: np.ndarray) -> np.ndarray:
    """All but 16 of some numbers, int32, from a cache line on."""
    skip = (-room.ctypes.data // 4) % 16
    return room[skip : skip + room.size - 16]


@kernel
def token(difference):
    """Class of a signed difference: sign and half octave, 0 to TOKENS - 1."""
    if difference >= 0:
        return 24 + min(quarter_octave(difference) >> 1, 23)
    return 23 - min(quarter_octave(-difference - 1) >> 1, 23)
