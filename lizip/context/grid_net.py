"""The network inside the coding loop: exact integer arithmetic, one cell at a time.

Two hidden layers are computed once a cell; each binary decision of the coder has an output of its own, a dot product
that is computed only when the decision comes up. All numbers are integers; the layers hold them in float32, whose sums
stay below 2**24 and are therefore exact in any order, because that is what LLVM vectorises best.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.context import grid_model as m
from lizip.context.grid_features import FEATURES, features_of
from lizip.context.grid_mixing import LOGIT_LIMIT
from lizip.jit import inlined_kernel

HIDDEN = 64
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
    first, second : (FEATURES * HIDDEN,), (HIDDEN * HIDDEN,) float32
        Weights, input-major.
    first_bias, second_bias : (HIDDEN,) float32
    scale : (2,) float32
        Powers of two that the sums of the hidden layers are multiplied by.
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
    scale: np.ndarray
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
    _layer(net.features, net.first, net.first_bias, net.hidden, FEATURES)
    for j in range(HIDDEN):
        net.hidden[j] = np.float32(min(max(np.int32(net.hidden[j] * net.scale[0]), 0), 255))
    _layer(net.hidden, net.second, net.second_bias, net.features, HIDDEN)
    for j in range(HIDDEN):
        net.top[j] = np.int16(min(max(np.int32(net.features[j] * net.scale[1]), 0), 255))


@inlined_kernel
def opinion(net, output):
    """Logit, in 1/256, that the network gives one decision of the cell it thinks of."""
    if net.mode == RECORD:
        return np.int64(0)
    total = net.out_bias[output]
    begin = output * HIDDEN
    for j in range(HIDDEN):
        total = np.int32(total + np.int32(np.int32(net.top[np.uintp(j)]) * np.int32(net.out[np.uintp(begin + j)])))
    return min(max(np.int64(total) >> OUT_SHIFT, -LOGIT_LIMIT), LOGIT_LIMIT)


@inlined_kernel
def record(net, position, node):
    """Note which output the decision that is logged next belongs to."""
    net.nodes[position] = np.int16(node)


@inlined_kernel
def _layer(x, weights, bias, y, inputs):
    """y = bias + x weights, sixteen inputs at a time so that the partial sums stay in registers."""
    for j in range(HIDDEN):
        y[j] = bias[j]
    for i in range(0, inputs, 16):
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        x4, x5, x6, x7 = x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        x8, x9, x10, x11 = x[i + 8], x[i + 9], x[i + 10], x[i + 11]
        x12, x13, x14, x15 = x[i + 12], x[i + 13], x[i + 14], x[i + 15]
        for j in range(HIDDEN):
            k = np.uintp(i * HIDDEN + j)
            s0 = (x0 * weights[k] + x1 * weights[k + np.uintp(1 * HIDDEN)]) + (
                x2 * weights[k + np.uintp(2 * HIDDEN)] + x3 * weights[k + np.uintp(3 * HIDDEN)]
            )
            s1 = (x4 * weights[k + np.uintp(4 * HIDDEN)] + x5 * weights[k + np.uintp(5 * HIDDEN)]) + (
                x6 * weights[k + np.uintp(6 * HIDDEN)] + x7 * weights[k + np.uintp(7 * HIDDEN)]
            )
            s2 = (x8 * weights[k + np.uintp(8 * HIDDEN)] + x9 * weights[k + np.uintp(9 * HIDDEN)]) + (
                x10 * weights[k + np.uintp(10 * HIDDEN)] + x11 * weights[k + np.uintp(11 * HIDDEN)]
            )
            s3 = (x12 * weights[k + np.uintp(12 * HIDDEN)] + x13 * weights[k + np.uintp(13 * HIDDEN)]) + (
                x14 * weights[k + np.uintp(14 * HIDDEN)] + x15 * weights[k + np.uintp(15 * HIDDEN)]
            )
            y[j] += (s0 + s1) + (s2 + s3)


def no_net() -> GridNet:
    """Make what stands for no network."""
    return _assemble(OFF)


def recorder(cells: int, decisions: int) -> GridNet:
    """Make what writes down features (`cells`) and outputs (`nodes`, -1 where there is none) instead of computing."""
    record_cells, record_nodes = np.zeros((cells, FEATURES), np.uint8), np.full(decisions, -1, np.int16)
    return _assemble(RECORD, cells=record_cells, nodes=record_nodes)


def network(arrays: tuple[np.ndarray, ...], hidden: np.ndarray | None = None) -> GridNet:
    """Make a network from its integers.

    Parameters
    ----------
    arrays : tuple
        Weights (FEATURES, HIDDEN), (HIDDEN, HIDDEN), (OUTPUTS, HIDDEN), each followed by its biases; any integer type.
    hidden : (N, HIDDEN) uint8, optional
        Second hidden layer of every cell of the grid, where another backend has computed it.
    """
    first, first_bias, second, second_bias, out, out_bias = arrays
    layers = [np.asarray(each, np.float32).ravel() for each in (first, first_bias, second, second_bias)]
    scale = np.array([2.0**-FIRST_SHIFT, 2.0**-SECOND_SHIFT], np.float32)
    weights = [*layers, scale, out.astype(np.int16).ravel(), out_bias.astype(np.int32)]
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
        weights = [np.zeros(size, np.float32) for size in (FEATURES * HIDDEN, HIDDEN, HIDDEN * HIDDEN, HIDDEN, 2)]
        weights += [np.zeros(OUTPUTS * HIDDEN, np.int16), np.zeros(OUTPUTS, np.int32)]
    cells = np.zeros((0, 0), np.uint8) if cells is None else cells
    nodes = np.zeros(0, np.int16) if nodes is None else nodes
    scratch = [_on_cache_lines(np.zeros(max(FEATURES, HIDDEN), np.float32)) for _ in range(2)]
    return GridNet(mode, *weights, *scratch, np.zeros(32, np.int32), np.zeros(HIDDEN, np.int16), cells, nodes)
