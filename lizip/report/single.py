"""The report on one file: what page.js is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import lizip
from lizip.codecs import Options
from lizip.report import sizes, words
from lizip.report.drawn import drawn
from lizip.report.scene import Scene, scene_of
from lizip.report.subject import Reported


def told(reported: Reported, rivals: bool = True, codecs: Options | None = None) -> dict[str, Any]:
    """All numbers and words of the page of a file; raises what decoding raises.

    With `codecs` the sizes under the codecs that it does not have are there too, coded with these options.
    """
    info, decoder = reported.info, reported.decoder
    scene = scene_of(decoder, reported.original)
    is_las = info["format"] == "las"
    data: dict[str, Any] = {
        "title": reported.name,
        "sentence": _sentence(info, scene),
        "tiles": _tiles(info, reported),
        "count": info["points"],
        "streams": words.streams(info["streams"], info["compressed_bytes"]),
        "found": _found(info, scene),
        "rivals": _rivals(reported, rivals, codecs) if reported.content else [],
        "where": _where(reported),
        "notes": _notes(info, scene, reported),
    }
    if scene is not None:
        data |= drawn(scene, not is_las, "" if is_las else "m")
        data["rings"] = _rings(scene)
        data["first"] = next(key for key in ("change", "range", "height") if key in scene.numbers)
        data["notes"] += _left_out(scene, data.get("drawn", 0), info["points"])
    return data


def _sentence(info: dict[str, Any], scene: Scene | None) -> str:
    known = [info["sensor"]] if "sensor" in info else []
    if scene is not None and scene.parts:
        parts = len(scene.parts)
        known += [*([f"{parts} scans in one file"] if parts > 1 else []), *scene.parts[0].short]
    text = ", ".join(known)
    text = text[:1].upper() + text[1:]
    promise = words.promise(info)
    return f"{text}. The file {promise}." if text else f"The file {promise}."


def _tiles(info: dict[str, Any], reported: Reported) -> list[dict[str, str]]:
    points = info["points"]
    tiles = [
        {
            "label": "Size",
            "value": words.in_bytes(info["compressed_bytes"]),
            "note": f"of {words.in_bytes(info['bytes'])}",
        },
        {"label": "Ratio", "value": f"{info['ratio']:.2f} to 1", "note": f"by the codec {info['codec']}"},
    ]
    if points:
        raw = 8 * info["bytes"] / points
        tiles.append({"label": "Bits a point", "value": f"{info['bits_per_point']:.2f}", "note": f"of {raw:.0f}"})
        tiles.append({"label": "Points", "value": f"{points:,}", "note": _shape(info)})
    return tiles


def _shape(info: dict[str, Any]) -> str:
    if "firings" in info:
        return f"{info['rings']} rings, {info['firings']:,} firings"
    return f"{len(info['fields'])} fields, {info['format']}"


def _rings(scene: Scene) -> list[dict[str, Any]]:
    """Rings of the grid, highest first: points and bits."""
    if scene.ring is None or not scene.is_grid:
        return []
    inside = scene.ring >= 0
    count = int(scene.ring[inside].max()) + 1
    points = np.bincount(scene.ring[inside], minlength=count)
    bits = np.bincount(scene.ring[inside], scene.numbers["bits"][inside], minlength=count)
    angles: Sequence[float | None] = [None] * count if scene.elevations is None else scene.elevations.tolist()
    return [
        {"ring": ring, "elevation": angle, "points": int(here), "bits": float(spent)}
        for ring, (angle, here, spent) in enumerate(zip(angles, points, bits, strict=True))
    ]


def _found(info: dict[str, Any], scene: Scene | None) -> list[list[str]]:
    lines = [["Why", f"the codec {info['codec']}: {words.why(info)}"]]
    parts = scene.parts if scene is not None else []
    for number, part in enumerate(parts[:4], 1):
        lines += [[f"Part {number} of {len(parts)}", ""]] if len(parts) > 1 else []
        lines += [list(line) for line in part.lines]
    if scene is not None and "error" in scene.numbers:
        lines.append(["Model", _hits(scene.numbers["error"])])
    if "guessed" in info:
        lines.append(["Guessed", info["guessed"]])
    return lines


def _hits(error: np.ndarray) -> str:
    known = error[np.isfinite(error)]
    if not len(known):
        return "says nothing about these points"
    right = 100 * float((known == 0).mean())
    from lizip.report.found import length

    share = "all points" if right == 100 else f"{right:.4g} % of the points"
    largest = "" if right == 100 else f"; the others are off by up to {length(float(known.max()))} and corrected"
    return f"gives {share} to the last bit{largest}"


def _rivals(reported: Reported, rivals: bool, codecs: Options | None) -> list[dict[str, Any]]:
    content, chosen = reported.content, reported.info["codec"]
    rows = (
        []
        if codecs is None
        else [
            sizes.row(f"lizip --codec {name}", size, len(content), seconds, None)
            for name, size, seconds in sizes.by_codecs(content, codecs, chosen)
        ]
    )
    rows += sizes.beside(content) if rivals else []
    own = sizes.row("lizip", len(reported.packed), len(content), reported.encode, reported.decode)
    return [own, *rows] if rows else []


def _where(reported: Reported) -> str:
    text = f"Measured for this page, one run each, on this machine: {sizes.machine()}."
    return text + (" Packing was not timed: the file was packed before." if reported.encode is None else "")


def _notes(info: dict[str, Any], scene: Scene | None, reported: Reported) -> list[str]:
    notes = [f"Made by lizip {lizip.__version__}; content XXH3-128 {info['hash']}."]
    if scene is not None:
        looked = len(scene.xyz)
        notes.append(
            "Bits of a point are those that the decoder used up for it;"
            f" {scene.shared / looked:.2f} bits a point belong to none (headers, calibration, words not filled) and"
            " are shared out evenly."
        )
    if not info.get("exact", True) and reported.original is None:
        notes.append("What the points were before is not known here: give the original with --against.")
    return notes


def _left_out(scene: Scene, shown: int, points: int) -> list[str]:
    """Which points are not drawn, and why."""
    looked = len(scene.xyz)
    nowhere = int((~np.isfinite(scene.xyz).all(axis=1)).sum())
    notes = [f"Only the first {looked:,} of {points:,} points were looked at."] if looked < points else []
    if nowhere:
        notes.append(f"{nowhere:,} points are nowhere: nothing returned, or no number is there.")
    if shown < looked - nowhere:
        notes.append(f"{shown:,} of {looked - nowhere:,} points are drawn, evenly thinned.")
    return notes
