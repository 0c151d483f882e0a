"""Numbers of points as steps of a colour map: the same for the page and for pictures."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

STEPS = 254
"""Steps above the least; a code is 1 + step, 0 says that there is no number."""

_MAPS = {
    "range": ("#30123b", "#4662d7", "#36aaf9", "#1ae4b6", "#72fe5e", "#c8ef34", "#faba39", "#f66b19", "#ca2a04"),
    "height": ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"),
    "intensity": ("#1b1038", "#451077", "#721f81", "#9f2f7f", "#cd4071", "#f1605d", "#fd9567", "#fec98d", "#fcfdbf"),
    "bits": ("#12304f", "#17527a", "#2277a0", "#4a9bb3", "#8dbbae", "#d8cf8e", "#f0b35c", "#ec7f3c", "#d8402b"),
    "error": ("#33415c", "#4d6080", "#6f86a8", "#a3a9bd", "#d9c7a7", "#f2b66d", "#f0883e", "#e2502f", "#c2182b"),
}
_MAPS["change"] = _MAPS["error"]

WORDS = {
    "range": ("Range", "m", "distance from the sensor"),
    "height": ("Height", "m", "the third coordinate"),
    "intensity": ("Intensity", "", "as stored"),
    "bits": ("Bits spent", "bits", "what each point took in the compressed file"),
    "error": ("Model error", "m", "how far the sensor model's point was off before it was corrected"),
    "change": ("Change", "m", "how far the point came back from the original"),
}
"""Name, unit and meaning of what colours points."""


class Channel(NamedTuple):
    """A number of each point as codes (N,) uint8, and their scale."""

    key: str
    codes: np.ndarray
    low: float
    high: float
    logarithmic: bool

    def described(self, metre: str = "m") -> dict[str, Any]:
        """For the page: all but the codes; `metre` is what lengths count in."""
        name, unit, meaning = WORDS[self.key]
        unit = metre if unit == "m" else unit
        scale = {"low": self.low, "high": self.high, "logarithmic": self.logarithmic}
        return {"key": self.key, "name": name, "unit": unit, "meaning": meaning, **scale, "map": _MAPS[self.key]}

    def colours(self) -> np.ndarray:
        """(N, 3) uint8; grey where there is no number."""
        colours: np.ndarray = table_of(self.key)[self.codes]
        return colours


def table_of(key: str) -> np.ndarray:
    """Colours (256, 3) uint8 of all codes."""
    stops = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in _MAPS[key]], float)
    places = np.linspace(0, len(stops) - 1, STEPS + 1)
    colours = np.stack([np.interp(places, np.arange(len(stops)), stops[:, k]) for k in range(3)], axis=1)
    table: np.ndarray = np.rint(np.concatenate([[[88, 92, 104]], colours])).astype(np.uint8)
    return table


def channel_of(key: str, values: np.ndarray) -> Channel:
    """Steps of numbers (N,) between what nearly all of them lie between; model errors by their logarithm, 0 apart."""
    there = values[np.isfinite(values)]
    if key == "error":
        return _by_logarithm(key, values, there)
    low, high = np.percentile(there, (0.5, 100 if key == "change" else 99)) if len(there) else (0.0, 1.0)
    low = 0.0 if key in ("bits", "change") or 0 < low < 0.2 * high else float(low)
    high = float(max(high, low + 1e-9))
    with np.errstate(invalid="ignore"):
        steps = np.clip((values - low) / (high - low), 0, 1) * STEPS
    codes = np.where(np.isfinite(values), 1 + np.nan_to_num(steps), 0).astype(np.uint8)
    return Channel(key, codes, low, high, False)


def _by_logarithm(key: str, values: np.ndarray, there: np.ndarray) -> Channel:
    positive = there[there > 0]
    low, high = np.percentile(positive, (1, 100)) if len(positive) else (1e-6, 1e-3)
    low = min(low, high / 10)
    with np.errstate(all="ignore"):
        steps = np.clip(np.log(values / low) / np.log(high / low), 0, 1) * (STEPS - 1)
    codes = np.where(values > 0, 2 + np.nan_to_num(steps), 1)
    return Channel(key, np.where(np.isfinite(values), codes, 0).astype(np.uint8), float(low), float(high), True)
