"""The page as one file: the template, its style and scripts, and the numbers that they draw."""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files
from typing import Any

import numpy as np

_SCRIPTS = ("words.js", "points.js", "charts.js", "page.js")


def page(data: dict[str, Any]) -> str:
    """HTML that needs nothing else; `data` as page.js takes it."""
    folder = files("lizip.report") / "page"
    read = {name: (folder / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", *_SCRIPTS)}
    numbers = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    filled = {
        "title": html.escape(f"{data['title']} · lizip report"),
        "style": read["page.css"],
        "data": numbers,
        "script": "\n".join(read[name] for name in _SCRIPTS),
    }
    before, *rest = read["page.html"].split("{{")
    return before + "".join(filled[name] + text for name, text in (each.split("}}", 1) for each in rest))


def base64_of(array: np.ndarray) -> str:
    """Bytes of an array, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode("ascii")
