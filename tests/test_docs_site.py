"""The site of the documents builds without a warning and has the whole library."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lizip

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def hook():
    pytest.importorskip("mkdocs", reason="needs pip install '.[docs]'")
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "scripts/docs_site.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_builds_without_a_warning(hook, tmp_path):
    pytest.importorskip("mkdocstrings")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "api/index.html").read_text(encoding="utf-8")
    shown = {found.rsplit(".", 1)[1] for found in re.findall(r'id="(lizip[\w.]+)"', page)}
    assert set(lizip.__all__) - {"__version__"} <= shown
    start = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis" not in start
    assert 'href="contributing/' in start or 'href="how-it-works/' in start


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("[a](docs/packs.md)", "README.md", "[a](packs.md)"),
        ("[a](../README.md#how-small)", "docs/how-it-works.md", "[a](index.md#how-small)"),
        ("[`codecs`](../lizip/codecs) and", "docs/how-it-works.md", "`codecs` and"),
        ("[a](../packs.md#b)", "docs/format/container.md", "[a](../packs.md#b)"),
        ("![a](pictures/lattice.png)", "docs/how-it-works.md", "![a](pictures/lattice.png)"),
        ("[a](https://x.example) [b](#c)", "README.md", "[a](https://x.example) [b](#c)"),
        ("```\n[a](lizip/x)\n```\n[b](lizip)", "README.md", "```\n[a](lizip/x)\n```\nb"),
        ("[\\_\\_init\\_\\_](lizip/__init__.py)", "CONTRIBUTING.md", "\\_\\_init\\_\\_"),
    ],
)
def test_links(hook, text, source, expected):
    assert hook.resolved(text, source) == expected


def test_the_library_page_names_everything():
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert set(lizip.__all__) - {"__version__"} <= set(re.findall(r"^::: lizip\.[\w.]*?(\w+)$", page, re.MULTILINE))
