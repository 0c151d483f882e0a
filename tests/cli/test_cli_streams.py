from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import lizip
from lizip.formats import array

LIZIP = [sys.executable, "-c", "from lizip.cli import main; main()"]


def test_stdin_to_stdout(lizip_command, scan):
    packed = lizip_command("compress", "-", stdin=scan.read_bytes())
    assert (packed.status, packed.err) == (0, "")
    assert packed.out[:4] == b"\x93LZP"
    assert lizip_command("decompress", "-", stdin=packed.out).out == scan.read_bytes()


def test_streams_and_files(lizip_command, scan, tmp_path):
    packed = lizip_command("compress", "-c", scan).out
    target = tmp_path / "x.lizip"
    assert lizip_command("compress", "-", "-o", target, stdin=scan.read_bytes()).status == 0
    assert target.read_bytes() == packed
    assert lizip_command("compress", scan, "-o", "-").out == packed
    assert lizip_command("decompress", "-", "-o", tmp_path / "back", stdin=packed).status == 0
    assert (tmp_path / "back").read_bytes() == scan.read_bytes()
    assert lizip_command("decompress", "-", "-o", tmp_path / "back", stdin=packed).status == 1
    assert lizip_command("decompress", "-f", "-", "-o", tmp_path / "back", stdin=packed).status == 0


def test_several_to_stdout(lizip_command, tree):
    assert lizip_command("compress", "-c", tree / "a.bin", tree / "one/b.bin").status == 2
    assert lizip_command("compress", "-r", tree).status == 0
    both = lizip_command("decompress", "-c", tree / "a.bin.lizip", tree / "one/b.bin.lizip").out
    assert both == (tree / "a.bin").read_bytes() + (tree / "one/b.bin").read_bytes()


def test_an_array_comes_out_as_npy(lizip_command):
    points = np.arange(40.0).reshape(10, 4)
    out = lizip_command("decompress", "-", stdin=lizip.compress(points)).out
    assert array.from_bytes(out).tolist() == points.tolist()


@pytest.mark.parametrize("flags", [["--rm"], ["--manifest", "x"], ["-r"], ["-o", "x"]])
def test_options_that_need_files(lizip_command, scan, flags):
    assert lizip_command("compress", "-c", *flags, scan).status == 2
    assert scan.exists()


def test_stdin_stands_alone(lizip_command, scan):
    assert lizip_command("compress", "-", scan, stdin=b"x").status == 2


def test_damage_on_stdin(lizip_command, scan):
    packed = lizip_command("compress", "-", stdin=scan.read_bytes()).out
    for verb in ("decompress", "verify", "info"):
        done = lizip_command(verb, "-", stdin=packed[:-1])
        assert done.status == 3
        assert len(done.lines) == 1
    assert lizip_command("verify", "-", stdin=packed).status == 0
    assert b"opaque" in lizip_command("info", "-", stdin=packed).out


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_never_to_a_terminal(scan):
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            [*LIZIP, "compress", "-c", scan], stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert done.returncode == 2
        assert "terminal" in done.stderr
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        os.close(ours)
        os.close(theirs)


def test_reader_that_goes_away(tmp_path):
    """As in `lizip decompress -c x.lizip | head -c 1`: no traceback."""
    packed = tmp_path / "x.lizip"
    packed.write_bytes(lizip.compress(bytes(range(256)) * 20000, codec="opaque"))
    process = subprocess.Popen([*LIZIP, "decompress", "-c", packed], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 1)
    assert message == b""


def test_a_real_pipe(scan):
    command = f"{LIZIP[0]} -c '{LIZIP[2]}'"
    pipe = f"{command} compress - < {scan} | {command} decompress - | cmp - {scan}"
    subprocess.run(pipe, shell=True, check=True)
