"""A few of the kills of scripts/kill_batches.py, which does two hundred."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "kill_batches.py"


@pytest.fixture(scope="module")
def kill_batches():
    spec = importlib.util.spec_from_file_location("kill_batches", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["kill_batches"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_batch_goes_on_as_if_nothing_had_been(kill_batches, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SCRIPT.parents[1]))
    faults = [f"{case}: {fault}" for case, fault in kill_batches.campaign(tmp_path, 8, 24) if fault]
    assert not faults


def test_the_first_kills_are_of_every_kind(kill_batches):
    first = kill_batches.cases()[:8]
    assert {case.number for case in first} == {case.number for case in kill_batches.cases()}
    assert {case.group for case in first} == {True, False}
    assert {case.verb for case in first} == {"compress", "decompress"}
    assert {case.way for case in first} == {"in place", "mirrored", "--rm"}
    assert {case.workers for case in first} == {1, 2}


def test_the_comparison_sees_what_differs(kill_batches, tmp_path, monkeypatch):
    """A batch that leaves something behind is found out."""
    monkeypatch.setenv("PYTHONPATH", str(SCRIPT.parents[1]))
    ground = kill_batches.Ground(tmp_path, 3)
    case = kill_batches.Case(kill_batches.signal.SIGKILL, True, "decompress", "mirrored", 1)
    back, listing = tmp_path / "back", tmp_path / "decompress.list"
    assert kill_batches._compare(ground, case, back, listing) == ""
    (back / "d0/scan 0.bin").chmod(0o600)
    assert "other: ['d0/scan 0.bin']" in kill_batches._compare(ground, case, back, listing)
    (back / "d0/scan 0.bin").chmod(0o400)
    (back / "more").write_bytes(b"")
    assert "too many: ['more']" in kill_batches._compare(ground, case, back, listing)
    (back / "more").unlink()
    short = tmp_path / "short.list"
    short.write_text(listing.read_text().rsplit("\n", 2)[0] + "\n")
    assert kill_batches._compare(ground, case, back, short) == "the manifest differs"
