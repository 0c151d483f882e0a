"""A grid cell by cell: flag, range, intensity (docs/format/grid.md, Cells)."""

from __future__ import annotations

import numpy as np

from second_reader.ans import Stream
from second_reader.counters import Counters, bit
from second_reader.grid import prior
from second_reader.grid.levels import Levels
from second_reader.grid.network import FLAG, Network
from second_reader.grid.ranges import Ranges, centre_of, guesses_of
from second_reader.grid.rings import Ring, quarter_octave, token
from second_reader.mixer import Weights, mixed


class Cells:
    """All that adapts over a grid coded by decisions."""

    def __init__(self, rings: int, near: int, bits: int, everywhere: int, shares: list[int], network: Network | None):
        self.rings = [Ring(bits) for _ in range(rings + 2)]
        self.near, self.everywhere, self.network = near, everywhere, network
        self.levels = Levels(shares, bits) if bits else None
        self.ranges = Ranges(network is not None)
        self.flags, self.quiet = Counters(), Counters()
        blend = [0.4 / 6] * 6 + [0.4] if network else [0.75 / 6] * 6 + [0.0]
        self.by_flags, self.by_ring = Weights(blend), Weights(blend)
        self.prior: prior.Facts | None = None

    def follow(self, facts: prior.Facts, network: Network | None) -> None:
        """Go on with another grid."""
        first, bits = self.prior is None, self.levels.bits if self.levels else 0
        self.rings, self.prior, self.network = [Ring(bits) for _ in self.rings], facts, network
        if not first:
            return
        for weights in (self.by_flags, self.by_ring, self.ranges.by_node, self.ranges.by_class):
            weights.widen(lambda each: each.insert(6, prior.SHARE))
        for weights in (self.levels.by_node, self.levels.by_level, self.levels.by_close) if self.levels else ():
            weights.widen(lambda each: each.__setitem__(slice(5, 6), [prior.SHARE] * 2))

    def decode(self, data: bytes, ranges: np.ndarray, intensity: np.ndarray, first: int, last: int) -> None:
        """A segment of rows."""
        stream = Stream(data)
        for row in range(first, last):
            for r in range(ranges.shape[1]):
                ranges[row, r], level = self._cell(stream, row, r)
                if self.levels:
                    intensity[row, r] = level
        stream.end()

    def _cell(self, stream: Stream, row: int, r: int) -> tuple[int, int]:
        rings, own = self.rings, self.rings[r + 1]
        guesses = guesses_of(rings, r)
        facts = self.prior[row][r] if self.prior else None
        quiet = self._is_quiet(r) and (facts is None or facts[prior.SEEN] <= 0)
        asks = self.network is not None and not quiet
        centre, given = None, 0
        if asks:
            centre = self._centre(r, guesses, facts)
            self.network.think(rings, r, guesses, centre)
            given = self.network.opinion(FLAG)
        flag = self._flag(stream, row, r, guesses[0], quiet, given)
        value = level = 0
        if flag:
            centre = self._centre(r, guesses, facts) if centre is None else centre
            opinion = self.network.opinion if asks else lambda node: 0
            more = prior.range_context(facts, centre) if facts else None
            value = self.ranges.code(stream, rings, r, guesses, centre, opinion, more)
            if facts:
                prior.learn(own, guesses, facts, value)
        own.past = [guesses[0], *own.past[:2]]
        if self.levels and (flag or self.everywhere):
            bits = self.levels.bits
            beside = (lambda fine: prior.level_contexts(facts, value, bits, fine)) if facts else None
            level = self.levels.code(stream, rings, r, flag, guesses, beside)
        return value, level

    def _centre(self, r: int, guesses: list[int], facts: list[int] | None) -> int:
        if facts is None or facts[prior.RANGE] <= 0:
            return centre_of(self.rings, r, guesses, self.near)
        prior.add_guesses(self.rings[r + 1], guesses, facts)
        return prior.centre_of(self.rings[r + 1], self.rings[r], guesses, self.near, facts)

    def _is_quiet(self, r: int) -> bool:
        rings, count = self.rings, len(self.rings) - 2
        up = rings[r].flags & 7 if r > 0 else 0
        down = rings[r + 2].flags & 3 if r < count - 1 else 0
        return not (rings[r + 1].flags & 255 or up or down)

    def _flag(self, stream: Stream, row: int, r: int, held: int, quiet: bool, given: int) -> int:
        rings, own, count = self.rings, self.rings[r + 1], len(self.rings) - 2
        past = own.flags
        up = rings[r].flags & 7 if r > 0 else past & 7
        up2 = rings[r - 1].flags & 3 if r > 1 else up & 3
        down = rings[r + 2].flags & 3 if r < count - 1 else past & 3
        down2 = rings[r + 3].flags & 1 if r < count - 2 else down & 1
        if quiet:
            flag = bit(stream, self.quiet, r * 4 + (up2 & 1) * 2 + down2, 250)
        else:
            run, rest = 0, past ^ (-(past & 1))
            while run < 15 and rest & 1 == 0:
                run, rest = run + 1, rest >> 1
            above = rings[r].held[0] if r > 0 else held
            narrow = (up & 1) * 4 + (down & 1) * 2 + (up2 & 1)
            short = (past & 7) * 8 + (up & 3) * 2 + (down & 1)
            lit = min(quarter_octave(own.first[1]) >> 1, 15)
            sure = min(quarter_octave(own.fast >> 3) >> 1, 15)
            contexts = (
                (past & 15) | up << 4 | down << 7 | (up2 & 1) << 9 | down2 << 10,
                r * 64 + short,
                min(quarter_octave(held >> 4) >> 1, 31) * 64 + (past & 3) * 8 + narrow,
                lit * 256 + sure * 16 + (past & 3) * 4 + (up & 1) * 2 + (down & 1),
                (run * 2 + (past & 1)) * 64 + (up & 3) * 16 + token(above - held) // 3,
                r * 32 + (past & 31),
            )
            places = [k << 20 | context for k, context in enumerate(contexts)]
            sets = self.by_flags[short], self.by_ring[r]
            if self.prior:
                places.append(6 << 20 | prior.flag_context(self.prior[row][r], past, up, down))
            flag = mixed(stream, self.flags, places, sets, 250, 15, given)
        own.flags = (past << 1 | flag) & 0xFFFF
        return flag
