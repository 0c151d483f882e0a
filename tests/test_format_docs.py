"""The documents of the format: tables are those of the code, pages name each other rightly, every stage is told."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lizip.codecs.sweep import model
from lizip.entropy import rows
from lizip.sensor.stages import STAGES

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import make_format_docs  # noqa: E402

PAGES = sorted(make_format_docs.PAGES.glob("*.md"))


def test_tables_are_those_of_the_code():
    """Run scripts/make_format_docs.py after a change of the format; readers of older files must be thought of first."""
    assert make_format_docs.main(["--check"]) == 0


@pytest.mark.parametrize(("module", "name", "page"), [(model, "MEDIUM", "grid.md"), (rows, "TOP", "entropy.md")])
def test_a_changed_constant_makes_a_page_stale(monkeypatch, capsys, module, name, page):
    monkeypatch.setattr(module, name, getattr(module, name) + 1)
    assert make_format_docs.main(["--check"]) == 1
    assert f"{page}: stale" in capsys.readouterr().out


def test_a_changed_table_makes_a_page_stale(monkeypatch):
    changed = model.BLEND.copy()
    changed[77] += 1
    monkeypatch.setattr(model, "BLEND", changed)
    assert make_format_docs.main(["--check"]) == 1


def test_stale_pages_are_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: symbols -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    assert make_format_docs.main(["--check"], tmp_path) == 1
    assert make_format_docs.main([], tmp_path) == 0
    text = page.read_text(encoding="utf-8")
    assert "32752" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert make_format_docs.main(["--check"], tmp_path) == 0


def test_every_block_stands_on_a_page():
    found = [name for page in PAGES for name in re.findall("<!-- generated: ([a-z ]+) -->", page.read_text("utf-8"))]
    assert sorted(found) == sorted(make_format_docs.BLOCKS)


def test_every_stage_is_told():
    text = (make_format_docs.PAGES / "sweep.md").read_text(encoding="utf-8")
    for row in STAGES:
        assert f"\n| {row.tag} | {row.name} | " in text
        assert f"\n**{row.tag} {row.name}.** " in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    for listed in re.findall(r"\[([^\]]*`[^\]]*`[^\]]*)\]", text):  # modules, from lizip or from the page's own
        for name in re.findall(r"`([\w/]+\.py|[\w/]+/)`", listed):
            assert list((ROOT / "lizip").rglob(name.rstrip("/"))), name
