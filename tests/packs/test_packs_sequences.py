"""Sweeps of a pack that follow one another."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import harness
import pytest

import lizip
from lizip import sequence
from lizip.batch.packing import chain_for
from lizip.codecs.sweep import Sweep
from lizip.container import AROUND, FOLLOWS, Container
from lizip.errors import CorruptError, FormatError, LizipWarning
from lizip.packs.sequences import follows
from lizip.simulator import os_sensor
from lizip.simulator.scene import street


@pytest.fixture(scope="module")
def parked() -> list[bytes]:
    """Sweeps of a sensor that stands: the same scene, other noise."""
    scene, beams = street(3), os_sensor.Beams.draw(4, 16)
    return [os_sensor.sweep(seed, 16, 512, beams=beams, scene=scene).data for seed in range(7)]


def make(path: Path, sweeps: list[bytes], every: int | None, **options) -> list[int]:
    """A pack of these; returns bytes of each sweep."""
    with lizip.PackWriter(path, every=every, **options) as pack:
        return [pack.add(f"top/{len(pack):03}.bin", sweep, time=len(pack)).length for sweep in sweeps]


@pytest.fixture(scope="module")
def packs(parked, tmp_path_factory) -> Callable[..., Path]:
    """Packs of all of them, each made once and not to be changed."""

    @cache
    def pack(every: int, seeds: int = 1) -> Path:
        path = tmp_path_factory.mktemp("packs") / "x.lizips"
        make(path, parked, every, seeds=seeds)
        return path

    return pack


def lengths(path: Path) -> list[int]:
    """Bytes of each sweep of a pack."""
    return [entry.length for entry in lizip.PackReader(path).entries]


def decodes(monkeypatch) -> list[bytes]:
    """Every sweep that is decoded from now on."""
    decoded = []
    plain = Sweep.decode

    def decode(codec, container, *rest):
        decoded.append(container.header.digest)
        yield from plain(codec, container, *rest)

    monkeypatch.setattr(Sweep, "decode", decode)
    return decoded


def test_there_and_back_in_any_order_and_smaller(parked, packs, tmp_path):
    alone, together = lengths(packs(1)), lengths(packs(4))
    pack = lizip.PackReader(packs(4))
    assert [follows(pack.packed(k)) for k in range(7)] == [False, True, True, True, False, True, True]
    assert all(a < 0.93 * b for k, (a, b) in enumerate(zip(together, alone, strict=True)) if k % 4)
    for k in (6, 2, 3, 0, 5, 3):
        assert pack[k] == parked[k]
    assert pack.open(6).read() == parked[6]
    assert len(pack.read(2, "x", slice(5, 9))["x"]) == 4
    pack.verify()
    make(tmp_path / "y.lizips", parked[:3], 4)
    again = lizip.PackReader(tmp_path / "y.lizips")
    assert [again.packed(k) for k in range(3)] == [pack.packed(k) for k in range(3)]


def test_a_sensor_that_stands_is_known_better_by_several(parked, packs):
    one, three = (lengths(packs(7, seeds)) for seeds in (1, 3))
    assert one[0] == three[0]
    assert all(a < 0.98 * b for a, b in zip(three[3:], one[3:], strict=True))
    pack = lizip.PackReader(packs(7, 3))
    for k in (6, 2, 0, 4, 1, 5, 3):
        assert pack[k] == parked[k]
    pack.verify()
    assert lizip.decompress(pack.alone(2)) == parked[2]


def test_what_several_sweeps_left_is_decoded_once(parked, packs, monkeypatch):
    pack = lizip.PackReader(packs(7, 3))
    decoded = decodes(monkeypatch)
    for place, costs in ((5, 4), (6, 1), (1, 2), (3, 1)):
        decoded.clear()
        assert pack[place] == parked[place]
        assert len(decoded) == costs, place


@pytest.mark.parametrize("damaged", range(5))
def test_a_damaged_sweep_costs_those_that_follow_it(parked, packs, damaged):
    data = bytearray(packs(7, 3).read_bytes())
    entry = lizip.PackReader(packs(7, 3)).entry(damaged)
    data[entry.offset + entry.length // 2] ^= 4
    pack, whole = lizip.PackReader(bytes(data)), []
    for k in range(7):
        try:
            whole.append(parked.index(pack[k]))
        except CorruptError:
            continue
    assert whole == [k for k in range(7) if k != damaged and (damaged > 2 or k < damaged)]


def test_sweeps_that_come_again_among_those_that_others_follow(parked, tmp_path):
    same = [parked[0], parked[0], parked[0], parked[1], parked[0], parked[1]]
    make(tmp_path / "x.lizips", same, 6, seeds=3)
    pack = lizip.PackReader(tmp_path / "x.lizips")
    assert [pack[k] for k in (5, 1, 4, 2, 3, 0)] == [same[k] for k in (5, 1, 4, 2, 3, 0)]


@pytest.mark.parametrize(("damaged", "lost"), [(0, {0, 1, 2}), (1, {1}), (4, {4})])
def test_a_damaged_key_frame_costs_its_followers_and_another_sweep_itself(parked, packs, damaged, lost):
    data = bytearray(packs(3).read_bytes())
    entry = lizip.PackReader(packs(3)).entry(damaged)
    data[entry.offset + entry.length // 2] ^= 4
    for change in (len(data), -200):  # with the index, and without
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LizipWarning)
            pack = lizip.PackReader(bytes(data[:change]))
        whole = []
        for name in pack:
            try:
                whole.append(parked.index(pack[name]))
            except CorruptError:
                assert int(name[4:7]) in lost
        assert {*range(7)} - {*whole} == lost


def test_a_sweep_taken_out_stands_alone(parked, packs):
    pack = lizip.PackReader(packs(3))
    with pytest.raises(FormatError, match="follows a sweep before"):
        lizip.decompress(pack.packed(1))
    assert lizip.info(pack.packed(1))["codec"] == "sweep"
    assert lizip.decompress(pack.alone(1)) == parked[1]
    assert pack.alone(0) == pack.packed(0)
    with pytest.raises(CorruptError, match="missing or damaged"):
        lizip.decompress(pack.packed(2), sequence=lizip.Sequence())


def test_folders_are_sequences_of_their_own_and_appending_begins_anew(parked, tmp_path):
    other = os_sensor.sweep(9, 32, 256).data
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        for k in range(3):
            pack.add(f"top/{k}.bin", parked[k])
            pack.add(f"side/{k}.bin", other)
            pack.add(f"notes/{k}.txt", b"no sweep %d" % k)
    with lizip.PackWriter(tmp_path / "x.lizips", append=True) as pack:
        pack.add("top/3.bin", parked[3])
        with pytest.raises(FormatError, match="follows another"):
            pack.add_packed("side/9.bin", lizip.PackReader(tmp_path / "x.lizips").packed("top/2.bin"))
    read = lizip.PackReader(tmp_path / "x.lizips")
    assert [name for name in read if not follows(read.packed(name))] == [
        "top/0.bin",
        "side/0.bin",
        "notes/0.txt",
        "notes/1.txt",
        "notes/2.txt",
        "top/3.bin",
    ]
    assert [read[f"top/{k}.bin"] for k in (3, 2, 1, 0)] == [parked[k] for k in (3, 2, 1, 0)]
    assert read["side/2.bin"] == other


def test_a_sweep_of_another_kind_stands_alone(parked):
    ahead, behind = lizip.Sequence(), lizip.Sequence()
    sweeps = [parked[0], os_sensor.sweep(9, 32, 256).data, b"not a sweep", parked[1], parked[2]]
    packed = [lizip.compress(sweep, sequence=ahead) for sweep in sweeps]
    assert [follows(each) for each in packed] == [False, False, False, False, True]
    assert [lizip.decompress(each, sequence=behind) for each in packed] == sweeps


def test_only_its_key_frame_will_do(parked):
    ahead = lizip.Sequence(2)
    packed = [lizip.compress(sweep, sequence=ahead) for sweep in parked[:4]]
    behind = lizip.Sequence()
    lizip.decompress(packed[0], sequence=behind)
    with pytest.raises(CorruptError, match="missing or damaged"):
        lizip.decompress(packed[3], sequence=behind)
    assert Container(io.BytesIO(packed[3])).section(FOLLOWS)


def test_a_random_sweep_costs_its_own_decode_and_its_key_frames(parked, packs, monkeypatch):
    pack = lizip.PackReader(packs(4))
    decoded = decodes(monkeypatch)
    for place, costs in ((3, 2), (1, 1), (6, 2), (2, 1), (0, 1), (5, 1)):
        decoded.clear()
        assert pack[place] == parked[place]
        assert len(decoded) == costs


def test_a_sensor_that_sends_the_same_sweep_again(parked, tmp_path):
    """Which of sweeps with one content is meant is never in doubt: that which follows none."""
    same = [parked[0], parked[0], parked[1], parked[0], parked[1], parked[1]]
    make(tmp_path / "x.lizips", same, 3)
    pack = lizip.PackReader(tmp_path / "x.lizips")
    assert [follows(pack.packed(k)) for k in range(6)] == [False, True, True] * 2
    assert [pack[k] for k in (5, 1, 4, 2, 3, 0)] == [same[k] for k in (5, 1, 4, 2, 3, 0)]


def test_in_the_shell_whatever_the_workers(parked, lizip_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k, sweep in enumerate(parked[:5]):
        (tmp_path / "drive" / "top").mkdir(parents=True, exist_ok=True)
        (tmp_path / "drive" / "top" / f"{k}.bin").write_bytes(sweep)

    def run(*words: str) -> None:
        assert lizip_command(*words, "-q").status == 0

    run("pack", "drive", "-o", "one.lizips", "--key-frames", "2")
    run("pack", "drive", "-o", "two.lizips", "--key-frames", "2", "-T", "2")
    run("pack", "drive", "-o", "seeds.lizips", "--key-frames", "5", "--seeds", "3")
    with lizip.PackWriter(tmp_path / "here.lizips", every=5, seeds=3) as here:
        for k, sweep in enumerate(parked[:5]):
            here.add(f"top/{k}.bin", sweep)
    assert (tmp_path / "here.lizips").read_bytes() == (tmp_path / "seeds.lizips").read_bytes()
    assert (tmp_path / "one.lizips").read_bytes() == (tmp_path / "two.lizips").read_bytes()
    pack = lizip.PackReader(tmp_path / "one.lizips")
    assert [follows(pack.packed(k)) for k in range(5)] == [False, True, False, True, False]
    run("verify", "one.lizips")
    run("unpack", "one.lizips", "-o", "out")
    run("unpack", "one.lizips", "-o", "packed", "--packed")
    for k in range(5):
        assert (tmp_path / "out" / "top" / f"{k}.bin").read_bytes() == parked[k]
        assert lizip.decompress((tmp_path / "packed" / "top" / f"{k}.bin.lizip").read_bytes()) == parked[k]


def test_damage_at_borders_and_anywhere():
    """A campaign of some seconds; `--places 2000` is the whole one."""
    script = Path(__file__).parents[2] / "scripts" / "fuzz_packs.py"
    done = subprocess.run([sys.executable, script, "--places", "100"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "310 damaged packs, 0 of them" in done.stdout


def carries(pack: lizip.PackReader) -> list[int]:
    """Which sweeps carry what stands around."""
    return [k for k in range(len(pack)) if Container(io.BytesIO(pack.packed(k))).entries(AROUND)]


def test_what_stands_around_is_said_once(tmp_path):
    sweeps = harness.parked(16)
    plain, told = tmp_path / "plain.lizips", tmp_path / "told.lizips"
    make(plain, sweeps, 10)
    make(told, sweeps, None)
    pack = lizip.PackReader(told)
    assert carries(pack) == [10]
    assert lengths(told)[:10] == lengths(plain)[:10]
    assert sum(lengths(told)[11:]) < 0.95 * sum(lengths(plain)[11:])
    for k in (15, 3, 10, 12, 0):
        assert pack[k] == sweeps[k]
    assert lizip.decompress(pack.alone(10)) == sweeps[10]
    assert lizip.decompress(pack.alone(12)) == sweeps[12]


def test_it_takes_two_decodes_to_read_one_that_follows_it(tmp_path, monkeypatch):
    sweeps = harness.parked(14)
    make(tmp_path / "x.lizips", sweeps, None)
    pack, decoded = lizip.PackReader(tmp_path / "x.lizips"), decodes(monkeypatch)
    assert [pack[k] for k in (13, 11)] == [sweeps[13], sweeps[11]]
    assert len(decoded) == 3, "the key frame, once, and both"


def test_another_background_comes_when_the_first_has_served(monkeypatch):
    monkeypatch.setattr(sequence, "LASTING", (50, 40))
    sweeps, ahead, behind = harness.parked(82), lizip.Sequence(), lizip.Sequence()
    packed = [lizip.compress(sweep, sequence=ahead) for sweep in sweeps]
    told = [k for k, each in enumerate(packed) if Container(io.BytesIO(each)).entries(AROUND)]
    assert told == [30, 80], "one pays as soon as enough sweeps have been seen"
    assert [lizip.decompress(each, sequence=behind) for each in packed] == sweeps


def test_a_sensor_that_drives_away_leaves_its_background():
    beams, sweeps = os_sensor.Beams.draw(4, 16), harness.parked(12)
    sweeps += [os_sensor.sweep(k, 16, 128, beams=beams, scene=street(k)).data for k in range(20, 32)]
    ahead, behind = lizip.Sequence(), lizip.Sequence()
    packed = [lizip.compress(sweep, sequence=ahead) for sweep in sweeps]
    assert [lizip.decompress(each, sequence=behind) for each in packed] == sweeps
    assert Container(io.BytesIO(packed[10])).entries(AROUND)
    assert not ahead.past.grids[0].stands


def test_chains_are_long_where_there_are_many_sweeps():
    assert [chain_for(count) for count in (0, 1, 100, 500, 501, 1000, 1 << 20)] == [50, 50, 50, 50, 60, 100, 510]
