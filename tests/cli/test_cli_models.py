"""`lizip models export`, and what `lizip verify` says of models."""

from __future__ import annotations

import json
import re

import harness

import lizip
from lizip import simulator


def test_verify_names_what_was_needed_and_export_has_it(tmp_path, lizip_command):
    for number in range(2):
        (tmp_path / f"{number}.lizip").write_bytes(lizip.compress(simulator.nuscenes(number, firings=200)))
    (tmp_path / "plain.lizip").write_bytes(lizip.compress(b"plain"))
    told = lizip_command("verify", "--json", tmp_path / "0.lizip", tmp_path / "plain.lizip")
    first, plain = map(json.loads, told.out.splitlines())
    assert {each["kind"] for each in first["needs"]} == {"predictor", "profile"}
    assert "needs" not in plain
    said = lizip_command("verify", "-r", tmp_path, "-T", "2").err
    exported = lizip_command("models", "export", tmp_path / "models").out.decode().splitlines()
    assert said.count("needed to decode") == 1
    for each in first["needs"]:
        line = f"{each['kind']} {each['name']} ({each['hash']})"
        assert line in said
        assert line in exported
    assert "needed" not in lizip_command("verify", tmp_path / "plain.lizip").err


def test_a_pack_is_named_as_a_whole(tmp_path, lizip_command):
    with lizip.PackWriter(tmp_path / "drive.lizips") as pack:
        pack.add("a.bin", simulator.nuscenes(1, firings=200))
    assert "profile hdl32e-nuscenes" in lizip_command("verify", tmp_path / "drive.lizips").err


def test_a_folder_in_the_way(tmp_path, lizip_command):
    (tmp_path / "file").write_bytes(b"")
    done = lizip_command("models", "export", tmp_path / "file")
    assert done.status == 1
    assert len(done.lines) == 1


def test_embedded(lizip_command, tmp_path):
    """Told by info, not asked for by verify; and a batch that is begun again does not pass over it."""
    (tmp_path / "a.bin").write_bytes(harness.sample("nuscenes_part"))
    assert lizip_command("compress", tmp_path / "a.bin").status == 0
    assert "needed to decode: predictor" in lizip_command("verify", tmp_path / "a.bin.lizip").err
    again = ("compress", "--embed", "-r", tmp_path, "--include", "*.bin")
    done = lizip_command(*again)
    assert done.status == 1
    assert "is not what" in done.err
    assert "give -f" in done.err
    assert lizip_command(*again, "-f").status == 0
    assert "done already" in lizip_command(*again).err
    assert "needed to decode" not in lizip_command("verify", tmp_path / "a.bin.lizip").err
    assert re.search(rb"\n  embedded +predictor spinning-1 \(", lizip_command("info", tmp_path / "a.bin.lizip").out)
    with harness.without_models():
        assert lizip_command("verify", tmp_path / "a.bin.lizip").status == 0
        assert lizip_command("decompress", "-f", tmp_path / "a.bin.lizip").status == 0


def test_embedded_in_a_pack(lizip_command, tmp_path):
    """Of files and of .lizip files that do not carry theirs yet."""
    folder, pack = tmp_path / "in", tmp_path / "x.lizips"
    folder.mkdir()
    for i in range(2):
        (folder / f"{i}.bin").write_bytes(harness.sample("nuscenes_part"))
    assert lizip_command("compress", "--rm", folder / "1.bin").status == 0
    assert lizip_command("pack", "--embed", folder, "-o", pack).status == 0
    assert "needed to decode" not in lizip_command("verify", pack).err
    with harness.without_models():
        assert lizip_command("unpack", pack, "-o", tmp_path / "out").status == 0
        assert lizip_command("unpack", "--packed", pack, "1.bin", "-o", tmp_path / "out").status == 0
        assert lizip_command("verify", tmp_path / "out/1.bin.lizip").status == 0
    assert (tmp_path / "out/0.bin").read_bytes() == harness.sample("nuscenes_part")
