"""What is remembered of each ring of a grid (docs/format/grid.md, Histories)."""

from __future__ import annotations

OCTAVES = [((x + 1) ** 4).bit_length() - 1 for x in range(4096)]
BLEND = [float((1 << 38) // max(1, (4 * e + 1) ** 3 >> 6)) for e in range(4096)]
CANDIDATES = 9


def quarter_octave(x: int) -> int:
    """About 4 log2(x + 1)."""
    return OCTAVES[max(x, 0)] if x < 4096 else OCTAVES[min(x >> 6, 4094)] + 24


def token(difference: int) -> int:
    """Sign and half octave of a difference, 0 to 47."""
    if difference >= 0:
        return 24 + min(quarter_octave(difference) >> 1, 23)
    return 23 - min(quarter_octave(-difference - 1) >> 1, 23)


class Ring:
    """One ring: ranges held, ranges before, flags, errors, intensities without and with a return."""

    def __init__(self, bits: int):
        dim = min(8, (1 << min(bits, 8)) - 1)
        self.held = [3000] * 5
        self.past = [3000] * 3
        self.flags = 0
        self.fast = self.slow = 200
        self.errors = [200] * CANDIDATES
        self.first, self.second, self.third = [dim, dim], [dim, dim], [dim, dim]
        self.level_errors, self.spread = [[64] * 4, [64] * 4], [1024, 1024]
        self.last_error = 0
        self.change, self.off, self.before = 0, [0, 0, 0], 0

    def learn(self, guesses: list[int], value: int, error: int) -> None:
        """Take a range in."""
        errors = self.errors
        for i in range(CANDIDATES):
            errors[i] += ((min(abs(value - guesses[i]), 600) << 3) - errors[i]) >> 3
        self.last_error = error
        miss = min(abs(error), 2000) << 3
        self.fast += (miss - self.fast) >> 2
        self.slow += (miss - self.slow) >> 5
        self.held = [value, *self.held[:4]]
