"""Sweeps of one sensor, one after the other: each is said by what it has of its own.

    ahead, behind = lizip.Sequence(), lizip.Sequence()
    for sweep in drive:
        packed = lizip.compress(sweep, sequence=ahead)
        assert lizip.decompress(packed, sequence=behind) == sweep

Packs do this by themselves. A sweep that nothing before it helps to say (the first, one of another sensor) stands
alone, and so does every `every`th: a key frame, which those after it follow, each of them on its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lizip.sensor.state import SensorState

if TYPE_CHECKING:
    from lizip.codecs import Options
    from lizip.codecs.sweep.past import Past
    from lizip.codecs.sweep.sections import Around
    from lizip.codecs.sweep.standing import Standing


EVERY, LASTING = 10, (100, 400)
"""A key frame comes so often where nothing else is asked, and the sensor does not stand; and the sweeps that share the
first background where it does, and each after it."""

MOST = 1000
"""A key frame comes at least so often."""

MOST_SEEDS = 32
"""Most sweeps that must be decoded before another one."""


class Sequence:
    """What the last key frame leaves to the next sweep: one for compressing them, in order, another for decompressing.

    Parameters
    ----------
    every : int, optional
        A key frame, which stands alone, comes so often; 1: each sweep is one. Where nothing is said, after ten, and
        where the sensor turns out to stand after some hundreds: such a key frame carries what stands around it, as the
        sweeps before have seen it.
    seeds : int
        With the key frame so many sweeps, each of which follows those before, are what the others follow. Where a
        sensor stands, they know the scene better than one does; to decode one of the others takes them all.

    Attributes
    ----------
    past : Past
        What the last key frame left; empty before the first.

    Examples
    --------
    >>> import lizip
    >>> ahead, behind = lizip.Sequence(), lizip.Sequence()
    >>> packed = [lizip.compress(sweep, sequence=ahead) for sweep in (b"the first", b"the second")]
    >>> [lizip.decompress(each, sequence=behind) for each in packed]
    [b'the first', b'the second']
    >>> ahead.restart()  # the next one stands alone
    """

    def __init__(self, every: int | None = None, seeds: int = 1):
        if every is not None and not 1 <= every <= MOST:
            raise ValueError(f"a key frame every {every} sweeps: give a number from 1 to {MOST}")
        if not 1 <= seeds <= MOST_SEEDS:
            raise ValueError(f"{seeds} sweeps that others follow: give a number from 1 to {MOST_SEEDS}")
        self.every, self.seeds = every, seeds
        self.restart()

    def restart(self) -> None:
        """Forget everything: the next sweep stands alone."""
        self._since = 0
        self._state = SensorState()
        self._standing: Standing | None = None
        self._lasts = 0
        self.past = nothing()

    def options(self, options: Options) -> Options:
        """Options for the next sweep; until `leave` tells of its end it is taken for a failure."""
        if self.every == 1:
            return options
        before, self.past = self.past, nothing()
        around = None
        stands = any(each.stands for each in before.grids)
        if stands and self._since % EVERY == 0 and not self._still_stands(before):
            self.restart()
            before = self.past
        elif self._since >= (self.every or (self._lasts if stands else EVERY)):
            self._lasts = LASTING[stands]
            around = self._around(before)
            before, self._since = nothing(), 0
            if self.every is not None:
                self.restart()
        leads = self._since < self.seeds
        return replace(options, state=options.state or self._state, past=before, leads=leads, around=around)

    def leave(self, left: Past | None) -> None:
        """Take over what a sweep left, a follower what its key frame did; None if it was none."""
        self._since = self._since + 1 if left is not None else 0
        self.past = left or nothing()
        if self.every is None and self.seeds == 1:
            from lizip.codecs.sweep.standing import MOST as MOST_KEPT
            from lizip.codecs.sweep.standing import Standing

            if self._standing is None:
                self._standing = Standing()
            elif self._since == 1 and any(each.stands for each in self.past.grids):
                self._standing = Standing(self._lasts // MOST_KEPT)
            self._standing.see(self.past.latest)

    @staticmethod
    def _still_stands(before: Past) -> bool:
        """Whether the last sweep saw what the background makes expect; otherwise all begins anew."""
        from lizip.codecs.sweep.standing import still_stands

        return before.latest is not None and still_stands(before.grids[0].prior, before.latest)

    def _around(self, before: Past) -> Around | None:
        """What the next key frame may carry."""
        from lizip.codecs.sweep.sections import Around

        background = self._standing.background() if self._standing and len(before.grids) == 1 else None
        return Around(background, before.grids[0], self._lasts) if background else None


def nothing() -> Past:
    """What there is before the first sweep."""
    from lizip.codecs.sweep.past import Past

    return Past()
