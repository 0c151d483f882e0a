"""`lizip models export`, and what `lizip verify` says of models."""

from __future__ import annotations

import json

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
