"""Which cells hold points, and how many (docs/format/octree.md, Cells, Counts)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.bytestream import demand
from second_reader.counters import Counters, integer
from second_reader.survey.decisions import Model

Cell = tuple[int, int, int]
_AROUND = [(k // 9 - 1, k // 3 % 3 - 1, k % 3 - 1) for k in range(27)]
_BEFORE = [(-((k + 1) >> 2), -((k + 1) >> 1 & 1), -((k + 1) & 1)) for k in range(7)]
_FACES = ((-1, 0, 0), (0, -1, 0), (0, 0, -1))


def _plus(cell: Cell, step: Cell) -> Cell:
    return cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]


def cells_of(stream: Stream, levels: int, most: int) -> list[Cell]:
    """The cells that hold points, in the order of the tree."""
    model = Model(stream, 6, 4096)
    nodes, parents, said = [(0, 0, 0)], [0], [0] * 8
    for level in range(levels):
        masks = _level(model, nodes, parents, level, said)
        pairs = [(node, child, mask) for node, mask in zip(nodes, masks, strict=True) for child in range(8)]
        pairs = [each for each in pairs if each[2] >> each[1] & 1]
        nodes = [(2 * x + (c >> 2), 2 * y + (c >> 1 & 1), 2 * z + (c & 1)) for (x, y, z), c, _ in pairs]
        parents = [mask for _, _, mask in pairs]
        demand(len(nodes) <= most, "more cells than points")
    return nodes


def _level(model: Model, nodes: list[Cell], parents: list[int], level: int, said: list[int]) -> list[int]:
    """What each node of a level says of its children; `said` is what the node before said of its own."""
    place = {node: i for i, node in enumerate(nodes)}
    masks: list[int] = []
    for i, node in enumerate(nodes):
        around = sum(_plus(node, step) in place for step in _AROUND) - 1
        states: dict[Cell, int] = {}

        def state(cell: Cell, i: int = i, states: dict[Cell, int] = states) -> int:
            """0 empty, 1 full, 2 not known yet: of a cell of the next level."""
            if cell not in states:
                j = place.get((cell[0] >> 1, cell[1] >> 1, cell[2] >> 1), -1)
                child = (cell[0] & 1) * 4 + (cell[1] & 1) * 2 + (cell[2] & 1)
                states[cell] = 0 if j < 0 else said[child] if j == i else masks[j] >> child & 1 if j < i else 2
            return states[cell]

        same_as = [place.get(_plus(node, face), -1) for face in _FACES]
        known = full = 0
        for child in range(8):
            here = (2 * node[0] + (child >> 2), 2 * node[1] + (child >> 1 & 1), 2 * node[2] + (child & 1))
            before = 0
            for step in _BEFORE:
                before = 2 * before + (state(_plus(here, step)) & 1)
            ahead = sum((state(_plus(here, s)) > 0) << k for k, s in enumerate(((0, 0, 1), (0, 1, 0), (1, 0, 0))))
            all_states = [state(_plus(here, step)) for step in _AROUND]
            sure, unsure = sum(s & 1 for s in all_states), sum(s >> 1 for s in all_states)
            same = 0
            for j in same_as:
                same = 3 * same + (0 if j < 0 else 1 + (masks[j] >> child & 1))
            siblings, found = min(full, 3), 1
            if child < 7 or full:
                rows = model.rows(
                    before * 8 + ahead,
                    (sure * 27 + unsure) * 4 + min(around, 3),
                    (known * 27 + same) * 4 + min(around >> 1, 3),
                    parents[i] * 256 + known,
                    (level * 32 + around) * 8 + ahead,
                    (same * 128 + before) * 8 + ahead,
                )
                found = model.decide(rows, min(around, 7) * 4 + siblings, 4 * child + siblings)
            states[here] = said[child] = found
            known |= found << child
            full += found
        masks.append(known)
    return masks


def counts_of(stream: Stream, cells: list[Cell]) -> list[int]:
    """How many points each holds."""
    counters, counts, before = Counters(), {}, 1
    for cell in cells:
        beside = max([1, *(counts.get(_plus(cell, face), 1) for face in _FACES)])
        before = 1 + integer(stream, counters, min(before, 8) * 8 + min(beside, 8) - 9, 250)
        counts[cell] = before
    return [counts[cell] for cell in cells]
