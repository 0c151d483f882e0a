"""The page of a file: one file that needs nothing else, its numbers those of the file, near files with their map."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from pathlib import Path

import harness
import numpy as np
import pytest

import lizip
from lizip import report, simulator
from lizip.codecs import Options
from lizip.errors import FormatError
from lizip.report import sizes
from lizip.report.colours import STEPS, channel_of, table_of
from lizip.report.document import page
from lizip.report.drawn import MOST_DRAWN, drawn, image_of, thinned
from lizip.report.found import length
from lizip.report.many import told
from lizip.report.png import to_png
from lizip.report.scene import Scene
from lizip.report.words import in_bytes, streams

GOLDEN = Path(harness.__file__).parent / "golden/v1"


def numbers_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "sweep.bin"
    path.write_bytes(simulator.nuscenes(1, firings=300))
    return path


@pytest.fixture(scope="module")
def html(sweep) -> str:
    return report.page_of_file(sweep)


def test_nothing_is_loaded_from_anywhere(html):
    allowed = {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"'\s)]+", html)) <= allowed
    assert "default-src 'none'" in html
    assert not re.search(r"<(link|img|iframe)|src=|@import|url\(", html)
    assert len(html) < 5_000_000


def test_its_numbers_are_those_of_the_file(html, sweep):
    data, packed = numbers_of(html), lizip.compress(sweep.read_bytes())
    info = lizip.info(packed)
    assert sum(stream["bytes"] for stream in data["streams"]) == len(packed)
    assert sum(ring["points"] for ring in data["rings"]) <= info["points"] == data["count"]
    assert sum(ring["bits"] for ring in data["rings"]) <= 8 * len(packed) * (1 + 1e-9)
    assert [channel["key"] for channel in data["channels"]] == ["range", "height", "intensity", "bits", "error"]
    places = np.frombuffer(base64.b64decode(data["points"]["places"]), "<u2").reshape(-1, 3)
    shown = places * np.array(data["points"]["step"]) + np.array(data["points"]["low"])
    raw = np.frombuffer(sweep.read_bytes(), "<f4").reshape(-1, 5)
    original = raw[np.isfinite(raw[:, :3]).all(axis=1), :3]
    assert len(shown) <= len(original)
    near = original[:, None][:: len(original) // 20]
    assert (np.abs(near - shown).max(axis=2).min(axis=1) < 0.05).mean() > 0.8
    index = np.frombuffer(base64.b64decode(data["image"]["index"]), "<u4")
    assert index.max() <= len(shown)
    assert len(index) == data["image"]["width"] * data["image"]["height"]


def test_it_says_what_was_found(html):
    data = numbers_of(html)
    assert "HDL-32E" in data["sentence"]
    assert "2 mm ticks" in data["sentence"]
    assert re.search(r"moved [\d.]+ c?m in [\d.]+ ms|stood still", data["sentence"])
    assert "byte for byte" in data["sentence"]


def test_the_way_that_was_found_is_the_way_that_was_gone(html):
    way, unit, time = re.search(r"moved ([\d.]+) (c?m) in ([\d.]+) ms", numbers_of(html)["sentence"]).groups()
    speed = float(way) * (0.01 if unit == "cm" else 1) / (float(time) * 1e-3)
    assert speed == pytest.approx(8, rel=0.05)  # metres a second: the simulator's own


def test_rivals_are_measured_here(html, sweep):
    rows = {row["name"]: row for row in numbers_of(html)["rivals"]}
    size = len(sweep.read_bytes())
    assert rows["zstd -19"]["of"] == size
    assert len(zlib.compress(sweep.read_bytes())) * 1.2 > rows["zstd -19"]["size"] > rows["lizip"]["size"]
    assert all(row["decode"] > 0 for row in rows.values())
    assert rows["LASzip"]["note"].startswith("loses") if "LASzip" in rows else True


def test_rivals_get_a_part_of_a_large_file(monkeypatch, sweep):
    monkeypatch.setattr(sizes, "MOST_BYTES", 4096)
    rows = {row["name"]: row for row in numbers_of(report.page_of_file(sweep))["rivals"]}
    assert rows["xz -9"]["of"] == 4096
    assert "from the middle" in rows["xz -9"]["note"]


def test_names_cannot_break_the_page(tmp_path):
    path = tmp_path / "a<b>&'.bin"
    path.write_bytes(b"no points")
    html = report.page_of_file(path, rivals=False)
    assert "<b>" not in html
    assert numbers_of(html)["title"] == path.name
    assert "points" not in numbers_of(html)


def test_text_in_the_data_cannot_end_the_script():
    html = page({"title": "</script><script>alert(1)</script>"})
    assert html.count("</script>") == 2


def test_a_near_file_shows_where_it_changed(tmp_path):
    path = tmp_path / "sweep.bin"
    path.write_bytes(simulator.kitti(1, firings=60))
    data = numbers_of(report.page_of_file(path, Options(max_error=0.02), rivals=False))
    assert data["first"] == "change"
    change = next(channel for channel in data["channels"] if channel["key"] == "change")
    assert 0 < change["high"] <= 0.02 * 3**0.5
    assert "near-lossless" in data["sentence"]


def test_a_near_file_finds_its_original_or_says_that_it_is_not_there(tmp_path):
    path, packed = tmp_path / "sweep.bin", tmp_path / "sweep.bin.lizip"
    path.write_bytes(simulator.kitti(1, firings=40))
    lizip.compress_file(path, packed, max_error=0.01)
    assert numbers_of(report.page_of_file(packed, rivals=False))["first"] == "change"
    moved = path.rename(tmp_path / "elsewhere.bin")
    alone = numbers_of(report.page_of_file(packed, rivals=False))
    assert alone["first"] == "range"
    assert "--against" in " ".join(alone["notes"])
    assert numbers_of(report.page_of_file(packed, against=moved, rivals=False))["first"] == "change"
    moved.write_bytes(b"something else")
    with pytest.raises(FormatError, match="it was not made of this file"):
        report.page_of_file(packed, against=moved, rivals=False)


def test_las_has_heights_and_no_range_image(tmp_path):
    path = tmp_path / "survey.las"
    path.write_bytes(simulator.airborne_las(1))
    data = numbers_of(report.page_of_file(path, rivals=False))
    assert data["first"] == "height"
    assert "image" not in data
    assert data["rings"] == []


def cloud(count: int) -> Scene:
    rng = np.random.default_rng(2)
    xyz = rng.normal(0, 20, (count, 3))
    xyz[::1000] = np.nan
    ring, row = np.arange(count) % 64, np.arange(count) // 64
    return Scene(xyz, {"range": np.linalg.norm(xyz, axis=1)}, ring, row, None, True, 0.0, [])


def test_many_points_are_thinned_evenly():
    scene = cloud(600_000)
    chosen = thinned(scene)
    assert len(chosen) == MOST_DRAWN
    assert np.isfinite(scene.xyz[chosen]).all()
    assert set(np.unique(np.diff(chosen))) <= {2, 3, 4, 5}
    assert (image_of(scene, chosen) > 0).mean() > 0.9
    assert len(json.dumps(drawn(scene, True))) < 4_500_000


def test_few_points_are_all_there():
    scene = cloud(5000)
    image = image_of(scene, thinned(scene))
    assert image.shape == (64, 79)
    assert np.count_nonzero(image) == 4995
    assert sorted(image[image > 0]) == list(range(1, 4996))


def test_colours_go_by_steps():
    values = np.array([np.nan, 0, 5, 10, 1000])
    channel = channel_of("intensity", np.concatenate([values, np.linspace(0, 10, 1000)]))
    codes = channel.codes
    assert codes[0] == 0
    assert list(codes[:5]) == sorted(codes[:5])
    assert codes[4] == STEPS + 1
    assert (channel.colours()[0] == table_of("intensity")[0]).all()


def test_errors_of_nothing_stand_apart_from_small_ones():
    channel = channel_of("error", np.array([0.0, 1e-6, 1e-3, np.nan]))
    assert channel.codes[0] == 1
    assert channel.codes[3] == 0
    assert 2 <= channel.codes[1] < channel.codes[2]


@pytest.mark.parametrize(
    ("metres", "words"), [(4.1, "4.1 m"), (0.426, "42.6 cm"), (0.002, "2 mm"), (1.2e-5, "12 µm"), (3e-9, "3 nm")]
)
def test_lengths(metres, words):
    assert length(metres) == words


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (999, "999 B"), (1850000, "1.85 MB")])
def test_bytes(size, words):
    assert in_bytes(size) == words


def test_streams_add_up():
    told_ = streams({"range": 900, "flags": 50, "order": 1}, 1000)
    assert sum(each["bytes"] for each in told_) == 1000
    assert [each["name"] for each in told_] == ["range", "flags", "container", "others"]


def test_a_png_is_the_image():
    image = np.random.default_rng(1).integers(0, 256, (7, 11, 3)).astype(np.uint8)
    png = to_png(image)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, chunks = 8, b"", []
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        part = png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + part)
        chunks.append(kind)
        body += part if kind == b"IDAT" else b""
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(7, 34)
    assert chunks == [b"IHDR", b"IDAT", b"IEND"]
    assert not rows[:, 0].any()
    assert (rows[:, 1:].reshape(7, 11, 3) == image).all()


def test_a_picture_shows_the_points(sweep):
    png = report.png_of_file(sweep)
    width, height = struct.unpack_from(">2I", png, 16)
    assert width == 1600
    assert 800 < height < 1600
    with pytest.raises(FormatError, match="no points in it to draw"):
        report.png_of_file(__file__)


def test_a_table_sums_up_what_did_not_fail():
    row = {
        "points": 10,
        "bytes": 100,
        "packed": 20,
        "ratio": 5.0,
        "bits": 16.0,
        "codec": "sweep",
        "why": "a",
        "streams": {"range": 15},
    }
    failed = {
        **dict.fromkeys(("points", "bytes", "packed", "ratio", "bits")),
        "codec": "failed",
        "why": "b",
        "failed": True,
    }
    data = told("t", [{**row, "name": "a"}, {**row, "name": "b", "codec": "floats"}, {**failed, "name": "c"}], "folder")
    assert "1 failed" in data["sentence"]
    assert "sweep took 1" in data["sentence"]
    assert data["tiles"][0]["value"] == "40 B"
    assert sum(stream["bytes"] for stream in data["streams"]) == 40
    assert len(data["files"]) == 3


@pytest.mark.parametrize("content", [b"", b"x", np.ones((1, 4), np.float32).tobytes()])
def test_hardly_anything(tmp_path, content):
    path = tmp_path / "little.bin"
    path.write_bytes(content)
    data = numbers_of(report.page_of_file(path))
    assert data["tiles"][0]["note"] == f"of {len(content)} B"
    assert bool(data["rivals"]) == bool(content)


def test_two_sensors_in_one_file(tmp_path):
    path = tmp_path / "pair.bin"
    path.write_bytes(simulator.vlp32c_pair(1))
    data = numbers_of(report.page_of_file(path, rivals=False))
    assert "2 scans in one file" in data["sentence"]
    assert len(data["rings"]) == 64
    assert ["Part 2 of 2", ""] in data["found"]


def test_a_folder_with_a_laz(tmp_path):
    (tmp_path / "a.laz").write_bytes(b"not really, but by its name")
    data = numbers_of(report.page_of_files([str(tmp_path / "a.laz")], "t"))
    assert "--expand" in data["files"][0]["why"]
    assert data["tiles"][2]["value"] == "—"


def test_the_other_codecs_sizes(tmp_path):
    """Of one file beside the others, of several in the table; none where there are no points."""
    (tmp_path / "a.bin").write_bytes(harness.sample("nuscenes_part"))
    (tmp_path / "b.txt").write_bytes(harness.sample("text"))
    (tmp_path / "c.lizip").write_bytes(lizip.compress(harness.sample("tree")))
    floats = lizip.compress(harness.sample("nuscenes_part"), codec="floats")
    one = numbers_of(report.page_of_file(tmp_path / "a.bin", rivals=False, codecs=True))
    sizes_of = {row["name"]: row["size"] for row in one["rivals"]}
    assert sizes_of["lizip --codec floats"] == len(floats) > sizes_of["lizip"]
    assert "lizip --codec sweep" not in sizes_of
    paths = [str(tmp_path / name) for name in ("a.bin", "b.txt", "c.lizip")]
    data = numbers_of(report.page_of_files(paths, "three", codecs=True))
    assert [column["key"] for column in data["fileColumns"]][-3:] == ["codec", "next", "why"]
    next_codecs = [row["next"] for row in data["files"]]
    assert next_codecs[0] == f"floats, {in_bytes(len(floats))}"
    assert next_codecs[1] == "none"
    assert {data["files"][2]["codec"], next_codecs[2].split(",")[0]} == {"floats", "octree"}
    assert "next" not in {column["key"] for column in numbers_of(report.page_of_files(paths, "three"))["fileColumns"]}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.lizip")), ids=lambda path: path.stem)
def test_every_kind_of_file_has_a_row(path):
    """Whatever codec and format it has, also where several are in one."""
    (row,) = numbers_of(report.page_of_files([str(path)], "one"))["files"]
    assert not row.get("failed")
    assert row["codec"] == lizip.info(path)["codec"]
    assert row["why"]


@pytest.mark.parametrize(
    "name", ["tree.octree", "log.floats", "packets.floats", "table.floats", "image.image", "empty.opaque"]
)
def test_every_kind_of_file_has_a_page(name):
    data = numbers_of(report.page_of_file(GOLDEN / f"{name}.lizip", rivals=False))
    assert data["title"] == f"{name}.lizip"
    assert data["found"][0][0] == "Why"


def test_hundreds_of_files_are_a_small_page(tmp_path):
    with lizip.PackWriter(tmp_path / "many.lizips", every=1) as pack:
        packed = lizip.compress(harness.sample("nuscenes_part"))
        for number in range(500):
            pack.add_packed(f"drive/{number:06}.bin", packed)
    assert len(report.page_of_pack(str(tmp_path / "many.lizips"))) < 500_000
