"""Where the bits go: the streams of compressed files as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.pictures.canvas import SMALL, label, new_figure, to_png

COLOURS = {
    "range": "#35618f",
    "intensity": "#d9a441",
    "flags": "#5b8c5a",
    "poses": "#8667a4",
    "azimuths": "#4ba3a8",
    "firings": "#4ba3a8",
    "corrections": "#c1432e",
    "calibration": "#6b5b4b",
    "axes": "#35618f",
    "colour": "#b0687f",
    "time": "#8667a4",
    "returns": "#5b8c5a",
    "class": "#c1432e",
}
"""Of the streams that have a name in more than one picture; others take what is left of `SPARE`, in turn."""
SPARE = ("#35618f", "#d9a441", "#5b8c5a", "#8667a4", "#b0687f", "#6b5b4b")
REST = "#c8c8c8"
LEAST = 0.008
"""Streams below this share of every file are drawn together."""


def bits_by_stream(paths: Sequence[str | Path], names: Sequence[str] | None = None) -> bytes:
    """Draw bits a point by stream, one bar a file; files of one codec share a panel.

    Parameters
    ----------
    paths : sequence of path
        `.lizip` files.
    names : sequence of str, optional
        What the bars are called; the names of the files when not given.

    Returns
    -------
    bytes
        PNG.
    """
    import lizip

    names = names or [Path(path).name.removesuffix(".lizip") for path in paths]
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for path, name in zip(paths, names, strict=True):
        info = lizip.info(path)
        groups.setdefault(info["codec"], {})[name] = bits_of(info)
    heights = [1.5 + 0.3 * len(group) for group in groups.values()]
    figure, axes = new_figure(len(groups), 1, 9.0, sum(heights), height_ratios=heights)
    for axis, (codec, tables) in zip(axes[:, 0], groups.items(), strict=True):
        _bars(axis, tables)
        label(axis, f"codec {codec}", "", "")
    axes[-1, 0].set_xlabel("bits a point", fontsize=10)
    return to_png(figure)


def _bars(axis: Any, tables: dict[str, dict[str, float]]) -> None:
    """Draw one bar for each table of bits by stream, the largest streams first."""
    streams = sorted(
        {name for table in tables.values() for name in table},
        key=lambda name: -sum(table.get(name, 0) for table in tables.values()),
    )
    large = [
        name
        for name in streams
        if any(table.get(name, 0) > LEAST * sum(table.values()) for table in tables.values()) and name != "container"
    ]
    bars = [(name, [table.get(name, 0.0) for table in tables.values()]) for name in large]
    spare = iter(SPARE * len(large))
    colours = [COLOURS.get(name) or next(spare) for name in large]
    rest = [sum(bits for name, bits in table.items() if name not in large) for table in tables.values()]
    start = [0.0] * len(tables)
    for (name, widths), colour in zip([*bars, ("everything else", rest)], [*colours, REST], strict=True):
        axis.barh(list(tables), widths, left=start, label=name, color=colour, height=0.65)
        start = [left + width for left, width in zip(start, widths, strict=True)]
    for place, total in enumerate(start):
        axis.text(total, place, f" {total:.1f}", va="center", fontsize=SMALL)
    middle, half = (len(tables) - 1) / 2, max(len(tables), 2) / 2
    axis.set_ylim(middle + half, middle - half)
    axis.margins(x=0.08)
    axis.legend(fontsize=SMALL, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def bits_of(info: dict) -> dict[str, float]:
    """Bits a point by stream from what `lizip.info` says, with what belongs to no stream as "container"."""
    points = max(info["points"], 1)
    streams = {name: 8.0 * size / points for name, size in info.get("streams", {}).items()}
    left = 8.0 * info["compressed_bytes"] / points - sum(streams.values())
    return streams | ({"container": left} if left > 0 else {})
