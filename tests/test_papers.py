"""What stands beside the code: the changelog's fragments, links between documents, versions."""

from __future__ import annotations

import csv
import importlib.util
import re
from importlib import import_module
from pathlib import Path
from statistics import median

import click
import pytest

import lizip
from lizip import codecs
from lizip.cli import VERBS

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")))


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    missing = [to for to in targets if "://" not in to and not (page.parent / to).exists()]
    assert not missing


def test_files_that_recipes_name():
    """Paths in the recipes, from the root of the project, where they are not meant to be written first."""
    names = re.findall(
        r"`((?:lizip|tests|scripts|docs|models)/[\w/.]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    )
    named = [name for name in names if "NAME" not in name]
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def options_of(command: click.Command) -> set[str]:
    below = command.commands.values() if isinstance(command, click.Group) else ()
    own = {"-h", "--help", *(option for param in command.params for option in (*param.opts, *param.secondary_opts))}
    return own.union(*map(options_of, below))


OPTIONS = {verb: options_of(import_module(f"lizip.cli.{verb}").command) for verb in VERBS}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_options_that_pages_name_are_there(page):
    text = page.read_text(encoding="utf-8")
    for verb, rest in re.findall(rf"\blizip ({'|'.join(VERBS)})\b([^\n`|;&#]*)", text):
        assert set(re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", rest)) <= OPTIONS[verb]
    assert set(re.findall(r"`(--[a-z][\w-]+)", text)) <= set().union(*OPTIONS.values())


def test_fragments_have_a_kind():
    notes = script("release_notes")
    for path in ROOT.glob("changes/*.md"):
        assert path.name == "README.md" or notes.kind_of(path) in notes.KINDS


def test_fragments_become_a_section(tmp_path):
    (tmp_path / "changes").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nWords.\n\n## 0.1.0 (2026-01-01)\n\n- old\n")
    (tmp_path / "changes" / "README.md").write_text("kept")
    (tmp_path / "changes" / "b.fixed.md").write_text("Mended\n  a thing.\n")
    (tmp_path / "changes" / "a.added.md").write_text("New.\n")
    script("release_notes").main(tmp_path, "0.2.0", "2026-02-01")
    expected = "## 0.2.0 (2026-02-01)\n\n### Added\n\n- New.\n\n### Fixed\n\n- Mended a thing.\n\n## 0.1.0"
    assert expected in (tmp_path / "CHANGELOG.md").read_text()
    assert [path.name for path in (tmp_path / "changes").iterdir()] == ["README.md"]


def test_unknown_kinds_are_refused(tmp_path):
    (tmp_path / "changes").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    (tmp_path / "changes" / "a.md").write_text("?")
    with pytest.raises(SystemExit, match=r"a\.md"):
        script("release_notes").main(tmp_path, "0.2.0", "2026-02-01")
    assert (tmp_path / "changes" / "a.md").exists()


def test_the_readme_names_every_codec():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^- Six codecs, .*?\.$", text, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) == set(codecs.NAMES)
    assert len(codecs.NAMES) == 6


@pytest.mark.parametrize(("name", "set"), [("nuScenes", "nuscenes"), ("KITTI", "kitti")])
def test_what_archives_take_follows_from_the_benchmark(name, set):
    page = (ROOT / "docs/archives.md").read_text(encoding="utf-8")
    (row,) = re.findall(
        rf"^\| {name} sweep \(.*\) \| ([\d.]+) s \| ([\d.]+) s \| ([\d,]+) \| ([\d.]+) % \|$", page, re.MULTILINE
    )
    both, decode, an_hour, left = (float(each.replace(",", "")) for each in row)
    with (ROOT / "benchmarks/results/lizip.csv").open(newline="") as file:
        rows = [each for each in csv.DictReader(file) if each["set"] == set]
    encode_ms, decode_ms = (
        median(float(ms) for row in rows for ms in row[what].split()) for what in ("encode_ms", "decode_ms")
    )
    share = sum(int(row["encoded"]) for row in rows) / sum(int(row["original"]) for row in rows)
    assert both == pytest.approx((encode_ms + decode_ms) / 1000, rel=0.4)
    assert decode == pytest.approx(decode_ms / 1000, rel=0.4)
    assert left == pytest.approx(100 * share, abs=0.3)
    assert an_hour == pytest.approx(3600 / both, rel=0.02)


def test_metadata():
    """What is known of the project is said; its address in all places, or in none and the procedure says so."""
    tomllib = pytest.importorskip("tomllib", reason="from Python 3.11 on")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name in ("description", "readme", "license", "keywords", "classifiers"):
        assert project[name]
    for name in (project["readme"], *project["license-files"]):
        assert (ROOT / name).is_file()
    least, above = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups())
    minors = re.findall(r"Python :: 3\.(\d+)", "\n".join(project["classifiers"]))
    assert minors == [str(each) for each in range(least, above)]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"license: {project['license']}\n" in citation
    assert f"abstract: {project['description']}\n" in citation
    places = ("urls" in project, "repository-code:" in citation, "site_url:" in (ROOT / "mkdocs.yml").read_text())
    assert len(set(places)) == 1
    assert ("no public address yet" in (ROOT / "docs/release.md").read_text(encoding="utf-8")) != places[0]


def test_citation_says_the_version():
    assert f"version: {lizip.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
