"""Pictures of the results: sizes as bars, speed against size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.datasets import CURIOUS, SETS
from benchmarks.measure import Measurement
from benchmarks.report import TITLES, summaries
from lizip.bench import PUBLISHED, RIVALS

OURS, LOSSLESS, LOSSY, PAPER = "#c1432e", "#35618f", "#9bb4cc", "#d9c27a"


def colour(rival: str) -> str:
    """lizip red, lossless rivals blue, the others pale."""
    return OURS if rival.startswith("lizip") else LOSSY if RIVALS[rival].loses else LOSSLESS


def draw(rows: Sequence[Measurement], folder: Path) -> list[Path]:
    """Write sizes.png and speeds.png; return their paths."""
    from matplotlib import use

    use("Agg")
    names = [name for name in SETS if name not in CURIOUS and any(row.set == name for row in rows)]
    return [_sizes(rows, names, folder / "sizes.png"), _speeds(rows, names, folder / "speeds.png")]


def _grid(names: Sequence[str], height: float):
    from matplotlib import pyplot

    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure, axes = pyplot.subplots(lines, columns, figsize=(4.6 * columns, height * lines), squeeze=False)
    for unused in axes.flat[len(names) :]:
        unused.set_visible(False)
    return figure, list(axes.flat[: len(names)])


def _sizes(rows: Sequence[Measurement], names: Sequence[str], path: Path) -> Path:
    figure, axes = _grid(names, 3.2)
    for axis, name in zip(axes, names, strict=True):
        bars = [(rival, each.mean, colour(rival)) for rival, each in summaries(rows, name).items() if each.good]
        if name in PUBLISHED:
            bars.append(("LiZIP paper, xyz", PUBLISHED[name], PAPER))
        bars.reverse()
        axis.barh([bar[0] for bar in bars], [bar[1] for bar in bars], color=[bar[2] for bar in bars])
        for place, (_, value, _) in enumerate(bars):
            axis.text(value, place, f" {value:.1f}", va="center", fontsize=7)
        axis.set_title(TITLES.get(name, name), fontsize=10)
        axis.tick_params(labelsize=7)
        axis.margins(x=0.15)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle("bits a point; red: lizip, blue: lossless, pale: loses something")
    return _save(figure, path)


def _speeds(rows: Sequence[Measurement], names: Sequence[str], path: Path) -> Path:
    figure, axes = _grid(names, 3.4)
    for axis, name in zip(axes, names, strict=True):
        for rival, each in summaries(rows, name).items():
            if not each.good:
                continue
            for way, marker in (("encode", "o"), ("decode", "^")):
                axis.plot(each.speed(way), each.mean, marker, color=colour(rival), markersize=5)
            slow = min(each.speed("encode"), each.speed("decode"))
            fast = max(each.speed("encode"), each.speed("decode"))
            axis.plot([slow, fast], [each.mean] * 2, "-", color=colour(rival), linewidth=0.7)
            axis.annotate(rival, (slow, each.mean), fontsize=6, xytext=(2, 3), textcoords="offset points")
        axis.set_xscale("log")
        axis.set_title(TITLES.get(name, name), fontsize=10)
        axis.set_xlabel("million points a second, one core", fontsize=7)
        axis.set_ylabel("bits a point", fontsize=7)
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    figure.suptitle("circle: encode, triangle: decode; lower and further right is better")
    return _save(figure, path)


def _save(figure, path: Path) -> Path:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    return path
