from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

import lizip
from lizip import simulator
from lizip.bench import demo
from lizip.cli import VERBS, cli

LIZIP = [sys.executable, "-c", "from lizip.cli import main; main()"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb(lizip_command, verb):
    done = lizip_command(verb, "--help")
    assert done.status == 0
    assert f"Usage: lizip {verb}".encode() in done.out
    assert all(len(line) <= 80 for line in done.out.decode().splitlines())


def test_help_names_every_verb(lizip_command):
    out = lizip_command("--help").out.decode()
    assert all(f"\n  {verb} " in out for verb in VERBS)
    assert "..." not in out.split("Commands:")[1], "short helps are whole"


def test_version(lizip_command):
    assert lizip_command("--version").out == f"lizip {lizip.__version__}\n".encode()


def test_usage_errors(lizip_command):
    for arguments in (["compres", "x"], ["compress"], ["compress", "--nothing", "x"], ["verify"], ["-T"]):
        done = lizip_command(*arguments)
        assert done.status == 2
        assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [[], ["--level", "best", "x"], ["--fields", "x", "x"]])
def test_what_is_wrong_is_said_once(lizip_command, arguments):
    words = lizip_command("compress", *arguments).lines[-1].split()
    assert words[:2] in (["Error:", "Missing"], ["Error:", "Invalid"])
    assert words.count(words[1]) == 1


def test_no_words_at_all_get_the_help(lizip_command):
    done = lizip_command()
    assert {"Usage:", "Commands:"} <= {line.split(" ")[0] for line in (done.out.decode() + done.err).splitlines()}


def test_traceback_only_when_asked(lizip_command, tmp_path):
    assert "Traceback" not in lizip_command("compress", "-v", tmp_path / "no").err
    assert "Traceback" in lizip_command("compress", "-vv", tmp_path / "no").err


@pytest.mark.parametrize("arguments", [["--help"], ["compress", "--help"], ["info", "FILE"]])
def test_light(scan, arguments):
    """`--help` and `info` load nothing heavy."""
    packed = f"{scan}.lizip"
    lizip.compress_file(scan, packed)
    code = (
        "import sys\nfrom lizip.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'numpy', 'numba', 'torch', 'constriction', 'laspy', 'zstandard', 'tqdm', 'fsspec'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    arguments = [packed if each == "FILE" else each for each in arguments]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)


def test_info(lizip_command, tmp_path):
    path = tmp_path / "points.bin.lizip"
    path.write_bytes(lizip.compress(simulator.kitti(1, firings=40), codec="floats"))
    text = lizip_command("info", path).out.decode()
    for word in ("bin", "points", "x:f4", "floats", "bits a point", "XXH3-128"):
        assert word in text
    assert len({line.index("bits a point") for line in text.splitlines() if line.startswith("    ")}) == 1, "aligned"
    assert json.loads(lizip_command("info", "--json", path).out) == {
        "path": str(path),
        **json.loads(json.dumps(lizip.info(path))),
    }


def test_info_of_many(lizip_command, tree):
    lizip_command("compress", "-r", tree)
    (tree / "bad.lizip").write_bytes(b"nothing")
    done = lizip_command("info", "-r", "--json", tree)
    assert done.status == 1
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [record.get("status") for record in records] == [None, "failed", None, None]
    assert records[1]["message"] == f"{tree}/bad.lizip: not a .lizip file"
    assert done.lines == [f"lizip: {tree}/bad.lizip: not a .lizip file"]


def test_a_round_over_few_files_may_have_empty_parts(lizip_command, scan, tmp_path):
    lizip_command("compress", scan, "-o", tmp_path / "kept/scan.bin.lizip")
    parts = [lizip_command("verify", "-r", tmp_path / "kept", "--subset", f"{part}/5") for part in range(1, 6)]
    assert {done.status for done in parts} == {0}
    assert sum("1 file verified" in done.err for done in parts) == 1
    assert sum("none of 1 files is in part" in done.err for done in parts) == 4
    assert lizip_command("verify", "-r", tmp_path / "kept", "--subset", "1/5", "--include", "*.no").status == 2


def test_verify_against(lizip_command, scan, tree):
    packed = f"{scan}.lizip"
    lizip_command("compress", scan)
    assert lizip_command("verify", packed).status == 0
    assert lizip_command("verify", packed, "--against", scan).status == 0
    done = lizip_command("verify", packed, "--against", tree / "a.bin")
    assert done.status == 3
    assert "differs" in done.err
    assert lizip_command("verify", packed, packed, "--against", scan).status == 0, "the same file twice is one"
    lizip_command("compress", "-r", tree)
    assert lizip_command("verify", "-r", tree, "--against", scan).status == 2


def test_manifest(lizip_command, tree, tmp_path):
    listing = tmp_path / "list.jsonl"
    assert (
        lizip_command("compress", tree / "no.bin", tree / "a.bin", tree / "one/b.bin", "--manifest", listing).status
        == 1
    )
    records = [json.loads(line) for line in listing.read_text().splitlines()]
    assert [record.get("status") for record in records] == [None, "failed", "done", "done"]
    done = lizip_command("verify", "--manifest", listing)
    assert done.status == 1, "what failed then fails still"
    assert done.lines[0].startswith(f"lizip: {tree}/no.bin: failed when the manifest was made")
    lizip_command("compress", "-r", tree, "--manifest", listing)
    assert lizip_command("verify", "--manifest", listing).status == 0
    (tree / "a.bin.lizip").write_bytes(lizip.compress(b"another, whole file"))
    done = lizip_command("verify", "--manifest", listing)
    assert done.status == 3
    assert "not the file that the manifest names" in done.err
    assert lizip_command("verify", "--manifest", listing, tree / "a.bin.lizip").status == 2
    assert lizip_command("verify", "--manifest", tree / "a.bin").status == 1


def test_manifest_replaces_only_manifests(lizip_command, tree, scan):
    done = lizip_command("compress", "-r", tree, "--manifest", scan)
    assert done.status == 1
    assert "not a manifest" in done.err
    assert scan.stat().st_size == 6000


def test_workers_give_the_same(lizip_command, tree, tmp_path, content):
    one = lizip_command("compress", "-r", tree, "-o", tmp_path / "1", "--json")
    two = lizip_command("compress", "-r", tree, "-o", tmp_path / "2", "--json", "-T", 2)
    assert two.status == 0
    assert content(tmp_path / "1") == content(tmp_path / "2")
    order = [[json.loads(line)["source"] for line in each.out.splitlines()] for each in (one, two)]
    assert order[0] == order[1]


def test_bench(lizip_command, tmp_path):
    path = tmp_path / "sweep.bin"
    path.write_bytes(simulator.kitti(1, firings=60))
    done = lizip_command("bench", path, "--seconds", 0, "--rivals", "lizip --fast,gzip,zstd,laszip", "-q")
    assert (done.status, done.err) == (0, "")
    table = done.out.decode()
    for word in ("lizip --fast", "gzip -9", "zstd -19", "LASzip*", "LASzip is not lossless; it loses:", "x 10 Hz"):
        assert word in table
    done = lizip_command("bench", path, "--seconds", 0, "--rivals", "gzip", "--json")
    record = json.loads(done.out)
    assert (record["rival"], record["lossless"], record["files"]) == ("gzip -9", True, 1)
    assert record["encode"]["times_10hz"] == pytest.approx(100 / record["encode"]["p50_ms"])
    assert lizip_command("bench", path, "--rivals", "nobody").status == 2


def test_bench_of_what_a_rival_cannot_take(lizip_command, scan):
    done = lizip_command("bench", scan, "--seconds", 0, "--rivals", "gzip,laszip", "-q")
    assert done.status == 0
    assert b"LASzip cannot take 1" in done.out


def test_demo(lizip_command, tmp_path, monkeypatch):
    small = {"kitti.bin": ("made up", partial(simulator.kitti, 1, firings=60))}
    monkeypatch.setattr(demo, "SAMPLES", small)
    done = lizip_command("demo", "--keep", tmp_path / "kept")
    assert done.status == 0
    out = done.out.decode()
    assert out.count("byte for byte") == 2
    assert "LASzip loses" in out
    assert (tmp_path / "kept/kitti.bin").read_bytes() == (tmp_path / "kept/back-kitti.bin").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_leaves_nothing(tmp_path, number, status, workers):
    """A signal to the command alone, amid a batch."""
    for name in "abc":
        (tmp_path / name).write_bytes(os.urandom(24 << 20).translate(bytes(range(16)) * 16))  # slow to code
    command = [*LIZIP, "compress", "--codec", "opaque", "-T", str(workers), "-r", os.fspath(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(os.listdir(tmp_path)) < 3 + workers and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(os.listdir(tmp_path)) >= 3 + workers
    process.send_signal(number)
    _, message = process.communicate(timeout=60)
    assert process.returncode == status
    assert b"Traceback" not in message
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]
    assert {"a", "b", "c"} <= set(os.listdir(tmp_path))


def test_commands_can_be_had_from_python():
    assert set(cli.list_commands(None)) == set(VERBS)
    assert cli.get_command(None, "nothing") is None
