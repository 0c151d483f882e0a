"""Batches on a scheduler of Dask distributed: real processes on loopback, and one of them dies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import lizip
from lizip.batch import Job, part_of
from lizip.storage.temporary import is_temporary

pytest.importorskip("distributed", reason="distributed is not installed: lizip[dask]")

FILES = 24


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """A process of Dask's, and the address it tells."""
    command = [sys.executable, "-W", "ignore", "-m", *words, "--no-dashboard"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        told = ""
        for line in process.stderr:
            told += line
            if found := re.search(r"(?:Scheduler at:|Registered to:)\s+(tcp://\S+)", line):
                yield process, found[1]
                break
        else:
            pytest.fail(told)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@contextmanager
def cluster(count: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A scheduler with so many workers."""
    where = ["--host", "tcp://127.0.0.1", "--port", "0"]
    with started("distributed.cli.dask_scheduler", *where) as (_, address):
        worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]
        workers = [started(*worker) for _ in range(count)]
        processes = [each.__enter__()[0] for each in workers]
        try:
            yield address, processes
        finally:
            for each in workers:
                each.__exit__(None, None, None)


@pytest.fixture
def drive(tmp_path) -> dict[str, bytes]:
    """Files in two folders."""
    line = b"".join(b"%d,%d;" % (k, k * k) for k in range(9000))
    contents = {f"logs/{k % 2}/{k:02}.txt": line[k * 100 :] for k in range(FILES)}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return contents


def lizip_in(folder: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "lizip", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def done(process: subprocess.Popen) -> str:
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    return said


def test_a_worker_dies_and_every_file_is_done_once(drive, tmp_path):
    with cluster(2) as (address, workers):
        batch = ["compress", "-r", "logs", "-o", "out", "--scheduler", address, "--manifest", "list.json"]
        process = lizip_in(tmp_path, *batch)
        while process.poll() is None and sum(1 for _ in (tmp_path / "out").rglob("*.lizip")) < 3:
            time.sleep(0.01)
        assert process.poll() is None
        workers[0].kill()
        done(process)
        first, *listed = map(json.loads, (tmp_path / "list.json").read_text().splitlines())
        assert first["verb"] == "compress"
        assert [each["source"] for each in listed] == sorted(drive)
        assert {each["status"] for each in listed} <= {"done", "skipped"}
        for each in listed:
            assert lizip.decompress((tmp_path / each["target"]).read_bytes()) == drive[each["source"]]
        made = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert len(made) == FILES
        assert not any(map(is_temporary, made))
        done(lizip_in(tmp_path, "verify", "--manifest", "list.json", "--scheduler", address))
        done(lizip_in(tmp_path, "decompress", "-r", "out", "-o", "back", "--scheduler", address))
        assert {
            f"logs/{p.relative_to(tmp_path / 'back')}": p.read_bytes() for p in (tmp_path / "back").rglob("*.txt")
        } == drive


def test_packs_are_the_same_and_one_word_starts_a_cluster(drive, tmp_path):
    done(lizip_in(tmp_path, "pack", "logs", "-o", "there.lizips", "--scheduler", "local", "-T", "1"))
    done(lizip_in(tmp_path, "pack", "logs", "-o", "here.lizips"))
    assert (tmp_path / "there.lizips").read_bytes() == (tmp_path / "here.lizips").read_bytes()


def test_a_scheduler_that_is_not_there(drive, tmp_path):
    process = lizip_in(tmp_path, "compress", "-r", "logs", "-o", "out", "--scheduler", "nonsense://x")
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert said.splitlines() == ["lizip: nonsense://x: no scheduler answers there; start one with: dask scheduler"]


def test_parts_of_an_archive_are_all_of_it():
    jobs = [Job("verify", f"a/{k}.bin.lizip") for k in range(200)]
    parts = [part_of(jobs, part, 7) for part in range(1, 8)]
    assert sorted(job.source for part in parts for job in part) == sorted(job.source for job in jobs)
    assert min(map(len, parts)) > 10
    assert part_of(jobs[50:], 3, 7) == [job for job in parts[2] if job in jobs[50:]]
    pack = [Job("verify", "a/x.lizips")]
    assert [part_of(pack, part, 2)[0].options["part"] for part in (1, 2)] == [(1, 2), (2, 2)]
