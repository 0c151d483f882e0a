from __future__ import annotations

import io
import json
import os

import laspy
import numpy as np
import pytest

import lizip
from lizip import checked, simulator


def test_there_and_back(lizip_command, scan):
    before = scan.read_bytes()
    done = lizip_command("compress", scan)
    assert (done.status, done.out) == (0, b"")
    assert done.err.startswith("1 file compressed: 6.00 kB raw")
    packed = scan.with_name("scan.bin.lizip")
    assert lizip.decompress(packed.read_bytes()) == before
    scan.unlink()
    assert lizip_command("decompress", "-q", packed).err == ""
    assert scan.read_bytes() == before
    assert packed.exists()


def test_output_file_and_folder(lizip_command, scan, tmp_path, content):
    assert lizip_command("compress", scan, "-o", tmp_path / "x").status == 0
    assert lizip_command("compress", scan, "-o", f"{tmp_path}/new/").status == 0
    assert lizip_command("compress", scan, "-o", tmp_path / "new" / "deep" / "y.lizip").status == 0
    assert list(content(tmp_path)) == ["new/deep/y.lizip", "new/scan.bin.lizip", "scan.bin", "x"]
    assert lizip_command("decompress", tmp_path / "x", "-o", tmp_path / "back").status == 0
    assert (tmp_path / "back").read_bytes() == scan.read_bytes()


def test_folder_is_mirrored_there_and_back(lizip_command, tree, tmp_path, content):
    assert lizip_command("compress", "-r", tree, "-o", tmp_path / "packed").status == 0
    assert list(content(tmp_path / "packed")) == ["a.bin.lizip", "one/b.bin.lizip", "one/two/c.txt.lizip"]
    assert lizip_command("decompress", "-r", tmp_path / "packed", "-o", tmp_path / "back").status == 0
    assert content(tmp_path / "back") == content(tree)


def test_folder_in_place_leaves_out_what_is_done(lizip_command, tree, content):
    before = content(tree)
    assert lizip_command("compress", "-r", "--rm", tree).status == 0
    assert list(content(tree)) == ["a.bin.lizip", "one/b.bin.lizip", "one/two/c.txt.lizip"]
    assert lizip_command("compress", "-r", tree).status == 2
    assert lizip_command("decompress", "-r", "--rm", tree).status == 0
    assert content(tree) == before


def test_include(lizip_command, tree, content):
    assert lizip_command("compress", "-r", "--include", "*.bin", "--include", "one/two/*", tree).status == 0
    assert sum(name.endswith(".lizip") for name in content(tree)) == 3
    assert lizip_command("compress", "--include", "*.bin", tree / "a.bin").status == 2


def test_patterns(lizip_command, tree):
    assert lizip_command("compress", f"{tree}/*.bin").status == 0
    assert lizip_command("compress", f"{tree}/**/*.txt").status == 0
    assert (tree / "one/two/c.txt.lizip").exists()
    done = lizip_command("compress", f"{tree}/*.las")
    assert done.status == 2
    assert "no file matches" in done.err


def test_a_name_that_looks_like_a_pattern(lizip_command, scan):
    odd = scan.rename(scan.with_name("scan[1].bin"))
    assert lizip_command("compress", odd).status == 0
    assert odd.with_name("scan[1].bin.lizip").exists()


def test_existing_target(lizip_command, scan):
    packed = scan.with_name("scan.bin.lizip")
    packed.write_bytes(b"precious")
    done = lizip_command("compress", scan)
    assert done.status == 1
    assert done.lines == [f"lizip: {packed}: exists already; give force (-f) to replace it"]
    assert packed.read_bytes() == b"precious"
    assert lizip_command("compress", "-f", scan).status == 0
    assert packed.read_bytes() != b"precious"


def test_resume(lizip_command, tree, content):
    assert lizip_command("compress", tree / "a.bin").status == 0
    stamp = (tree / "a.bin.lizip").stat().st_ino
    done = lizip_command("compress", "-r", "-v", tree)
    assert done.status == 0
    assert (tree / "a.bin.lizip").stat().st_ino == stamp
    assert "skipped" in done.lines[0]
    assert "1 done already" in done.lines[-1]
    assert sum(name.endswith(".lizip") for name in content(tree)) == 3


@pytest.mark.parametrize("damage", ["other", "alike", "flipped", "cut", "foreign"])
def test_resume_does_not_trust_names(lizip_command, tree, damage):
    packed = tree / "a.bin.lizip"
    whole = lizip.compress((tree / "a.bin").read_bytes())
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    packed.write_bytes(
        {
            "other": lizip.compress(b"other"),
            "alike": lizip.compress(bytes(900)),
            "flipped": flipped,
            "cut": whole[:-9],
            "foreign": b"precious",
        }[damage]
    )
    kept = packed.read_bytes()
    done = lizip_command("compress", "-r", "--rm", tree)
    assert done.status == 1
    assert "exists already and is not what" in done.lines[0]
    assert "-f" in done.lines[0]
    assert packed.read_bytes() == kept
    assert (tree / "a.bin").exists()
    assert not (tree / "one/b.bin").exists(), "the others were done"


def test_resume_removes_only_after_decoding(lizip_command, tree):
    assert lizip_command("compress", "-r", tree).status == 0
    assert lizip_command("compress", "-r", "--rm", tree).status == 0
    assert not (tree / "a.bin").exists()
    assert lizip_command("decompress", "-r", tree).status == 0
    assert lizip_command("decompress", "-r", "--rm", tree).status == 0
    assert not (tree / "a.bin.lizip").exists()
    assert (tree / "a.bin").exists()


def test_batch_goes_on_after_a_bad_file(lizip_command, tree):
    done = lizip_command("compress", tree / "nothing.bin", tree / "a.bin", tree / "one/b.bin", "--json")
    assert done.status == 1
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [record["status"] for record in records] == ["failed", "done", "done"]
    assert done.lines == [
        f"lizip: {tree}/nothing.bin: No such file or directory",
        "lizip: 1 of 3 files failed:",
        f"  {tree}/nothing.bin",
    ]


def test_batch_with_a_damaged_file(lizip_command, tree):
    assert lizip_command("compress", "-r", "--rm", tree).status == 0
    packed = bytearray((tree / "a.bin.lizip").read_bytes())
    packed[20] ^= 4
    (tree / "a.bin.lizip").write_bytes(packed)
    for verb in ("verify", "decompress"):
        done = lizip_command(verb, "-r", tree)
        assert done.status == 3
        assert len(done.lines) == 4
        assert "damaged" in done.lines[0]
    assert not (tree / "a.bin").exists()
    assert (tree / "one/b.bin").exists()


def test_two_files_for_one_target(lizip_command, tree, tmp_path):
    (tree / "one/a.bin").write_bytes(b"another")
    done = lizip_command("compress", tree / "a.bin", tree / "one/a.bin", "-o", tmp_path / "out")
    assert done.status == 1
    assert "do them apart" in done.err
    assert not (tmp_path / "out").exists()


def test_one_file_named_twice_is_done_once(lizip_command, scan):
    done = lizip_command("compress", scan, scan, "--json")
    assert done.status == 0
    assert len(done.out.splitlines()) == 1


def test_dry_run(lizip_command, tree, content):
    before = content(tree)
    done = lizip_command("compress", "-r", "-n", tree, "-o", "far")
    assert done.status == 0
    assert done.out.decode().splitlines()[0] == f"compress {tree}/a.bin -> far/a.bin.lizip"
    assert content(tree) == before


def test_json(lizip_command, scan):
    record = json.loads(lizip_command("compress", "--json", scan).out)
    assert record["source"] == str(scan)
    assert record["target"] == f"{scan}.lizip"
    assert (record["status"], record["bytes"], record["codec"]) == ("done", 6000, "opaque")
    assert record["compressed_bytes"] == os.path.getsize(record["target"])
    assert record["hash"] == lizip.info(record["target"])["hash"]


def test_verbose(lizip_command, scan):
    done = lizip_command("compress", "-v", scan)
    assert done.lines[0].startswith(f"{scan} -> {scan}.lizip: done, 6.00 kB raw")


def test_fields(lizip_command, tmp_path):
    path = tmp_path / "points.bin"
    path.write_bytes(np.arange(60, dtype="<f4").tobytes())
    assert lizip_command("compress", "--fields", 5, "--codec", "floats", path).status == 0
    assert len(lizip.info(f"{path}.lizip")["fields"]) == 5
    assert lizip_command("compress", "-f", "--fields", 65, path).status == 2


def test_levels(lizip_command, scan, monkeypatch):
    seen = []
    encode = checked.encode
    monkeypatch.setattr(
        "lizip.checked.encode", lambda data, options, *rest: seen.append(options.level) or encode(data, options, *rest)
    )

    for flags in ([], ["--fast"], ["--max"], ["--level", "fast"], ["--fast", "--level", "fast"]):
        assert lizip_command("compress", "-f", *flags, scan).status == 0
    assert seen == ["default", "fast", "max", "fast", "fast"]
    assert lizip_command("compress", "--fast", "--max", scan).status == 2
    assert lizip_command("compress", "--level", "best", scan).status == 2


def test_removal_needs_the_check(lizip_command, scan):
    done = lizip_command("compress", "--rm", "--no-check", scan)
    assert done.status == 2
    assert "--rm needs the check" in done.err
    assert scan.exists()


@pytest.mark.parametrize("verb", ["decompress", "verify", "info"])
def test_what_is_no_lizip_file(lizip_command, scan, verb):
    odd = scan.rename(scan.with_name("scan.lizip"))
    done = lizip_command(verb, odd)
    assert done.status == 1
    assert done.lines == [f"lizip: {odd}: not a .lizip file"]


def test_decompress_needs_a_name(lizip_command, scan):
    packed = scan.with_name("packed")
    assert lizip_command("compress", scan, "-o", packed).status == 0
    done = lizip_command("decompress", packed)
    assert done.status == 1
    assert "does not end in .lizip" in done.err
    assert lizip_command("decompress", packed, "-c").out == scan.read_bytes()


def test_urls(lizip_command, scan):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/cli/logs/x.bin", scan.read_bytes())
    memory.pipe_file("/cli/logs/deep/y.bin", b"y" * 999)
    try:
        assert lizip_command("compress", "-r", "memory://cli/logs", "-o", "memory://cli/packed").status == 0
        assert sorted(memory.find("/cli/packed")) == ["/cli/packed/deep/y.bin.lizip", "/cli/packed/x.bin.lizip"]
        done = lizip_command("decompress", "-c", "memory://cli/packed/x.bin.lizip")
        assert done.out == scan.read_bytes()
        assert lizip_command("verify", "memory://cli/packed/*.lizip").status == 0
        assert lizip_command("info", "memory://cli/packed/deep/y.bin.lizip").status == 0
    finally:
        memory.rm("/cli", recursive=True)


@pytest.fixture
def laz(tmp_path):
    """A LAZ file and its content as laspy writes it."""
    content = simulator.airborne_las(1, pulses=300)
    path = tmp_path / "tile.laz"
    laspy.read(io.BytesIO(content)).write(path)
    return path


def test_laz_is_said_to_be_compressed(lizip_command, laz):
    done = lizip_command("compress", "--codec", "opaque", laz)
    assert done.status == 0
    assert "--expand" in done.lines[0]
    assert lizip.decompress(laz.with_name("tile.laz.lizip").read_bytes()) == laz.read_bytes()


def test_expand(lizip_command, laz, content):
    (laz.parent / "other.bin").write_bytes(b"other")
    for status in ("done", "skipped"):
        done = lizip_command("compress", "--expand", "-r", "-v", laz.parent)
        assert done.status == 0
        assert status in done.lines[1]
        assert list(content(laz.parent)) == ["other.bin", "other.bin.lizip", "tile.las.lizip", "tile.laz"]
    packed = laz.parent / "tile.las.lizip"
    with lizip.open(packed) as file:
        assert file.read(4) == b"LASF"
    expected = laspy.read(laz).points.array
    assert laspy.read(lizip.open(packed)).points.array.tobytes() == expected.tobytes()


def test_expand_refusals(lizip_command, laz):
    assert lizip_command("compress", "--expand", "--rm", laz).status == 2
    assert lizip_command("compress", "--expand", "-c", laz).status == 2
    laz.write_bytes(laz.read_bytes()[:300])
    done = lizip_command("compress", "--expand", laz)
    assert done.status == 1
    assert "cannot be expanded" in done.err
    assert os.listdir(laz.parent) == ["tile.laz"]
