"""Random numbers that stay the same from one numpy to the next: PCG64 and nothing but its uniform doubles."""

from __future__ import annotations

import numpy as np


class Draws:
    """A seeded source of random numbers.

    Only `Generator.random` is used: its bits follow from PCG64 alone, while numpy may change how it makes its other
    distributions.

    Parameters
    ----------
    seed : int
        Whole number that decides everything.
    stream : str
        Name of what the numbers are for, so that one more draw in one place does not shift those of another.
    """

    def __init__(self, seed: int, stream: str):
        entropy = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, *stream.encode()]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))

    def uniform(self, low: float = 0.0, high: float = 1.0, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """Doubles in [low, high)."""
        return low + (high - low) * self._generator.random(size)

    def normal(self, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """About normal, mean 0, standard deviation 1, never beyond 3.5: four uniform numbers added (no logarithm)."""
        shape = (size,) if isinstance(size, int) else size
        return (self._generator.random((4, *shape)).sum(axis=0) - 2.0) * np.sqrt(3.0)

    def integers(self, low: int, high: int, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """Whole numbers in [low, high)."""
        return low + np.floor(self._generator.random(size) * (high - low)).astype(np.int64)

    def chance(self, probability: float | np.ndarray, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """True with the given probability."""
        return self._generator.random(size) < probability
