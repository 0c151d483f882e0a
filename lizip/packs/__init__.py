"""Packs: one file for a sequence or a data set, every sweep at hand by name, by place and by time.

    with lizip.PackWriter("scene.lizips") as pack:
        pack.add("000000.bin", points, time=1532402927647951000)
    pack = lizip.PackReader("scene.lizips")
    pack["000000.bin"], pack[-1], pack.nearest(1532402927000000000)

A pack is appended to, sweep by sweep, and may be cut at any byte: what was complete is there, with or without the index
that stands at its end. See docs/format.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lizip.packs.layout import SUFFIX, Entry
    from lizip.packs.reader import PackReader, is_pack
    from lizip.packs.writer import PackWriter

__all__ = ["SUFFIX", "Entry", "PackReader", "PackWriter", "is_pack"]

_HOME = {"SUFFIX": "layout", "Entry": "layout", "PackReader": "reader", "is_pack": "reader", "PackWriter": "writer"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lizip.packs.{_HOME[name]}"), name)
