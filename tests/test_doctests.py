"""Every public function has an example, and it runs as it stands there; so do the blocks of Python in the documents."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import harness
import numpy as np
import pytest

import lizip
from lizip import simulator

ROOT = Path(__file__).parents[1]
PUBLIC = {name: getattr(lizip, name) for name in lizip.__all__ if name != "__version__"}
WITHOUT = {"SensorState"} | {
    name for name, thing in PUBLIC.items() if isinstance(thing, type) and issubclass(thing, BaseException)
}
"""Errors need none; a state is shown by what takes it."""
INNER = {"Sequence.options", "Sequence.leave"}
"""Methods that `compress` and `decompress` call, not people."""
BESIDE = ("lizip.integrations.av2.CompressedPath", "lizip.integrations.pdal.read_array")
"""Examples that need no other library."""
PAGES = [path for path in sorted(ROOT.glob("docs/**/*.md")) if "```python\n" in path.read_text(encoding="utf-8")]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with the files that the examples speak of, to be in."""
    (tmp_path / "scan.bin").write_bytes(simulator.kitti(1, firings=60))
    sweep = np.frombuffer(simulator.kitti(1, firings=60), "<f4").reshape(-1, 4)[:600]
    (tmp_path / "run.mcap").write_bytes(harness.mcap(sweep, sweep))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(thing: object, name: str) -> str:
    """Run the examples of a function, or of a class and its methods; gives their source."""
    tests = doctest.DocTestFinder().find(thing, name, globs={})
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL | doctest.ELLIPSIS)
    said: list[str] = []
    for test in tests:
        runner.run(test, out=said.append)
    assert not runner.summarize(verbose=False).failed, "".join(said)
    return "".join(example.source for test in tests for example in test.examples)


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - WITHOUT))
def test_examples_of_the_library(folder, name):
    """Each function and class has one, and each method is called in one."""
    thing = PUBLIC[name]
    source = ran(thing, name)
    assert source, f"lizip.{name} has no example"
    methods = [each for each in vars(thing) if not each.startswith("_")] if isinstance(thing, type) else []
    bare = [each for each in methods if not re.search(rf"\.{each}\b", source) and f"{name}.{each}" not in INNER]
    assert not bare, f"no example calls {bare} of lizip.{name}"


@pytest.mark.parametrize("name", BESIDE)
def test_examples_of_integrations(folder, name):
    module, _, last = name.rpartition(".")
    assert ran(getattr(importlib.import_module(module), last), name)


def test_documented():
    assert all(inspect.getdoc(thing) for thing in PUBLIC.values())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_blocks_of_python(folder, page):
    """All blocks of a page, one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(blocks)], cwd=folder, check=True)
