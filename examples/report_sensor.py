"""What lizip finds out about your own sensor, from a few of its sweeps.

    python examples/report_sensor.py SWEEP...

A sweep whose sensor was found takes much less than the same columns without a model (codec `floats`); of its points
nearly none are exceptions. Where that is not so, CONTRIBUTING.md says how a sensor is added. `lizip report SWEEP` draws
the same as a page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import lizip

FEW = 0.01
"""Share of points outside of the model up to which a sensor counts as found."""


def main(paths: list[Path]) -> None:
    """Report on each file."""
    for path in paths:
        data = path.read_bytes()
        packed = lizip.compress(data)
        print(f"{path}: {verdict(lizip.info(packed))}")
        for line in lines_of(lizip.info(packed), len(lizip.compress(data, codec="floats"))):
            print(f"    {line}")


def verdict(info: dict[str, Any]) -> str:
    """In a sentence."""
    if info["codec"] != "sweep":
        return f"no sensor was found; its columns went to the codec {info['codec']}"
    outside = info.get("exceptions", 0) / max(info["points"], 1)
    known = f"{info['sensor']}, {info['rings']} rings, {info['firings']} firings"
    return known if outside <= FEW else f"{known}, but {100 * outside:.1f} % of the points are outside of its model"


def lines_of(info: dict[str, Any], without: int) -> list[str]:
    """Sizes, what was fitted, and the streams by size."""
    points, size = max(info["points"], 1), info["compressed_bytes"]
    lines = [f"{8 * size / points:.2f} bits a point; {8 * without / points:.2f} without a model of the sensor"]
    found = {name: info[name] for name in ("tick, um", "columns of a turn", "exceptions", "corrected") if name in info}
    lines += [", ".join(f"{name}: {value}" for name, value in found.items())] if found else []
    streams = sorted(info.get("streams", {}).items(), key=lambda each: -each[1])
    return lines + [f"{8 * each / points:6.2f} bits a point: {name}" for name, each in streams if each]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(path) for path in sys.argv[1:]])
