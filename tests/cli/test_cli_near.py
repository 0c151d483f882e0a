"""`lizip compress --max-error`: lengths, batches, streams, and what is refused."""

import numpy as np
import pytest

import lizip


def cloud(seed=1):
    return (np.random.default_rng(seed).normal(size=(3000, 4)) * 20).astype("<f4").tobytes()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(cloud())
    return path


@pytest.mark.parametrize(("text", "metres"), [("1mm", 0.001), ("0.5cm", 0.005), ("20um", 2e-5), ("0.1 m", 0.1)])
def test_lengths(lizip_command, source, text, metres):
    assert lizip_command("compress", "--fields", 4, "--max-error", text, source).status == 0
    info = lizip.info(f"{source}.lizip")
    assert info["max_error"] == metres
    assert 0 < info["largest_error"] <= metres
    assert b"largest error" in lizip_command("info", f"{source}.lizip").out


@pytest.mark.parametrize("text", ["1", "mm", "-1mm", "1km", "0mm", "1e999m"])
def test_what_is_no_length(lizip_command, source, text):
    done = lizip_command("compress", f"--max-error={text}", source)
    assert done.status == 2
    assert "give a length with its unit" in done.err


def test_the_source_is_not_removed(lizip_command, source):
    done = lizip_command("compress", "--rm", "--max-error", "1mm", source)
    assert done.status == 2
    assert "does not come back" in done.err
    assert source.exists()
    with pytest.raises(ValueError, match="not removed"):
        lizip.compress_file(source, remove=True, max_error=0.001)


def test_a_batch_goes_on_with_the_same_bound_only(lizip_command, tmp_path):
    for seed in (1, 2):
        (tmp_path / f"{seed}.bin").write_bytes(cloud(seed))
    arguments = "compress", "-r", "-v", tmp_path, "--include", "*.bin"
    assert lizip_command(*arguments, "--max-error", "1cm").status == 0
    again = lizip_command(*arguments, "--max-error", "1cm")
    assert again.status == 0
    assert "skipped" in again.err
    for other in (["--max-error", "1mm"], ["--max-error", "1cm", "--intensity-error", "1"], []):
        done = lizip_command(*arguments, *other)
        assert done.status == 1
        assert "is not what" in done.err


def test_manifest_and_verify(lizip_command, source, tmp_path):
    manifest = tmp_path / "manifest"
    assert lizip_command("compress", "--max-error", "1mm", "--manifest", manifest, source).status == 0
    assert lizip_command("verify", f"{source}.lizip").status == 0
    assert lizip_command("verify", "--manifest", manifest).status == 0


def test_streams(lizip_command):
    data = cloud()
    packed = lizip_command("compress", "--max-error", "1mm", "-", "-c", stdin=data).out
    assert lizip.info(packed)["max_error"] == 0.001
    assert len(lizip.decompress(packed)) == len(data)
