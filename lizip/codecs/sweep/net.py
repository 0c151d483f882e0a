"""The network inside the coding loop: exact integer arithmetic, one cell at a time.

Two hidden layers are computed once a cell; each binary decision of the coder has an output of its own, a dot product
that is computed only when the decision comes up. All numbers are integers; the layers hold them in float32, whose sums
stay below 2**24 and are therefore exact in any order, because that is what LLVM vectorises best.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.features import FEATURES, features_of
from lizip.codecs.sweep.vectors import HIDDEN, dot, layer
from lizip.entropy.mixing import LOGIT_LIMIT
from lizip.jit import inlined_kernel

OUTPUTS = m.NODES + 1
FLAG_OUTPUT = m.NODES
"""Output for the return flag; the others stand at the nodes of the residual."""

FIRST_SHIFT, SECOND_SHIFT, OUT_SHIFT = 7, 6, 2
"""Sums of a layer are divided by these powers of two. A feature of 32, a weight of 64, a hidden value of 16 and a logit
of 256 stand for one."""

OFF, ASK, GIVEN, RECORD = range(4)
"""Modes: no network; computed here; hidden layer computed elsewhere; features and decisions written down."""


class GridNet(NamedTuple):
    """Weights and scratch of the network.

    Attributes
    ----------
    mode : int
        OFF, ASK, GIVEN or RECORD.
    first, second : (FEATURES * HIDDEN,), (HIDDEN * HIDDEN,) int16
        Weights, as `lizip.codecs.sweep.vectors.layer` takes them.
    first_bias, second_bias : (HIDDEN,) int32
    out : (OUTPUTS * HIDDEN,) int16
    out_bias : (OUTPUTS,) int32
    features, hidden, raw : scratch
    top : (HIDDEN,) int16
        Second hidden layer, 0 to 255.
    cells : (N, HIDDEN) or (N, FEATURES) uint8
        GIVEN: second hidden layer of each cell. RECORD: features + 128 are written here.
    nodes : (L,) int16
        RECORD: output that each logged decision belongs to is written here.
    """

    mode: int
    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray
    features: np.ndarray
    hidden: np.ndarray
    raw: np.ndarray
    top: np.ndarray
    cells: np.ndarray
    nodes: np.ndarray


@inlined_kernel
def think(net, history, r, rings, guess, centre, bits, cell):
    """Make the hidden layer of a cell ready in `net.top`."""
    if net.mode == GIVEN:
        for j in range(HIDDEN):
            net.top[j] = np.int16(net.cells[cell, j])
        return
    features_of(history, r, rings, guess, centre, bits, net.raw, net.features)
    if net.mode == RECORD:
        for j in range(FEATURES):
            net.cells[cell, j] = np.uint8(np.int32(net.features[j]) + 128)
        return
    layer(net.features, net.first, net.first_bias, net.hidden, FEATURES // 2, FIRST_SHIFT)
    layer(net.hidden, net.second, net.second_bias, net.top, HIDDEN // 2, SECOND_SHIFT)


@inlined_kernel
def opinion(net, output):
    """Logit, in 1/256, that the network gives one decision of the cell it thinks of."""
    if net.mode == RECORD:
        return np.int64(0)
    total = np.int64(net.out_bias[output]) + dot(net.top, net.out, output * HIDDEN)
    return min(max(total >> OUT_SHIFT, -LOGIT_LIMIT), LOGIT_LIMIT)


@inlined_kernel
def record(net, position, node):
    """Note which output the decision that is logged next belongs to."""
    net.nodes[position] = np.int16(node)


def no_net() -> GridNet:
    """Make what stands for no network."""
    return _assemble(OFF)


def recorder(cells: int, decisions: int) -> GridNet:
    """Make what writes down features (`cells`) and outputs (`nodes`, -1 where there is none) instead of computing."""
    record_cells, record_nodes = np.zeros((cells, FEATURES), np.uint8), np.full(decisions, -1, np.int16)
    return _assemble(RECORD, cells=record_cells, nodes=record_nodes)


def network(arrays: tuple[np.ndarray, ...], hidden: np.ndarray | None = None) -> GridNet:
    """Make a network from its integers, of any integer type.

    `arrays` are weights (FEATURES, HIDDEN), (HIDDEN, HIDDEN) and (OUTPUTS, HIDDEN), each followed by its biases;
    `hidden` (N, HIDDEN) uint8 is the second hidden layer of every cell of the grid, where another backend has computed
    it.
    """
    first, first_bias, second, second_bias, out, out_bias = arrays
    pairs = (each.reshape(-1, 2, HIDDEN).transpose(0, 2, 1) for each in (first, second))
    layers = zip(pairs, (first_bias, second_bias), strict=True)
    weights = [part for weight, bias in layers for part in (weight.astype(np.int16).ravel(), bias.astype(np.int32))]
    weights += [out.astype(np.int16).ravel(), out_bias.astype(np.int32)]
    return _assemble(ASK if hidden is None else GIVEN, [_on_cache_lines(each) for each in weights], hidden)


def _on_cache_lines(values: np.ndarray) -> np.ndarray:
    """Copy to where a cache line begins: a vector that straddles two lines takes twice as long to load."""
    room = np.empty(values.size + 64 // values.itemsize, values.dtype)
    skip = -room.ctypes.data % 64 // values.itemsize
    room[skip : skip + values.size] = values
    return room[skip : skip + values.size]


def _assemble(
    mode: int,
    weights: list[np.ndarray] | None = None,
    cells: np.ndarray | None = None,
    nodes: np.ndarray | None = None,
) -> GridNet:
    if weights is None:
        sizes = (FEATURES * HIDDEN, HIDDEN, HIDDEN * HIDDEN, HIDDEN, OUTPUTS * HIDDEN, OUTPUTS)
        weights = [np.zeros(size, kind) for size, kind in zip(sizes, (np.int16, np.int32) * 3, strict=True)]
    cells = np.zeros((0, 0), np.uint8) if cells is None else cells
    nodes = np.zeros(0, np.int16) if nodes is None else nodes
    first, first_bias, second, second_bias, out, out_bias = weights
    features, hidden, top = (_on_cache_lines(np.zeros(size, np.int16)) for size in (FEATURES, HIDDEN, HIDDEN))
    given = first, first_bias, second, second_bias, out, out_bias
    return GridNet(mode, *given, features, hidden, np.zeros(32, np.int32), top, cells, nodes)
