from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip.container import is_lizip
from lizip.errors import CorruptError, FormatError, LizipWarning, StorageError, UnsupportedVersionError
from lizip.packs import layout
from lizip.packs.index import _ROW, Index, pack_index

QUICK: dict[str, Any] = {"codec": "opaque", "level": "fast"}
CONTENTS = {f"drive/{i}.bin": bytes(range(10 * i, 10 * i + 50)) * (i % 3) for i in range(6)}


def make(path: Path, contents: dict[str, bytes] = CONTENTS) -> bytes:
    with lizip.PackWriter(path) as pack:
        for number, (name, content) in enumerate(contents.items()):
            pack.add(name, content, time=1000 * number, **QUICK)
    return path.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """Bytes of a small pack."""
    return make(tmp_path_factory.mktemp("pack") / "x.lizips")


def opened(data: bytes) -> lizip.PackReader:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LizipWarning)
        return lizip.PackReader(data)


def extents(data: bytes) -> list[tuple[int, int]]:
    """Where each record of a sweep begins and ends."""
    ends = [entry.offset + entry.length for entry in lizip.PackReader(data).entries]
    return list(zip([len(layout.MAGIC), *ends[:-1]], ends, strict=True))


NOT_PACKED = st.binary(max_size=100).filter(lambda data: not is_lizip(data))


@given(st.dictionaries(st.text(min_size=1, max_size=20), NOT_PACKED, max_size=6), st.data())
def test_there_and_back(tmp_path_factory, contents, data):
    path = tmp_path_factory.mktemp("pack") / "x.lizips"
    contents = {name.encode(errors="replace").decode(): content for name, content in contents.items()}
    times = {name: data.draw(st.none() | st.integers(-(2**62), 2**62)) for name in contents}
    with lizip.PackWriter(path) as pack:
        for name, content in contents.items():
            pack.add(name, content, time=times[name], **QUICK)
    with lizip.PackReader(path) as pack:
        assert list(pack) == list(contents)
        assert [pack[place] for place in range(len(pack))] == list(contents.values())
        assert {entry.name: entry.time for entry in pack.entries} == times
        pack.verify()


def test_by_name_place_and_time(tmp_path):
    make(tmp_path / "x.lizips")
    pack = lizip.PackReader(tmp_path / "x.lizips")
    assert pack["drive/3.bin"] == pack[3] == pack[-3] == CONTENTS["drive/3.bin"]
    assert [pack.nearest(time) for time in (-5, 0, 1400, 1500, 1600, 9999)] == [0, 0, 1, 1, 2, 5]
    assert pack.between(1000, 3000) == [1, 2]
    assert "drive/3.bin" in pack
    assert "drive/9.bin" not in pack
    with pytest.raises(KeyError):
        pack["drive/9.bin"]
    with pytest.raises(IndexError):
        pack[6]
    assert pack.open(1).read() == CONTENTS["drive/1.bin"]
    assert pack.entry(1).size == len(CONTENTS["drive/1.bin"])


def test_arrays_and_columns(tmp_path):
    points = np.arange(40, dtype="<f4").reshape(10, 4)
    with lizip.PackWriter(tmp_path / "x") as writer:
        writer.add("p", points)
    pack = lizip.PackReader(tmp_path / "x")
    assert np.array_equal(pack["p"], points)
    assert len(pack.read("p", points=slice(0, 3))) > 0
    with pytest.raises(ValueError, match="has a time"):
        pack.nearest(0)


def test_the_bytes_do_not_depend_on_the_run(tmp_path, whole):
    assert make(tmp_path / "y.lizips") == whole


def test_what_surrounds_the_sweeps_is_small(tmp_path):
    contents = {f"scan_{i:06d}.bin": random.Random(i).randbytes(20000) for i in range(30)}
    data = make(tmp_path / "x", contents)
    parts = sum(len(lizip.compress(content, **QUICK)) for content in contents.values())
    assert len(data) < 1.01 * parts


def test_cut_at_any_byte(tmp_path, whole):
    """What was complete is there, the rest is dropped, and the pack goes on from there."""
    ends = [stop for _, stop in extents(whole)]
    names = list(CONTENTS)
    for size in range(len(whole)):
        complete = sum(stop <= size for stop in ends)
        pack = opened(whole[:size])
        assert list(pack) == names[:complete], size
        assert all(pack[name] == CONTENTS[name] for name in pack)
        if size % 37 == 0 or size in ends or size - 1 in ends:
            path = tmp_path / f"{size}.lizips"
            path.write_bytes(whole[:size])
            with lizip.PackWriter(path, append=True) as again:
                assert len(again) == complete
                for number, name in enumerate(names[complete:], complete):
                    again.add(name, CONTENTS[name], time=1000 * number, **QUICK)
            assert path.read_bytes() == whole


def test_the_dropped_part_is_told(whole):
    end = extents(whole)[5][1]
    assert all(opened(whole[:size]).lost == 0 for size in range(end + layout.HEAD_SIZE, len(whole))), "only the index"
    with pytest.warns(LizipWarning, match="bytes belong to no complete sweep; the 5 others are there"):
        lizip.PackReader(whole[: extents(whole)[5][1] - 1])


def damaged_places(data: bytes) -> list[int]:
    """Every border of a record, what is around it, and random places."""
    borders = {0, len(data) - 1, *(each for extent in extents(data) for each in extent)}
    around = {place + step for place in borders for step in range(-3, 40)}
    chance = random.Random(3)
    return sorted(around & set(range(len(data)))) + [chance.randrange(len(data)) for _ in range(2000)]


def test_one_wrong_byte(whole):
    """Never a wrong sweep, never an unreadable one whose bytes are all there."""
    names, where = list(CONTENTS), extents(whole)
    chance = random.Random(4)
    for place in damaged_places(whole):
        data = bytearray(whole)
        data[place] ^= chance.randrange(1, 256)
        pack = opened(bytes(data))
        for name, (start, stop) in zip(names, where, strict=True):
            if not start <= place < stop:
                assert pack[name] == CONTENTS[name], place
            elif name in pack:
                with suppress(CorruptError, FormatError):
                    assert pack[name] == CONTENTS[name], place


def test_wrong_bytes_and_no_index(whole):
    """Walking over the records steps over what is damaged."""
    names, where = list(CONTENTS), extents(whole)
    chance = random.Random(5)
    for place in range(where[0][0], where[-1][1]):
        data = bytearray(whole[: where[-1][1]])
        data[place] ^= chance.randrange(1, 256)
        pack = opened(bytes(data))
        for name, (start, stop) in zip(names, where, strict=True):
            if not start <= place < stop:
                assert pack[name] == CONTENTS[name], place
            elif name in pack:
                with pytest.raises(CorruptError):
                    pack[name]


def test_a_damaged_sweep_is_named(whole, tmp_path):
    data = bytearray(whole)
    data[extents(whole)[2][1] - 1] ^= 1
    (tmp_path / "x").write_bytes(data)
    pack = lizip.PackReader(tmp_path / "x")
    with pytest.raises(CorruptError, match=r"x: drive/2\.bin"):
        pack.verify()
    pack.verify([0, 1, "drive/3.bin"])


def test_a_pack_inside_a_pack(tmp_path):
    """Whose own records are not those of the outer one, even where that is damaged."""
    whole = make(tmp_path / "inner", {"random": random.Random(1).randbytes(20000)})
    with lizip.PackWriter(tmp_path / "x") as pack:
        pack.add("inner", whole, codec="opaque", level="fast")
        pack.add("after", b"after", **QUICK)
    data = bytearray((tmp_path / "x").read_bytes())
    assert whole[8:40] in data, "stored as it is"
    assert opened(bytes(data))["inner"] == whole
    data[len(layout.MAGIC)] ^= 1
    assert list(opened(bytes(data[:-20]))) == ["after"]


def test_indexes_that_lie(whole):
    """With checksums in order: refused, or found out when a sweep is read."""
    pack = lizip.PackReader(whole)
    place = extents(whole)[-1][1]
    entries = pack.entries
    for changed in (
        {"offset": place - 1},
        {"offset": 1 << 63, "length": 5},
        {"length": 1 << 40},
        {"crc": 1},
        {"offset": entries[0].offset, "length": entries[0].length, "crc": entries[0].crc},
    ):
        lying = [*entries[:2], layout.Entry(**{**vars(entries[2]), **changed}), *entries[3:]]
        reader = opened(whole[:place] + pack_index(Index(lying), place))
        try:
            reader.verify()
        except CorruptError:
            assert reader[0] == CONTENTS["drive/0.bin"]
        else:
            assert reader[2] == CONTENTS["drive/2.bin"], "the index was not believed"


@pytest.mark.parametrize("length", [0, layout.LONGEST_NAME + 1])
def test_records_under_impossible_names(length):
    """With checksums in order: they are no sweeps."""
    body, name = lizip.compress(b"abc"), b"x" * length
    meta = layout._META.pack(zlib.crc32(body), layout.NO_TIME, 0, 3, bytes(16)) + name
    meta += layout._CRC.pack(zlib.crc32(meta))
    head = layout.pack_head(layout.SWEEP, len(meta), len(body), len(layout.MAGIC))
    assert list(opened(layout.MAGIC + head + meta + body)) == []


@pytest.mark.parametrize("length", [0, layout.LONGEST_NAME + 1])
def test_an_index_with_impossible_names(length):
    names = bytearray(b"x" * length)
    row = _ROW.pack(layout.SWEEP, length, 8, 3, 0, layout.NO_TIME, 0, 3, bytes(16))
    with pytest.raises(CorruptError, match="index"):
        Index().take(bytearray(row), names, 200)


@pytest.mark.parametrize("body", [b"", b"\0" * 30, b"\xff" * 400])
def test_indexes_that_are_no_table(whole, body):
    import struct

    place = extents(whole)[-1][1]
    body += struct.pack("<I", zlib.crc32(body))
    head = layout.pack_head(layout.INDEX, 0, len(body), place)
    trailer = layout._TRAILER.pack(place, zlib.crc32(struct.pack("<Q", place)), layout._END)
    pack = opened(whole[:place] + head + body + trailer)
    assert [pack[name] for name in CONTENTS] == list(CONTENTS.values())


def test_many_markers_cost_little():
    """Hostile: a marker every four bytes, none of them a record."""
    begin = time.process_time()
    with pytest.raises(FormatError):
        lizip.PackReader(layout.MARKER * 100_000)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("content", [b"x", b"\x93LZP\r\n\x1a\x01", b"not a pack" * 99])
def test_what_is_no_pack(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FormatError, match="not a pack"):
        lizip.PackReader(tmp_path / "x")
    with pytest.raises(FormatError, match="not a pack"):
        lizip.PackWriter(tmp_path / "x", append=True)
    assert (tmp_path / "x").read_bytes() == content


def test_newer_versions(whole, monkeypatch):
    monkeypatch.setattr(layout, "VERSION", 0)
    with pytest.raises(UnsupportedVersionError):
        lizip.PackReader(whole)


def test_writers_do_not_get_into_each_others_way(tmp_path):
    with lizip.PackWriter(tmp_path / "x") as pack:
        pack.add("a", b"a", **QUICK)
        with pytest.raises(StorageError, match="another process"):
            lizip.PackWriter(tmp_path / "x", append=True)
        with pytest.raises(StorageError, match="exists already"):
            lizip.PackWriter(tmp_path / "x")
        with pytest.raises(StorageError, match="in the pack already"):
            pack.add("a", b"b", **QUICK)
        with pytest.raises(ValueError, match="name"):
            pack.add("", b"b", **QUICK)
        assert opened((tmp_path / "x").read_bytes())["a"] == b"a", "readable while it is written"
    with lizip.PackWriter(tmp_path / "x", force=True) as pack:
        pack.add("b", b"b", **QUICK)
        assert list(lizip.PackReader(tmp_path / "x")) == ["a"], "the old one, until the new one is whole"
    assert list(lizip.PackReader(tmp_path / "x")) == ["b"]


def failing(path: Path, **options) -> None:
    with lizip.PackWriter(path, **options) as pack:
        pack.add("a", b"a", **QUICK)
        raise RuntimeError


def test_errors_while_writing(tmp_path):
    with pytest.raises(RuntimeError):
        failing(tmp_path / "x")
    assert list(lizip.PackReader(tmp_path / "x")) == ["a"], "nothing that was added is lost"
    (tmp_path / "y").write_bytes(b"precious")
    with pytest.raises(RuntimeError):
        failing(tmp_path / "y", force=True)
    assert (tmp_path / "y").read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == ["x", "y"]


def test_shared_bytes(tmp_path):
    with lizip.PackWriter(tmp_path / "x") as writer:
        writer.share("calibration", b"matrix")
        writer.add("calibration", b"a sweep of that name", **QUICK)
    for data in ((whole := (tmp_path / "x").read_bytes()), whole[:-5]):
        pack = opened(data)
        assert pack.shared("calibration") == b"matrix"
        assert list(pack) == ["calibration"]
        assert pack[0] == b"a sweep of that name"


def test_urls(whole):
    system = fsspec.filesystem("memory")
    with lizip.PackWriter("memory://packs/x.lizips") as pack:
        pack.add("a", b"abc", **QUICK)
        assert not system.exists("/packs/x.lizips"), "it appears when it is whole"
    assert lizip.PackReader("memory://packs/x.lizips")["a"] == b"abc"
    with pytest.raises(StorageError, match="only local"):
        lizip.PackWriter("memory://packs/x.lizips", append=True)


def _read(pack: lizip.PackReader, chance: random.Random) -> bool:
    return all(pack[name] == CONTENTS[name] for name in chance.choices(list(CONTENTS), k=60))


def _read_in_process(pack: lizip.PackReader, seed: int) -> None:
    sys.exit(not _read(pack, random.Random(seed)))


def test_threads_forks_and_pickles(tmp_path):
    make(tmp_path / "x")
    pack = lizip.PackReader(tmp_path / "x")
    wrong: list[int] = []
    threads = [threading.Thread(target=lambda i=i: _read(pack, random.Random(i)) or wrong.append(i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pickle.loads(pickle.dumps(pack))[1] == CONTENTS["drive/1.bin"]
    with pytest.raises(TypeError, match="give its path"):
        pickle.dumps(lizip.PackReader((tmp_path / "x").read_bytes()))
    for method in {"fork", "spawn"} & set(multiprocessing.get_all_start_methods()):
        context: Any = multiprocessing.get_context(method)
        processes = [context.Process(target=_read_in_process, args=(pack, i)) for i in range(2)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
            for process in processes:
                process.start()
        assert _read(pack, random.Random(9))
        for process in processes:
            process.join(120)
            assert process.exitcode == 0, method


RECORDER = """
import sys, lizip
with lizip.PackWriter(sys.argv[1], append=True) as pack:
    for i in range(len(pack), 100_000):
        pack.add(f"{i}.bin", b"%d " % i * 50, time=i, codec="opaque", level="fast")
        print(i, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_recorder_that_is_killed(tmp_path):
    """kill -9 at random moments, again and again: everything it reported is there."""
    path, chance, reported = tmp_path / "x.lizips", random.Random(1), -1
    environment = os.environ | {"PYTHONPATH": str(Path(lizip.__file__).parents[1])}
    for number in (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        command = [sys.executable, "-c", RECORDER, path]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        ) as recorder:
            for _ in range(chance.randrange(2, 40)):
                reported = int(recorder.stdout.readline())
            time.sleep(chance.uniform(0, 0.01))
            recorder.send_signal(number)
            reported = max([reported, *map(int, recorder.stdout.read().split("\n")[:-1])])
        pack = opened(path.read_bytes())
        assert len(pack) > reported
        assert all(pack[i] == b"%d " % i * 50 and pack.entry(i).name == f"{i}.bin" for i in range(len(pack)))


def test_golden_pack():
    """A pack of version 1 can be read as long as there are packs."""
    pack = lizip.PackReader(Path(__file__).parents[1] / "golden" / "packs" / "v1.lizips")
    assert {name: pack[name] for name in pack} == CONTENTS
    assert [entry.time for entry in pack.entries] == [1000 * number for number in range(6)]
    pack.verify()
