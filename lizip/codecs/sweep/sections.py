"""The sections of a sweep's file: words and stages, the grids, and which sweep or background these follow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from lizip.codecs import Options
from lizip.container import AROUND, FOLLOWS, Container, Section
from lizip.container import CODEC as FIRST_KIND
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varints
from lizip.sensor.model import pack_about

if TYPE_CHECKING:
    from lizip.codecs.sweep.background import Background
    from lizip.codecs.sweep.decoded import DecodedGrid
    from lizip.codecs.sweep.grid import GridStream
    from lizip.codecs.sweep.past import GridPast, Past
    from lizip.sensor.model import Grid, Said, Solution

HEADER, GRID, LEADS = range(FIRST_KIND, FIRST_KIND + 3)
"""Section kinds: words and stages of all parts; a grid, one section a part; empty: what follows leads others, too."""

GRID_STREAMS = ("flags", "range", "intensity")


class Around(NamedTuple):
    """What stands around a sensor, for a key frame that may carry it.

    Attributes
    ----------
    background : Background
    usual : GridPast
        What the key frame before left: if that had no background, how well sweeps follow it tells whether one pays.
    lasts : int
        Sweeps that would share it.
    """

    background: Background
    usual: GridPast
    lasts: int


def most_cells(count: int) -> int:
    """Most cells of a grid for so many points: a stream cannot ask for more memory and time than this."""
    return 64 * count + (1 << 16)


def lay_out(solution: Solution, options: Options) -> list[Section]:
    """Lay out a solved sweep."""
    from lizip.codecs.sweep.weights import DEFAULT_NET

    net = None if options.level == "fast" else options.model or DEFAULT_NET
    key = options.past
    around, stream = _with_background(solution, net, options)
    past = key.grids if key and len(key.grids) == len(solution.grids) else ()
    coded = [stream] if stream else [_code(*pair, net, options) for pair in zip_longest(solution.grids, past)]
    head = pack_about(solution.about) + pack_bytes((net or "").encode()) + pack_varints([len(coded)])
    for grid, each in zip(solution.grids, coded, strict=True):
        head += pack_varints([*grid.ranges.shape, *(round(each.bits[name] / 8) for name in GRID_STREAMS)])
    follows = [Section(FOLLOWS, key.digest)] if key and past and any(each.follows for each in coded) else []
    head += solution.model.pack(key.said if key and follows else ())
    follows += [Section(LEADS, b"")] if follows and options.leads else []
    return [Section(HEADER, head), *around, *(Section(GRID, each.data) for each in coded), *follows]


def _with_background(solution: Solution, net: str | None, options: Options) -> tuple[list[Section], GridStream | None]:
    """The section of what stands around, and the grid that follows it; nothing where it does not pay."""
    if options.around is None or net is None or len(solution.grids) > 1:
        return [], None
    (grid,), around = solution.grids, options.around
    said, stream = around.background.pack(), _code(grid, around.background.past(), net, options)
    if around.usual.stands:  # what adapts begins anew with either
        pays = len(stream.data) < len(_code(grid, None, net, options).data)
    else:
        usual = _code(grid, around.usual, net, options)
        pays = usual.follows and around.lasts * (len(usual.data) - len(stream.data)) > len(said)
    return ([Section(AROUND, said)], stream) if stream.follows and pays else ([], None)


def _code(grid: Grid, before: GridPast | None, net: str | None, options: Options) -> GridStream:
    from lizip.codecs.sweep.grid import encode_grid, near_ticks

    how: dict[str, Any] = {"everywhere": grid.everywhere, "near": near_ticks(grid.tick), "halves": grid.halves}
    how |= {"net": net, "backend": options.backend, "before": before, "leads": options.past is not None}
    return encode_grid(grid.ranges, grid.intensity, **how, fast=options.level == "fast")


def leads(container: Container) -> bool:
    """Whether other sweeps may follow this one: it follows none, or says so."""
    return not container.entries(FOLLOWS) or bool(container.entries(LEADS))


def followed(container: Container, past: Past | None, grids: int, count: int) -> Sequence[GridPast]:
    """What the first grids of a file of `count` points follow; raises CorruptError."""
    if not container.entries(AROUND):
        return past.grids[:grids] if past else ()
    from lizip.codecs.sweep.background import Background
    from lizip.codecs.sweep.grid import MAX_CELLS

    return (Background.unpack(container.section(AROUND), min(most_cells(count), MAX_CELLS)).past(),)


def what_is_left(container: Container, decoded: Sequence[DecodedGrid], said: tuple[Said, ...]) -> Past | None:
    """What a file that was decoded after another one, or after none, leaves to the next."""
    from lizip.codecs.sweep.past import Past

    latest = decoded[0].seen() if len(decoded) == 1 and not decoded[0].fast else None
    if not leads(container):
        return None if container.past is None else container.past._replace(latest=latest)
    pasts = [each.past() for each in decoded]
    found = [each for each in pasts if each is not None]
    if len(found) < len(pasts):
        return Past(container.header.digest, latest=latest)
    return Past(container.header.digest, tuple(found), said, latest)


def unpack_shapes(unpacker: Unpacker) -> tuple[str, list[list[int]]]:
    """For `describe`: the predictor; firings, rings and bytes of `GRID_STREAMS` of each part. Raises CorruptError."""
    net, parts = unpacker.bytes().decode("utf-8", "replace"), unpacker.varint()
    if not 0 < parts <= unpacker.remaining:
        raise CorruptError("impossible number of parts in a sweep")
    return net, [[unpacker.varint() for _ in range(2 + len(GRID_STREAMS))] for _ in range(parts)]
