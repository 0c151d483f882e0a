"""`lizip report` and `lizip view`."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pytest

import lizip
from lizip import simulator
from lizip.packs import PackWriter


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.bin"
    path.write_bytes(simulator.kitti(1, firings=24))
    return path


def test_a_page_of_a_file(lizip_command, points, tmp_path):
    page = tmp_path / "page.html"
    done = lizip_command("report", points, "-o", page, "--no-rivals")
    assert (done.status, done.lines) == (0, [f"wrote {page}"])
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert points.read_bytes() == simulator.kitti(1, firings=24)
    again = lizip_command("report", points, "-o", page, "--no-rivals")
    assert again.status == 1
    assert "exists already" in again.err
    assert lizip_command("report", points, "-o", page, "--no-rivals", "-f", "-q").err == ""


def test_the_page_stands_where_one_is(lizip_command, points, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lizip_command("report", "points.bin", "--no-rivals").status == 0
    assert (tmp_path / "report.html").is_file()


def test_the_source_is_not_the_target(lizip_command, points):
    done = lizip_command("report", points, "-o", points, "-f")
    assert done.status == 1
    assert "the same file" in done.err


@pytest.mark.parametrize("how", [["--png", "-o", "picture"], ["-o", "picture.png"]])
def test_a_picture_alone(lizip_command, points, tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    assert lizip_command("report", "points.bin", *how).status == 0
    assert struct.unpack_from(">I", (tmp_path / how[-1]).read_bytes(), 16)[0] == 1600


def test_a_folder(lizip_command, points, tmp_path):
    lizip.compress_file(points)
    points.with_name("text.txt").write_text("words")
    damaged = points.with_name("damaged.lizip")
    damaged.write_bytes(points.with_name("points.bin.lizip").read_bytes()[:-3])
    page = tmp_path / "elsewhere.html"
    done = lizip_command("report", tmp_path, "-o", page)
    assert done.status == 0
    text = page.read_text(encoding="utf-8")
    assert all(f'"name":"{name}"' in text for name in ("points.bin", "points.bin.lizip", "text.txt", "damaged.lizip"))
    assert "1 failed" in text
    only = tmp_path / "only.html"
    assert lizip_command("report", tmp_path, "--include", "*.txt", "-o", only, "-q").err == ""
    assert "points.bin" not in only.read_text(encoding="utf-8").split('id="data"')[1].split("</script>")[0]


def test_some_files_from_here_and_there(lizip_command, points, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "words.txt").write_text("words")
    monkeypatch.chdir(tmp_path / "sub")
    assert lizip_command("report", "words.txt", points, "-o", tmp_path / "page.html").status == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '"name":"points.bin"' in text
    assert '"name":"sub/words.txt"' in text


def test_a_pack(lizip_command, points, tmp_path):
    with PackWriter(tmp_path / "log.lizips") as pack:
        pack.add("one.bin", points.read_bytes())
        pack.add("two.bin", points.read_bytes())
    assert lizip_command("report", tmp_path / "log.lizips", "-o", tmp_path / "log.html").status == 0
    text = (tmp_path / "log.html").read_text(encoding="utf-8")
    assert '"name":"one.bin"' in text
    assert "A pack of 2 files" in text


def test_what_is_for_one_file(lizip_command, points, tmp_path):
    for how in (["--png"], ["--against", points]):
        done = lizip_command("report", points, tmp_path, *how, "-o", tmp_path / "x")
        assert done.status == 2
        assert "is for one file" in done.err


def test_a_file_that_is_not_there(lizip_command, tmp_path):
    done = lizip_command("report", tmp_path / "nothing.bin", "-o", tmp_path / "page.html")
    assert done.status == 1
    assert len(done.lines) == 1
    assert not (tmp_path / "page.html").exists()


def test_view_without_a_browser_prints_the_path(lizip_command, points, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    done = lizip_command("view", points, "--no-rivals")
    path = done.out.decode().strip()
    try:
        assert done.status == 0
        assert Path(path).read_text(encoding="utf-8").startswith("<!doctype html>")
    finally:
        os.remove(path)


@pytest.mark.skipif(os.name == "nt", reason="the browser is a shell script")
def test_view_opens_the_browser(lizip_command, points, tmp_path, monkeypatch):
    seen, browser = tmp_path / "seen", tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", str(browser))
    import webbrowser

    monkeypatch.setattr(webbrowser, "_tryorder", None)
    done = lizip_command("view", points, "--no-rivals")
    assert (done.status, done.out) == (0, b"")
    url = seen.read_text().strip()
    assert url.startswith("file://")
    os.remove(url.removeprefix("file://"))
