import random
from typing import Any

import harness
import numpy as np
import pytest

import lizip
from lizip.codecs.sweep import Sweep
from lizip.integrations.torch import Sweeps
from lizip.packs.sequences import HELD

CLOUDS = [np.random.default_rng(i).normal(0, 20, (50 + i, 4)).astype("<f4").round(2) for i in range(6)]
QUICK: dict[str, Any] = {"level": "fast", "codec": "opaque", "fields": 4}


@pytest.fixture
def folder(tmp_path):
    for i, cloud in enumerate(CLOUDS):
        path = tmp_path / "drive" / f"d{i % 2}" / f"{i:06}.bin.lizip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lizip.compress(cloud.tobytes(), **QUICK))
    return tmp_path / "drive"


@pytest.fixture
def pack(tmp_path):
    with lizip.PackWriter(tmp_path / "drive.lizips") as writer:
        for i, cloud in enumerate(CLOUDS):
            writer.add(f"{i:06}.bin", cloud.tobytes(), **QUICK)
    return tmp_path / "drive.lizips"


def test_folder_and_pack(folder, pack):
    assert [len(sweep) for sweep in (Sweeps(folder)[i] for i in range(6))] == [50, 52, 54, 51, 53, 55]
    sweeps = Sweeps(pack)
    assert len(sweeps) == 6
    assert np.array_equal(sweeps[3], CLOUDS[3])
    assert np.array_equal(Sweeps(pack, fields=["z", "x"])[1], CLOUDS[1][:, [2, 0]])
    assert Sweeps(pack, transform=lambda columns: len(columns["x"]))[5] == 55


def test_what_cannot_be_read_is_told(folder):
    (folder / "gone.lizip").symlink_to("nowhere")
    with pytest.raises(lizip.StorageError, match="leads nowhere"):
        Sweeps(folder)


@pytest.mark.parametrize("workers", [0, 2])
def test_data_loader(folder, pack, workers):
    torch = pytest.importorskip("torch")
    for place in (folder, pack):
        loader = torch.utils.data.DataLoader(Sweeps(place), batch_size=None, num_workers=workers)
        clouds = {len(points): points for points in loader}
        assert sorted(clouds) == [len(cloud) for cloud in CLOUDS]
        assert all(torch.equal(clouds[len(cloud)], torch.from_numpy(cloud)) for cloud in CLOUDS)
    for threads in (1, 0, 3):
        sweeps = Sweeps(pack, threads=threads)
        batches = list(torch.utils.data.DataLoader(sweeps, batch_size=4, collate_fn=list, num_workers=workers))
        assert [[len(points) for points in batch] for batch in batches] == [[50, 51, 52, 53], [54, 55]]


def test_batches_of_sweeps_that_lie_together(folder, pack):
    assert list(Sweeps(folder).runs(2)) == [[0, 1], [2], [3, 4], [5]]
    with pytest.raises(ValueError, match="from 1 on"):
        Sweeps(pack).runs(0)
    batches = Sweeps(pack).runs(2, shuffle=True)
    random.seed(3)
    orders = [tuple(map(tuple, batches)) for _ in range(9)]
    assert len(batches) == 3
    assert {frozenset(order) for order in orders} == {frozenset([(0, 1), (2, 3), (4, 5)])}
    assert len(set(orders)) > 1, "another order each time"


def test_a_worker_decodes_a_key_frame_once(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    sweeps, decoded, plain = harness.parked(3), [], Sweep.decode
    for drive in range(2 * HELD):  # more key frames than are kept
        with lizip.PackWriter(tmp_path / "drives.lizips", append=True, every=3) as writer:
            for k, sweep in enumerate(sweeps):
                writer.add(f"{drive}/{k}.bin", sweep)

    def decode(codec, container, *rest):
        decoded.append(container.header.digest)
        yield from plain(codec, container, *rest)

    monkeypatch.setattr(Sweep, "decode", decode)
    found = Sweeps(tmp_path / "drives.lizips")
    loader = torch.utils.data.DataLoader(found, batch_sampler=found.runs(shuffle=True), collate_fn=list)
    assert sum(map(len, loader)) == len(found) == len(decoded)
