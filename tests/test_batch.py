from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import pytest

import lizip
from lizip import batch, storage
from lizip.batch import Input, Job, ManifestWriter, Outcome, cause, find, plan, read_manifest, run
from lizip.batch.perform import perform
from lizip.errors import CorruptError, FormatError, LizipError, StorageError


@pytest.fixture
def logs(tmp_path):
    for number, place in enumerate(("b.bin", "a.bin", "deep/c.bin", "deep/c.txt")):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(500))
    return tmp_path


def test_find_is_sorted_and_lists_once(logs):
    places = [each.place for each in find([str(logs)], recursive=True)]
    assert places == ["a.bin", "b.bin", "deep/c.bin", "deep/c.txt"]
    named = [str(logs / "b.bin"), f"{logs}/*.bin", str(logs / "b.bin")]
    assert [each.place for each in find(named)] == ["b.bin", "a.bin"]
    assert [each.place for each in find([str(logs)], True, ["c.*"])] == ["deep/c.bin", "deep/c.txt"]


def test_find_keeps_errors_of_any_store(logs, monkeypatch):
    """An error that only its own library can make again costs the input at which it came."""

    class StoreError(OSError):
        def __init__(self, request, *, status):
            super().__init__(f"{request}: {status}")

    is_folder = storage.is_folder

    def odd(path):
        if path.endswith("b.bin"):
            raise StoreError(path, status=503)
        return is_folder(path)

    monkeypatch.setattr(storage, "is_folder", odd)
    found = find([str(logs / "b.bin"), str(logs / "a.bin")])
    assert [each.place for each in found] == ["b.bin", "a.bin"]
    assert "503" in str(found[0].error)
    assert found[1].error is None


def test_find_does_not_follow_folder_links(logs):
    (logs / "deep/up").symlink_to(logs)
    assert len(find([str(logs)], recursive=True)) == 4


def test_find_refuses_folders_and_empty_patterns(logs):
    with pytest.raises(StorageError, match="-r"):
        find([str(logs)])
    with pytest.raises(StorageError, match="no file matches"):
        find([f"{logs}/*.las"])
    assert find([str(logs / "missing")]) == [Input(str(logs / "missing"), "missing")]


@pytest.mark.parametrize(
    ("output", "many", "target"),
    [
        (None, False, "d/x.bin.lizip"),
        (None, True, "d/x.bin.lizip"),
        ("out", False, "out"),
        ("out/", False, "out/x.bin.lizip"),
        ("out", True, "out/x.bin.lizip"),
        ("s3://b/out/", True, "s3://b/out/x.bin.lizip"),
    ],
)
def test_plan_targets(output, many, target):
    inputs = [Input("d/x.bin", "x.bin")] + [Input("d/y.bin", "y.bin")] * many
    jobs = plan("compress", inputs, output)
    assert jobs[0].target == target
    assert jobs[0].resume == many


def test_plan_picks_what_the_verb_is_for():
    inputs = [Input(name, name, named=False) for name in ("a.bin", "a.bin.lizip", "b.bin")]
    assert [job.source for job in plan("compress", inputs)] == ["a.bin", "b.bin"]
    assert [job.target for job in plan("decompress", inputs)] == ["a.bin"]
    assert [job.target for job in plan("verify", inputs)] == [None]
    assert plan("compress", []) == []


def test_plan_drops_nothing_that_was_named():
    inputs = [Input(name, name) for name in ("a.bin", "a.bin.lizip", "b.bin")]
    assert [job.source for job in plan("compress", inputs)] == ["a.bin", "a.bin.lizip", "b.bin"]
    assert [job.source for job in plan("verify", inputs)] == ["a.bin", "a.bin.lizip", "b.bin"]
    jobs = plan("decompress", inputs)
    assert [job.target for job in jobs] == [None, "a.bin", None]
    assert all("does not end in .lizip" in str(job.error) for job in (jobs[0], jobs[2]))


def test_plan_of_one_file_found_mirrors_and_resumes():
    found = [Input("one/x.bin", "x.bin", named=False)]
    assert plan("compress", found, "archive")[0].target == "archive/x.bin.lizip"
    assert plan("compress", found, "archive")[0].resume
    named = [Input("one/x.bin", "x.bin")]
    assert plan("compress", named, "archive")[0].target == "archive"
    assert plan("compress", named, "archive", mirror=True)[0].target == "archive/x.bin.lizip"


def test_outcomes_come_in_order_whatever_the_workers(logs):
    jobs = plan("compress", find([str(logs), str(logs / "missing")], recursive=True), str(logs / "out"))
    spread = list(run(jobs, workers=3))
    assert [outcome.source for outcome in spread] == [job.source for job in jobs]
    assert [outcome.status for outcome in spread] == ["done"] * 4 + ["failed"]
    again = list(run(jobs, workers=1))
    assert [outcome.status for outcome in again] == ["skipped"] * 4 + ["failed"]
    assert [outcome.hash for outcome in again] == [outcome.hash for outcome in spread]


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(Job):
    """A job whose arrival kills the worker, as a file would that takes all memory."""

    def __reduce__(self):
        return _die, ()


def _begin(target: str, then: str) -> None:
    """Begin a target, then die or hang: what a worker does that is killed, or deaf."""
    with storage.publishing(target) as file:
        file.write(b"half")
        if then == "die":
            _die()
        signal.signal(signal.SIGINT, lambda *_: None)
        while True:
            time.sleep(1)


class Unfinished(Job):
    """A job that leaves a temporary when its worker is killed."""

    def __reduce__(self):
        return _begin, (self.target, self.source)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_a_killed_worker_leaves_is_removed(logs):
    jobs = list(plan("compress", find([str(logs)], recursive=True)))
    jobs.insert(1, Unfinished("compress", "die", str(logs / "x.lizip")))
    outcomes = list(run(jobs, workers=2))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done", "done", "done"]
    assert not any(map(storage.is_temporary, os.listdir(logs)))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_a_deaf_worker_leaves_is_removed(logs, monkeypatch):
    monkeypatch.setattr("lizip.batch.serve.PATIENCE", 0.5)
    jobs = list(plan("compress", find([str(logs)], recursive=True)))[:1]
    jobs.append(Unfinished("compress", "hang", str(logs / "x.lizip")))
    outcomes: Any = run(jobs, workers=2)
    assert next(outcomes).status == "done"
    latest = time.monotonic() + 60
    while not any(map(storage.is_temporary, os.listdir(logs))) and time.monotonic() < latest:
        time.sleep(0.05)
    assert any(map(storage.is_temporary, os.listdir(logs)))
    outcomes.close()
    assert not any(map(storage.is_temporary, os.listdir(logs)))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_worker_that_dies_costs_one_file(logs):
    jobs = list(plan("compress", find([str(logs)], recursive=True)))
    jobs.insert(1, Deadly("compress", "poison", "poison.lizip"))
    outcomes = list(run(jobs, workers=2))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done", "done", "done"]
    assert "SIGKILL" in cause(outcomes[1].error, "poison")


class Slow(Job):
    """A job that takes its time to arrive."""

    def __reduce__(self):
        return _late, super().__reduce__()


def _late(kind, told):
    time.sleep(3)
    return Job(*told)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_waits_for_a_slow_file_is_bounded(tmp_path, monkeypatch):
    """Sweeps for a pack that are done, but not in turn, wait in memory."""
    monkeypatch.setattr("lizip.batch.workers._MOST_HELD", 3000)
    options = {"codec": "opaque", "level": "fast", "known": None, "every": None, "seeds": 1}
    jobs = []
    for k in range(20):
        path = tmp_path / f"{k:02}.bin"
        path.write_bytes(random.Random(k).randbytes(1000))
        jobs.append((Job if k else Slow)("pack", str(path), path.name, options=options))
    outcomes: Any = run(jobs, workers=2)
    first = next(outcomes)
    waiting = outcomes.gi_frame.f_locals["done"]
    assert 3000 <= sum(len(each.packed) for each in waiting.values()) < 5000
    assert [each.source for each in (first, *outcomes)] == [job.source for job in jobs]


def test_stopping_early_stops_the_workers(logs):
    outcomes: Any = run(plan("compress", find([str(logs)], recursive=True)), workers=2)
    assert next(outcomes).status == "done"
    outcomes.close()
    assert not any(map(storage.is_temporary, os.listdir(logs)))


def test_cause_is_one_line_that_begins_with_the_path():
    assert cause(FileNotFoundError(2, "No such file", "a"), "a") == "a: No such file"
    assert cause(PermissionError(13, "Denied", "b"), "a") == "b: Denied", "the target's trouble is the target's"
    assert cause(CorruptError("a: bad\n thing"), "a") == "a: bad thing"
    assert cause(CorruptError("a bad thing"), "a") == "a: a bad thing"
    assert cause(StorageError("b: is there"), "a", "b") == "b: is there"
    assert "unexpected ZeroDivisionError: no" in cause(ZeroDivisionError("no"), "a")
    assert cause(LizipError("bad"), "a") == "a: bad"
    assert cause(MemoryError(), "a") == "a: MemoryError"


def test_records_of_outcomes():
    record = Outcome("a", "b", "failed", LizipError("no")).record()
    assert record == {"source": "a", "target": "b", "status": "failed", "error": "LizipError", "message": "a: no"}
    assert Outcome("a", None, "done", size=8, compressed=4).record()["bytes"] == 8


def test_manifest_survives_a_crash(tmp_path):
    path = str(tmp_path / "list")
    with ManifestWriter(path) as manifest:
        manifest.add(Outcome("a", "a.lizip", "done", hash="00"))
        manifest.add(Outcome("b", "b.lizip", "done", hash="11"))
    whole = (tmp_path / "list").read_text()
    (tmp_path / "list").write_text(whole[:-20])
    assert [record["source"] for record in read_manifest(path)] == ["a"]
    with ManifestWriter(path) as manifest:
        manifest.add(Outcome("c", "c.lizip", "done"))
    assert [record["source"] for record in read_manifest(path)] == ["c"]


@pytest.mark.parametrize("content", [b"x", b"{}\n", b"\xff\n", b"[1]\n{}\n", b"\n"])
def test_what_is_no_manifest(tmp_path, content):
    path = tmp_path / "precious"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read_manifest(str(path))
    with pytest.raises(StorageError):
        ManifestWriter(str(path))
    assert path.read_bytes() == content


def test_public_names():
    assert all(hasattr(batch, name) for name in batch.__all__)
    assert lizip.batch is batch


@pytest.mark.parametrize("verb", ["compress", "decompress"])
def test_resume_compares_the_content(tmp_path, verb):
    """A target of the same length, whole, but of another content is not "done already"."""
    source, packed = tmp_path / "a.bin", tmp_path / "a.bin.lizip"
    source.write_bytes(b"one content, ten times" * 10)
    lizip.compress_file(source, packed)
    begin, end = map(str, (source, packed) if verb == "compress" else (packed, source))
    job = Job(verb, begin, end, resume=True)
    assert perform(job).status == "skipped"
    source.write_bytes(b"two content, ten times" * 10)
    outcome = perform(job)
    assert outcome.status == "failed"
    assert "is not what" in str(outcome.error)
