"""The benchmark measures, merges, reports and draws."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from benchmarks import datasets, measure, plots, profile_codec, report, results, run
from lizip import simulator
from lizip.bench import RIVALS, Subject


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name, data in {
        "kitti/a.bin": simulator.kitti(1, firings=20),
        "kitti/b.bin": simulator.kitti(2, firings=30),
        "las/c.las": simulator.airborne_las(1, pulses=400),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def row(**changes) -> measure.Measurement:
    values: dict[str, Any] = {"set": "kitti", "file": "a.bin", "rival": "gzip -9", "points": 1000, "original": 16000}
    values |= {"encoded": 4000, "body": 4000, "outcome": "exact", "error": 0.0}
    values |= {"encode_ms": (2.0, 4.0), "decode_ms": (1.0, 1.5, 9.0), "encode_bytes": 32000, "decode_bytes": 16000}
    return measure.Measurement(**(values | changes))


def test_a_measurement_in_its_own_process(folder):
    found = measure.measure("kitti", folder / "kitti" / "a.bin", "gzip -9", 0.0)
    data = (folder / "kitti" / "a.bin").read_bytes()
    assert found.outcome == "exact"
    assert found.points == len(data) // 16
    assert found.original == len(data)
    assert found.encoded == len(RIVALS["gzip -9"].encode(Subject(data)))
    assert len(found.encode_ms) == 1


def test_a_failure_is_an_outcome(folder):
    assert "KeyError" in measure.measure("kitti", folder / "kitti" / "a.bin", "no such rival", 0.0).outcome
    assert measure.measure("kitti", folder / "kitti" / "a.bin", "gzip -9", 0.0, timeout=0.01).outcome.startswith("more")


def test_peak_memory_is_that_of_the_call():
    block: Any
    peak, _, block = measure._peak_of(lambda: bytearray(b"x" * 40_000_000))
    assert len(block) == 40_000_000
    assert 70_000_000 < peak < 100_000_000


@pytest.mark.parametrize("error", [0.0, 1.25e-6, math.nan])
def test_rows_survive_the_csv(tmp_path, error):
    written = row(error=error)
    results.merge(tmp_path, "gzip -9", [written])
    (found,) = results.load(tmp_path)
    assert repr(found) == repr(written.__class__(**{**written.__dict__}))


def test_merge_replaces_only_what_was_measured_again(tmp_path):
    results.merge(tmp_path, "gzip -9", [row(), row(file="b.bin")])
    results.merge(tmp_path, "xz -9", [row(rival="xz -9")])
    results.merge(tmp_path, "gzip -9", [row(encoded=1)])
    found = {(each.rival, each.file): each.encoded for each in results.load(tmp_path)}
    assert found == {("gzip -9", "a.bin"): 1, ("gzip -9", "b.bin"): 4000, ("xz -9", "a.bin"): 4000}


def test_summary_numbers():
    summary = report.Summary([row(), row(file="b.bin", encoded=8000), row(file="c.bin", outcome="failed", encoded=0)])
    assert summary.mean == pytest.approx(48.0)
    assert max(summary.bits) == 64.0
    assert summary.ratio == pytest.approx(32000 / 12000)
    assert summary.speed("decode") == pytest.approx(2000 / 1e6 / 3e-3)
    assert summary.memory("encode") == 2.0
    assert report.quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert report.quantile([1.0, 2.0, 3.0], 0.99) == 3.0


def test_tables_have_whole_rows():
    rows = [row(), row(rival="LASzip", outcome="lossy", error=5e-6), row(set="las", rival="LASzip", outcome="lossy")]
    rows += [row(set="nuscenes"), row(set="nuscenes", rival="Draco", outcome="not for it", encoded=0)]
    text = report.full_report(rows)
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1, block
    assert "largest error 0.005 mm" in text
    assert "43.7" in text


def test_file_table_compares_with_laz():
    rows = [row(set="las", rival="lizip", encoded=3000, body=2900), row(set="las", rival="LASzip", body=4000)]
    lines = report.file_table(rows, "las").splitlines()
    assert lines[-1] == "| a.bin | 1000 | 23.20 | 32.00 | 0.750 |"
    assert report.file_table(rows[1:], "las") == ""
    assert report.file_table(rows, "las") in report.full_report(rows)


def test_refill_keeps_the_rest(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.refill(readme, "| new |")
    assert readme.read_text() == f"before\n{report.BEGIN}\n| new |\n{report.END}\nafter\n"
    (tmp_path / "bare.md").write_text("nothing")
    with pytest.raises(ValueError, match="has no"):
        report.refill(tmp_path / "bare.md", "")


def test_run_writes_everything(folder, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    arguments = ["run", "--data", str(folder), "--out", str(tmp_path), "--rivals", "gzip", "--quick"]
    monkeypatch.setattr(sys, "argv", arguments)
    run.main()
    assert {path.name for path in tmp_path.iterdir()} == {"gzip-9.csv", "tables.md", "sizes.png", "speeds.png"}
    assert {each.outcome for each in results.load(tmp_path)} == {"exact"}
    assert "gzip -9" in (tmp_path / "tables.md").read_text()
    monkeypatch.setattr(sys, "argv", [*arguments[:2], str(tmp_path / "nothing")])
    with pytest.raises(SystemExit):
        run.main()


def test_laz_files_are_expanded(folder, tmp_path):
    stream = RIVALS["LASzip"].encode(Subject((folder / "las" / "c.las").read_bytes()))
    (tmp_path / "las").mkdir()
    (tmp_path / "las" / "c.laz").write_bytes(stream)
    (path,) = datasets.files_of(tmp_path, "las", tmp_path / "scratch")
    assert path.suffix == ".las"
    original = (folder / "las" / "c.las").read_bytes()
    assert path.read_bytes()[-1000:] == original[-1000:]


def test_plots_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [row(), row(rival="LASzip", outcome="lossy"), row(set="nuscenes"), row(set="las", rival="lizip")]
    for path in plots.draw(rows, tmp_path):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_profile_prints_both_ways(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["profile", str(folder / "las" / "c.las"), "--codec", "opaque", "--runs", "1"])
    profile_codec.main()
    printed = capsys.readouterr().out
    assert printed.count("fastest") == 2
    assert "encode" in printed
    assert "decode" in printed
