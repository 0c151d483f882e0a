"""What happened to a file, in a person's words."""

from __future__ import annotations

import math
from typing import Any

STREAMS = {
    "flags": "where something returned",
    "range": "ranges",
    "intensity": "intensities",
    "corrections": "where the model missed",
    "far corrections": "where the model missed",
    "exceptions": "points outside of the grid",
    "profile": "which sensor",
    "beams": "calibration of the beams",
    "firings": "when it fired",
    "attributes": "further fields",
    "axes": "coordinates",
    "time": "times",
    "colour": "colours",
    "returns": "numbers of returns",
    "class": "classes",
    "angle": "angles of the scanner's mirror",
    "far frame": "the frame in which coordinates were rounded",
    "pose law": "how the sensor moved",
    "pose spline": "how the sensor moved",
    "screw motion": "how the sensor moved",
    "Euler track": "how the sensor moved",
    "chunks": "how the sensor moved, from packet to packet",
    "azimuths of firings": "where each firing looked",
    "order": "in which order points are listed",
    "recipe": "how columns follow from others",
    "file": "the file as it stands",
    "index": "where each chunk lies",
    "plan": "how columns are coded",
    "container": "header, checksums, what stands around the points",
}
"""Meaning of streams whose name does not say it."""


_LITTLE = 0.002
"""Streams of less than this share of a file stand together."""


def streams(sizes: dict[str, int], whole: int) -> list[dict[str, Any]]:
    """Streams of a file of so many bytes, largest first, with what they mean; what is in none is the container."""
    sizes = {**sizes, "container": max(whole - sum(sizes.values()), 0)}
    ranked = sorted(((name, size) for name, size in sizes.items() if size), key=lambda item: -item[1])
    large = [(name, size) for name, size in ranked if size >= _LITTLE * whole]
    told = [{"name": name, "bytes": size, "meaning": _meaning(name)} for name, size in large]
    if little := ranked[len(large) :]:
        names = ", ".join(name for name, _ in little)
        told.append({"name": "others", "bytes": sum(size for _, size in little), "meaning": names})
    return told


def _meaning(name: str) -> str:
    """Of a stream; of codecs with many alike, by the word that they share."""
    return STREAMS.get(name) or {"columns": "numbers of the columns", "grid": "a plane"}.get(name.split()[0], "")


def in_bytes(size: float) -> str:
    """Bytes for people: 1.85 MB."""
    power = min(int(math.log10(size)) // 3, 4) if size >= 1000 else 0
    return f"{size / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def why(info: dict[str, Any]) -> str:
    """Which codec took a file, and why, from what `lizip.info` says."""
    codec = info["codec"]
    if info["points"] == 0 or info["format"] == "opaque":
        return "no points in it that are known: taken as bytes"
    if codec == "sweep":
        return _of_sweep(info)
    return {
        "survey": "LAS records: each field is predicted from pulses and neighbours",
        "floats": "no sensor model explains the points: each is predicted from those before",
        "image": "a raster of whole numbers: a range image already",
        "octree": "points in the order of an octree: its cells say most of the coordinates",
        "opaque": "nothing said the columns shorter than a general compressor",
    }[codec]


def _of_sweep(info: dict[str, Any]) -> str:
    sensor = info.get("sensor")  # of a log it is that of its first cloud, if a sensor explains that
    text = f"a sensor model explains the points: {sensor}" if sensor else "sensor models explain most of its clouds"
    points = info["points"]
    outside, corrected = info.get("exceptions", 0), info.get("corrected", 0)
    # before a near-lossless file was made coarser, others were
    told = [f"{_share(corrected, points)} of them corrected"] if corrected and info.get("exact", True) else []
    told += [f"{outside:,} outside of the grid"] if outside else []
    return ", ".join([text, *told])


def _share(count: int, of: int) -> str:
    share = 100 * count / of
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def promise(info: dict[str, Any]) -> str:
    """What comes back."""
    if info.get("exact", True):
        return "comes back byte for byte"
    bounds = []
    if "max_error" in info:
        bounds.append(f"coordinates within {info['max_error']:g}, the largest change is {info['largest_error']:.3g}")
    if "intensity_error" in info:
        bounds.append(f"intensities within {info['intensity_error']:g}")
    return f"is near-lossless: {'; '.join(bounds)}"
