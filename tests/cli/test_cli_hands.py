"""The command line in rough hands: odd files in trees, odd names, closed streams, two runs at a time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import lizip
from lizip import checked, storage
from lizip.batch import find, plan, run

LIZIP = [sys.executable, "-m", "lizip"]


def without_note(err: str) -> str:
    """Messages but the one of the first compilation on a machine."""
    return "".join(line for line in err.splitlines(keepends=True) if "compiling for this machine" not in line)


def shell(script: str, **options):
    """Run a shell script in which `lizip` is this one."""
    function = f'lizip() {{ "{sys.executable}" -m lizip "$@"; }}\n'
    environment = os.environ | {"PYTHONPATH": str(Path(lizip.__file__).parents[1])}
    command = ["bash", "-c", function + script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, **options)
    done.stderr = without_note(done.stderr)
    return done


def test_what_cannot_be_taken_is_named_and_counts(lizip_command, tree, content):
    os.mkfifo(tree / "pipe.bin")
    (tree / "gone.bin").symlink_to("nowhere")
    (tree / "round.bin").symlink_to("round.bin")
    for workers in (1, 2):
        done = lizip_command("compress", "-r", tree, "--json", "-T", workers)
        assert done.status == 1
        records = {json.loads(line)["source"]: json.loads(line) for line in done.out.splitlines()}
        assert sum(record["status"] in ("done", "skipped") for record in records.values()) == 3
        assert f"lizip: {tree}/gone.bin: the link leads nowhere" in done.lines
        assert f"lizip: {tree}/pipe.bin: is a pipe, not a file" in done.lines
        assert f"lizip: {tree}/round.bin: Too many levels of symbolic links" in done.lines
    assert lizip_command("verify", "-r", tree).status == 1, "a link that cannot be followed may lead anywhere"
    (tree / "round.bin").unlink()
    assert lizip_command("verify", "-r", tree).status == 0, "the others are none of its kind"


def test_unreadable_folders(tree):
    (tree / "one").chmod(0)
    try:
        entries = storage.files_below(tree)
        if any(entry.path.startswith(f"{tree}/one/") for entry in entries):
            drop = "setpriv --bounding-set=-all "
            done = shell(f'{drop}"{sys.executable}" -m lizip compress -r {tree} --codec opaque')
            if "setpriv" in done.stderr:
                pytest.skip("root reads everything here, and cannot help it")
        else:
            done = shell(f"lizip compress -r {tree} --codec opaque")
    finally:
        (tree / "one").chmod(0o755)
    assert done.returncode == 1
    assert f"lizip: {tree}/one: Permission denied" in done.stderr.splitlines()
    assert (tree / "a.bin.lizip").exists()


def test_links_to_folders(lizip_command, tree, tmp_path):
    (tmp_path / "far").mkdir()
    (tree / "out").symlink_to(tmp_path / "far")
    (tree / "in").symlink_to(tree / "one")
    done = lizip_command("compress", "-r", tree)
    assert done.status == 0
    assert done.lines[0] == f"lizip: warning: {tree}/out: links to folders are not followed"
    assert len(done.lines) == 2, "what lies inside is done anyway"


def test_a_tree_of_one_file_is_mirrored_and_resumed(lizip_command, tmp_path, content):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.bin").write_bytes(b"a" * 500)
    for told in ("1 file compressed", "nothing to do: 1 file done already"):
        done = lizip_command("compress", "-r", tmp_path / "one", "-o", tmp_path / "archive")
        assert done.status == 0
        assert done.lines[0].startswith(told)
    assert list(content(tmp_path / "archive")) == ["a.bin.lizip"]
    assert lizip_command("decompress", "-r", tmp_path / "archive", "-o", tmp_path / "back").status == 0
    assert list(content(tmp_path / "back")) == ["a.bin"]


def test_files_named_by_hand_are_tried_or_refused(lizip_command, tree):
    lizip_command("compress", tree / "a.bin")
    packed, other = tree / "a.bin.lizip", tree / "one/b.bin"
    done = lizip_command("verify", packed, other)
    assert done.status == 1
    assert done.lines[0] == f"lizip: {other}: not a .lizip file"
    done = lizip_command("decompress", packed, other)
    assert done.status == 1
    assert done.lines[0] == f"lizip: {other}: the name does not end in .lizip; say where to write (-o)"
    assert "1 done already" in done.lines[-1] or "nothing to do" in done.lines[-1]
    done = lizip_command("compress", packed, other)
    assert done.status == 1
    assert done.lines[0] == f"lizip: {packed}: is a .lizip file already"
    assert other.with_name("b.bin.lizip").exists()
    done = lizip_command("info", packed, other)
    assert done.status == 1
    assert b"a.bin.lizip" in done.out


def test_one_file_under_two_names_is_done_once(lizip_command, scan, monkeypatch):
    monkeypatch.chdir(scan.parent)
    done = lizip_command(
        "compress", "scan.bin", "./scan.bin", f"{scan.parent}/../{scan.parent.name}/scan.bin", "--json"
    )
    assert done.status == 0
    assert len(done.out.splitlines()) == 1


def test_manifests_and_temporaries_are_no_input(lizip_command, tree, content):
    stale = tree / f".a.bin.lizip.lizip-{'0' * 16}.tmp"
    stale.write_bytes(b"half")
    folder = tree / f".deep.lizip-{'0' * 16}.tmp"
    folder.mkdir()
    listing = tree / "one/list.json"
    listing.write_bytes(b"")
    for _ in range(2):
        assert lizip_command("compress", "-r", tree, "--manifest", listing).status == 0
        packed = [name for name in content(tree) if name.endswith(".lizip")]
        assert packed == ["a.bin.lizip", "one/b.bin.lizip", "one/two/c.txt.lizip"]
        assert not stale.exists()
        assert folder.is_dir(), "a folder is none of ours, whatever its name"
    assert lizip_command("compress", "-r", tree).status == 0, "an old manifest is none either"
    assert not (tree / "one/list.json.lizip").exists()


def test_a_temporary_that_somebody_writes_stays(lizip_command, tree):
    with storage.publishing(tree / "late.lizip") as file:
        file.write(b"not yet")
        (name,) = (name for name in os.listdir(tree) if storage.is_temporary(name))
        assert os.stat(tree / name).st_mode & 0o777 == 0o600
        assert lizip_command("compress", "-r", tree).status == 0
        assert name in os.listdir(tree)
        assert not (tree / f"{name}.lizip").exists()
    assert (tree / "late.lizip").read_bytes() == b"not yet"


@pytest.mark.parametrize("verb", ["compress", "decompress"])
@pytest.mark.parametrize("change", [None, "other", "gone"])
def test_manifests_of_both_directions_can_be_verified(lizip_command, tree, tmp_path, verb, change):
    lizip_command("compress", "-r", tree, "-o", tmp_path / "packed", "--manifest", tmp_path / "compress.list")
    lizip_command(
        "decompress", "-r", tmp_path / "packed", "-o", tmp_path / "back", "--manifest", tmp_path / "decompress.list"
    )
    victim = tmp_path / {"compress": "packed/a.bin.lizip", "decompress": "back/a.bin"}[verb]
    if change == "other":
        victim.write_bytes(lizip.compress(b"another, whole file"))
    if change == "gone":
        victim.unlink()
    done = lizip_command("verify", "--manifest", tmp_path / f"{verb}.list")
    assert done.status == {None: 0, "other": 3, "gone": 1}[change]
    assert done.lines[-1].startswith("3 files verified" if change is None else "2 files verified")


def test_manifest_of_a_decompression_that_removes(lizip_command, tree, tmp_path):
    lizip_command("compress", "-r", "--rm", tree)
    lizip_command("decompress", "-r", "--rm", tree, "--manifest", tmp_path / "list")
    assert lizip_command("verify", "--manifest", tmp_path / "list").status == 0
    (tree / "a.bin").write_bytes(b"changed")
    assert lizip_command("verify", "--manifest", tmp_path / "list").status == 3


@pytest.mark.parametrize("remove", [False, True])
@pytest.mark.parametrize("verb", ["compress", "decompress"])
def test_what_another_run_has_just_made_is_skipped(tree, monkeypatch, verb, remove):
    """The target appears between the look and the place: here the other run does all of it."""
    if verb == "decompress":
        list(run(plan("compress", find([str(tree)], True), remove=True, codec="opaque")))
    coding: dict[str, Any] = {"codec": "opaque"} if verb == "compress" else {}
    jobs = plan(verb, find([str(tree)], True), remove=remove, **coding)
    real, function = getattr(lizip, f"{verb}_file"), f"{verb}_file"

    def late(source, target, **options):
        real(source, target, **options)
        return real(source, target, **options)

    monkeypatch.setattr(lizip, function, late, raising=False)
    outcomes = list(run(jobs))
    assert [outcome.status for outcome in outcomes] == ["skipped"] * 3
    assert all(outcome.hash for outcome in outcomes)
    assert not any(storage.is_temporary(name) for _, _, names in os.walk(tree) for name in names)


def test_whatever_goes_wrong_with_a_file_is_one_line(lizip_command, tree, monkeypatch):
    class Panic(BaseException):
        """What packages written in Rust raise."""

    real = lizip.compress_file

    def fail(source, *rest, **options):
        if source.endswith("b.bin"):
            raise Panic("a\nb")
        return real(source, *rest, **options)

    monkeypatch.setattr(lizip, "compress_file", fail, raising=False)
    done = lizip_command("compress", "-r", tree)
    assert done.status == 1
    assert done.lines[0] == f"lizip: {tree}/one/b.bin: unexpected Panic: a b; please report this (-vv shows where)"
    assert (tree / "one/two/c.txt.lizip").exists()
    assert "in fail" in lizip_command("compress", "-f", "-vv", "-r", tree).err


def test_names_that_would_move_the_cursor(lizip_command, tmp_path):
    odd = tmp_path / "a\nb\x1b[31m\u202ec.bin"
    odd.write_bytes(b"x" * 100)
    shown = f"{tmp_path}/a\\nb\\x1b[31m\\u202ec.bin"
    assert lizip_command("compress", odd, "-v").lines[0].startswith(f"{shown} -> {shown}.lizip: done")
    assert lizip_command("compress", odd).lines == [
        f"lizip: {shown}.lizip: exists already; give force (-f) to replace it"
    ]
    assert lizip_command("compress", "-n", odd).out.decode() == f"compress {shown} -> {shown}.lizip\n"
    assert lizip_command("info", f"{odd}.lizip").out.decode().splitlines()[0] == f"{shown}.lizip"
    assert lizip_command("compress", f"{tmp_path}/\x1b*").lines[-1] == f"Error: {tmp_path}/\\x1b*: no file matches"
    missing = tmp_path / "no\nfile"
    records = json.loads(lizip_command("compress", "--json", missing).out)
    assert records["source"] == str(missing)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text")
def test_names_that_are_no_text(lizip_command, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.bin")
    with open(odd, "wb") as file:
        file.write(b"x" * 100)
    assert lizip_command("compress", odd, "-v").lines[0].startswith(f"{tmp_path}/\\xff.bin -> ")
    assert lizip_command("info", f"{odd}.lizip").out.decode().startswith(f"{tmp_path}/\\xff.bin.lizip")


@pytest.mark.parametrize("verb", ["compress", "decompress"])
@pytest.mark.parametrize("flags", [["-n"], ["--json"], ["--manifest", "x"], ["--rm"], ["-r"]])
def test_stdout_and_contradicting_options(lizip_command, scan, verb, flags):
    lizip_command("compress", scan)
    done = lizip_command(verb, "-c", *flags, scan if verb == "compress" else f"{scan}.lizip")
    assert (done.status, done.out) == (2, b"")


def test_objects_on_failure_too(lizip_command, scan):
    packed = lizip_command("compress", "-", stdin=scan.read_bytes()).out
    for arguments, stdin, status in (
        (["info", "--json", scan], b"", 1),
        (["info", "--json", "-"], packed[:-1], 3),
        (["verify", "--json", "-"], packed[:-1], 3),
        (["compress", "--json", scan.with_name("missing")], b"", 1),
        (["compress", "-", "--json", "-o", scan], b"x", 1),
    ):
        done = lizip_command(*arguments, stdin=stdin)
        assert done.status == status
        record = json.loads(done.out)
        assert record["status"] == "failed"
        assert record["message"]
    record = json.loads(lizip_command("verify", "--json", "-", stdin=packed).out)
    assert (record["source"], record["status"], record["bytes"]) == ("stdin", "done", 6000)
    record = json.loads(
        lizip_command("compress", "--json", "-", "-o", scan.with_name("y"), stdin=scan.read_bytes()).out
    )
    assert (record["target"], record["status"]) == (str(scan.with_name("y")), "done")


def test_streams_have_names(lizip_command, scan):
    packed = lizip_command("compress", "-c", scan).out
    for verb in ("decompress", "verify", "info"):
        assert lizip_command(verb, "-", stdin=packed[:5]).lines == ["lizip: stdin: truncated .lizip file"]
    target = scan.with_name("t")
    target.write_bytes(b"")
    done = lizip_command("compress", "-", "-o", target, stdin=b"x")
    assert done.lines == [f"lizip: {target}: exists already; give force (-f) to replace it"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
@pytest.mark.parametrize("arguments", ["compress -c scan.bin", "info x.lizip", "verify --json x.lizip"])
def test_full_stdout(scan, arguments):
    lizip.compress_file(scan, scan.with_name("x.lizip"))
    done = shell(f"lizip {arguments} > /dev/full", cwd=scan.parent)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["lizip: stdout: No space left on device"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("compress - -o y <&-", "lizip: stdin: is closed"),
        ("verify - <&-", "lizip: stdin: is closed"),
        ("compress -c scan.bin 1>&-", "lizip: stdout: is closed"),
        ("info x.lizip 1>&-", "lizip: stdout: is closed"),
        ("compress -f scan.bin -o z <&- 1>&- 2>&-", ""),
    ],
)
def test_closed_streams(scan, arguments, message):
    lizip.compress_file(scan, scan.with_name("x.lizip"))
    done = shell(f"lizip {arguments}", cwd=scan.parent)
    assert done.stderr.strip() == message
    assert done.returncode == (1 if message else 0)
    if not message:
        lizip.verify(scan.with_name("z"), scan)


def test_the_target_is_named_for_its_errors(lizip_command, scan):
    done = lizip_command("compress", scan, "-o", "/proc/nothing")
    assert done.status == 1
    assert done.lines[0].startswith("lizip: /proc/nothing: ")
    (scan.parent / "file").write_bytes(b"")
    done = lizip_command("compress", scan, "-o", scan.parent / "file" / "x.lizip")
    assert done.lines[0].startswith(f"lizip: {scan.parent}/file")


def test_json_and_bar_do_not_share_a_terminal(tree):
    ours, theirs = os.openpty()
    try:
        command = [*LIZIP, "compress", "-r", tree, "--json", "--codec", "opaque"]
        done = subprocess.run(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode == 0
        lines = os.read(ours, 1 << 16).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)
    assert [json.loads(line)["status"] for line in lines] == ["done"] * 3


def test_missing_packages_are_one_line(lizip_command, scan, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    done = lizip_command("compress", "--backend", "torch", scan)
    assert done.status == 1
    assert len(done.lines) == 1
    assert "pip install 'lizip[train]'" in done.lines[0]
    for url, word in (("s3://b/x.lizip", "pip install s3fs"), ("nonsense://x", "nonsense")):
        done = lizip_command("info", url)
        assert done.status == 1
        assert len(done.lines) == 1
        assert done.lines[0].startswith(f"lizip: {url}: ")
        assert word in done.lines[0]


def test_a_store_that_does_not_answer_costs_one_file(lizip_command, scan):
    pytest.importorskip("aiohttp")
    url = "http://127.0.0.1:9/x.bin"  # nobody listens there
    done = lizip_command("compress", url, scan)
    assert done.status == 1
    assert done.lines[0].startswith(f"lizip: {url}: ")
    assert Path(f"{scan}.lizip").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_terminal_that_goes_away(tmp_path, workers):
    for name in "abc":
        (tmp_path / name).write_bytes(os.urandom(24 << 20).translate(bytes(range(16)) * 16))  # slow to code
    command = [*LIZIP, "compress", "--codec", "opaque", "-T", str(workers), "-r", os.fspath(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(os.listdir(tmp_path)) < 3 + workers and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGHUP)
    os.kill(process.pid, signal.SIGHUP)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGHUP
    assert message == b""
    assert not any(map(storage.is_temporary, os.listdir(tmp_path)))


@pytest.mark.defective
def test_a_codec_that_fails_its_check_is_the_cause(lizip_command, scan, monkeypatch):
    real = checked.encode

    def corrupt(data, options, sink, *rest, **more):
        used = real(data, options, sink, *rest, **more)
        sink.seek(20)
        sink.write(b"\xff\x00")
        return used

    monkeypatch.setattr(checked, "encode", corrupt)
    done = lizip_command("compress", "--rm", scan)
    assert done.status == 3
    assert "does not decode to the original" in done.lines[-1]
    assert "may be at fault" in done.lines[-1]
    assert scan.exists()
    assert os.listdir(scan.parent) == ["scan.bin"]


@pytest.mark.parametrize("remove", [False, True])
def test_two_runs_on_one_tree(tmp_path, remove):
    """At the same time, in processes of their own: both end well, and the tree is as if there had been one."""
    contents = {f"{number:03}.bin": random.Random(number).randbytes(3000) for number in range(60)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    command = [*LIZIP, "compress", "-r", os.fspath(tmp_path), "--json", *["--rm"] * remove]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for run_ in runs:
        out, err = run_.communicate(timeout=120)
        if remove and "no file of that kind" in err:  # the other was done before this one looked
            continue
        assert (run_.returncode, without_note(err)) == (0, "")
        assert {json.loads(line)["status"] for line in out.splitlines()} <= {"done", "skipped"}
    packed = {f"{name}.lizip" for name in contents}
    assert set(os.listdir(tmp_path)) == (packed if remove else packed | set(contents))
    assert all(lizip.decompress((tmp_path / f"{name}.lizip").read_bytes()) == contents[name] for name in contents)


@pytest.mark.parametrize(
    "arguments", [["compress", "-", "-o"], ["pack", "scan.bin", "-f", "-o"], ["compress", "scan.bin", "-o"]]
)
def test_every_verb_that_writes_removes_what_is_stale(lizip_command, scan, monkeypatch, arguments):
    monkeypatch.chdir(scan.parent)
    stale = scan.with_name(f".x.lizip-{'1' * 16}.tmp")
    for target in ("made", scan.with_name("made too")):
        stale.write_bytes(b"half")
        assert lizip_command(*arguments, target, stdin=b"x").status == 0
        assert not stale.exists()
