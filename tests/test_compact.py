"""Memory of long lists, of batches and of packs does not grow with a file but by some bytes."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip.batch import Input, find, plan, read_manifest
from lizip.batch.packing import plan_packing, plan_unpacking
from lizip.cli.progress import Voice, work_off
from lizip.compact import _BLOCK, Compact, repeated
from lizip.errors import StorageError
from lizip.packs.index import Index, pack_index, unpack_index
from lizip.packs.layout import HEAD_SIZE, SHARED, SWEEP, TRAILER_SIZE, Entry

FEW, MANY = 600, 3000
PACKED = lizip.compress(b"what all of them hold", codec="opaque", level="fast")


@given(st.lists(st.none() | st.integers() | st.text()), st.integers(0, 3))
def test_what_goes_in_comes_out(items, times):
    items = items * (_BLOCK * times // max(len(items), 1) + 1)
    kept = Compact(iter(items))
    assert list(kept) == items == kept
    assert len(kept) == len(items)
    assert kept[1:-1:3] == items[1:-1:3]
    assert [kept[-1 - k] for k in range(len(items))] == items[::-1]
    with pytest.raises(IndexError):
        kept[len(items)]
    assert (kept == items[:-1]) == (not items)


@given(st.lists(st.sampled_from("abcdefghijklmnop")))
def test_what_repeats_is_told(keys):
    assert repeated(keys) >= {hash(key) for key in keys if keys.count(key) > 1}
    assert repeated(set(keys)) == set()


def test_files_named_twice_come_once_and_targets_do_not_meet(tmp_path):
    for name in ("a/x.bin", "a/y.bin", "b/x.bin"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert [each.place for each in find([a, f"{a}/y.bin", str(tmp_path)], True)] == ["x.bin", "y.bin", "b/x.bin"]
    with pytest.raises(StorageError, match=r"would become .*x\.bin\.lizip, like"):
        plan("compress", find([a, b], True), str(tmp_path / "out"))
    pack: Any = {}
    with pytest.raises(StorageError, match=r"would be called x\.bin, like"):
        plan_packing(find([a, b], True), pack)


def grown(work: Callable[[int], object], few: int = FEW, many: int = MANY) -> float:
    """Bytes by which the peak of memory grows with a file, from few files to many."""
    work(few)  # whatever stays for good is there then
    return (min(peak(work, many), peak(work, many)) - min(peak(work, few), peak(work, few))) / (many - few)


def peak(work: Callable[[int], object], count: int) -> int:
    """Most bytes that were taken at a time."""
    gc.collect()
    tracemalloc.start()
    try:
        work(count)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_batch_keeps_nothing_of_a_file_that_is_done(tmp_path):
    """Neither its name nor what became of it: found, planned, done, summed up and listed in a few bytes each."""
    for count in (FEW, MANY):
        for k in range(count):
            path = tmp_path / f"{count}" / f"drive-{k // 100:03}" / f"{k:06}.bin.lizip"
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(PACKED)

    def verify(count: int) -> None:
        jobs = plan("verify", find([str(tmp_path / str(count))], recursive=True))
        assert len(jobs) == count
        manifest = tmp_path / f"{count}.jsonl"
        manifest.unlink(missing_ok=True)
        assert not work_off(jobs, {"workers": 1, "scheduler": None}, Voice(quiet=True), str(manifest))

    assert grown(verify) < 30
    assert grown(lambda count: read_manifest(str(tmp_path / f"{count}.jsonl"))) < 30


def entries(count: int) -> list[Entry]:
    return [Entry(f"drive/{k:06}.bin", 10**15 * k, 9, 90, b"%016d" % k, 0, 0, k) for k in range(count)]


def test_plans_are_small(tmp_path):
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        for each in entries(MANY):
            pack.add_packed(each.name, PACKED)

    def packing(count: int) -> object:
        nothing: Any = {}
        inputs = (Input(f"drive/{k:06}.bin", f"drive/{k:06}.bin", False) for k in range(count))
        return plan_packing(Compact(inputs), nothing, None, 1, **{f"option {k}": k for k in range(12)})

    assert grown(packing) < 60
    names = [each.name for each in entries(MANY)]
    unpacking = grown(lambda count: plan_unpacking(str(tmp_path / "x.lizips"), names[:count], "out", False, False))
    assert unpacking < 60


def test_the_index_of_a_pack_is_small():
    """No object is kept of a sweep: not when it is added, found by name and written, nor when it is read."""

    def written(count: int) -> bytes:
        index = Index()
        for k in range(count):
            each = Entry(f"drive/{k:06}.bin", k, 9, 90, bytes(16), 9 * k, 9, k)
            assert index.place(each.name) is None
            index.append(each)
        return pack_index(index, 9 * count)

    tables = {count: written(count) for count in (4000, 12000)}

    def read(count: int) -> Index:
        index = unpack_index(memoryview(tables[count])[HEAD_SIZE:-TRAILER_SIZE], 9 * count)
        assert index.place("drive/000321.bin") == 321
        return index

    assert grown(written, 4000, 12000) < 180
    assert grown(read, 4000, 12000) < 150


@given(st.lists(st.tuples(st.sampled_from("abcdefghijk"), st.sampled_from((SWEEP, SHARED)))))
def test_the_last_of_a_name_and_kind_is_found(named):
    index = Index(Entry(name, None, k, 0, bytes(6), 0, 0, 0, kind) for k, (name, kind) in enumerate(named))
    index.append(Entry("z", 5, 0, 0, bytes(6), 0, 0, 0))
    for read in (
        index,
        pickle.loads(pickle.dumps(index)),
        unpack_index(pack_index(index, 99)[HEAD_SIZE:-TRAILER_SIZE], 99),
    ):
        assert list(read) == list(index)
        assert read.place("z") == len(named)
        for kind in (SWEEP, SHARED):
            for name in "abcdefghijkl":
                places = [k for k, each in enumerate(named) if each == (name, kind)]
                assert read.place(name, kind) == (places[-1] if places else None)
            assert list(read.of_kind(kind)) == [each for each in index if each.kind == kind]
    assert index.place("\ud800") is None, "that is no name"


def test_many_names_are_found_whatever_their_number():
    index = Index()
    for k, each in enumerate(entries(700)):
        assert index.place(each.name) is None
        index.append(each)
        assert index.place(each.name) == k
    assert [index.place(each.name) for each in entries(700)] == list(range(700))


def test_paths_below_a_folder_come_sorted(tmp_path: Path):
    """As whole paths are, though a folder's names are read when it is come to."""
    from lizip import storage

    for name in ("a.bin", "a/b.bin", "a/b/c.bin", "a-b/d.bin", "a0.bin", "z"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"")
    found = [each.path for each in storage.files_below(tmp_path)]
    assert found == sorted(found)
    assert len(found) == 6
