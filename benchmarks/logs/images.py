"""Range images, beside JPEG XL, JPEG-LS and PNG, all lossless: ranges and intensities as two images of 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import lizip
from benchmarks.logs.grids import grids

FILES = {"ouster": ("ouster/*.bin", 4), "kitti": ("kitti/full*.bin", 4), "nuscenes": ("nuscenes/*_[abc].bin", 5)}
"""Sweeps whose sensors' grids are the images."""


def _rivals() -> dict[str, Callable[[np.ndarray], bytes]]:
    import imagecodecs

    return {
        "PNG": lambda plane: imagecodecs.png_encode(plane, level=9),
        "JPEG-LS": imagecodecs.jpegls_encode,
        "JPEG XL, effort 7": lambda plane: imagecodecs.jpegxl_encode(plane, lossless=True, effort=7),
        "JPEG XL, effort 9": lambda plane: imagecodecs.jpegxl_encode(plane, lossless=True, effort=9),
    }


def report(data: Path) -> str:
    """Bits a pixel of both planes together."""
    rivals = _rivals()
    lines = [
        "## Images: bits a pixel",
        "",
        "Range images (beams x firings) of real sweeps, range and intensity together; `share` is lizip over JPEG XL,"
        " effort 7.",
        "",
        f"| image | size | {' | '.join(rivals)} | lizip | share |",
        "|---|---|" + "---|" * (len(rivals) + 2),
    ]
    for pattern, fields in FILES.values():
        for path in sorted(data.glob(pattern)):
            for ranges, levels in grids(path, fields):
                planes = [np.ascontiguousarray(plane.T.astype(np.uint16)) for plane in (ranges, levels)]
                packed = lizip.compress_image(*planes)
                again = lizip.decompress(packed)
                assert all(map(np.array_equal, planes, (again["range"], again["intensity"])))
                sizes = {name: sum(len(code(plane)) for plane in planes) for name, code in rivals.items()}
                bits = " | ".join(f"{8 * size / ranges.size:.2f}" for size in (*sizes.values(), len(packed)))
                share = len(packed) / sizes["JPEG XL, effort 7"]
                shape = f"{planes[0].shape[0]} x {planes[0].shape[1]}"
                lines.append(f"| {path.parent.name}/{path.name} | {shape} | {bits} | {share:.2f} |")
    return "\n".join(lines)
