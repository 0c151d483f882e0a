"""The worked examples of CONTRIBUTING's recipes, put where the product would have them for the length of a test."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lizip import formats, sensor
from lizip.codecs import sweep
from lizip.sensor import stages

EXAMPLES = Path(__file__).parents[2] / "examples"


def loaded(monkeypatch: pytest.MonkeyPatch, name: str, file: str) -> ModuleType:
    """A file of the examples, imported as a module of the product."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / "recipes" / file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def xyzh(monkeypatch) -> ModuleType:
    """The format, with its two lines in `lizip.formats`: a name, and what its files begin with."""
    module = loaded(monkeypatch, "lizip.formats.xyzh", "xyzh.py")
    monkeypatch.setattr(formats, "NAMES", (*formats.NAMES, "xyzh"))
    others = formats._suspect
    monkeypatch.setattr(formats, "_suspect", lambda head: "xyzh" if head.startswith(module.MAGIC) else others(head))
    return module


@pytest.fixture
def fan(monkeypatch) -> ModuleType:
    """The sensor, with its two lines: in `lizip.sensor.stages` and in `lizip.sensor`."""
    module = loaded(monkeypatch, "lizip.sensor.stages.fan", "fan.py")
    row = stages.Row(len(stages.STAGES), "fan", "fan", "Fan")
    monkeypatch.setitem(stages._BY_TAG, row.tag, row)
    monkeypatch.setitem(stages._BY_CLASS, (module.__name__, "Fan"), row)
    monkeypatch.setattr(sweep, "SOLVERS", (sensor.Registered("fan", module.__name__), *sweep.SOLVERS))
    return module
