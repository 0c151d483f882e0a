"""Every codec on every sample, and on real data where it is there; the same bytes whatever compiles the kernels."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache

import harness
import pytest

import lizip
from lizip import codecs

QUICK = ("las_1", "pcd", "odd", "one_point", "text")
"""Samples small enough to be coded by kernels that are not compiled."""

NOT_COMPILED = {"NUMBA_DISABLE_JIT": "1"}
ANY_PROCESSOR = {"NUMBA_CPU_NAME": "generic"}


@cache
def stream(name: str, codec: str | None, level: str = "default") -> bytes | None:
    """Code, decode and compare a sample: once for all tests here."""
    return harness.stream(harness.sample(name), codec, level)


@pytest.mark.parametrize("codec", codecs.NAMES)
@pytest.mark.parametrize("name", harness.SAMPLES)
def test_round_trip(name, codec):
    stream(name, codec)


WAYS = [(name, level) for name in harness.SAMPLES for level in codecs.LEVELS]
for each in ("default", "max"):
    WAYS.remove(("argoverse_whole", each))  # as long as all others together; the default is a golden file's


@pytest.mark.parametrize(("name", "level"), WAYS)
def test_levels(name, level):
    """What is chosen is no larger than plain zstd and lzma."""
    coded, plain = stream(name, None, level), stream(name, "opaque", level)
    assert len(coded) <= len(plain) or level == "fast"


def digests(samples: tuple[str, ...], environment: dict[str, str]) -> dict[str, str]:
    """Hashes of the streams of some samples, made by another process."""
    command = [sys.executable, harness.__file__, "--samples", *samples]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("environment", "samples"),
    [
        (NOT_COMPILED, QUICK),
        (ANY_PROCESSOR, ("las_1", "odd", "nuscenes_part")),  # compiles what these need anew: a minute or two
        pytest.param(ANY_PROCESSOR, (*QUICK, "kitti_part", "ouster_part"), marks=pytest.mark.slow),
        pytest.param(NOT_COMPILED, ("kitti_part", "nuscenes_part"), marks=pytest.mark.slow),
    ],
)
def test_streams_do_not_depend_on_the_compiler(environment, samples):
    """Not compiled at all, or for a processor without any extension: the same bytes."""
    expected = {name: hashlib.sha256(coded).hexdigest()[:16] for name, coded in harness.streams(samples)}
    assert digests(samples, environment) == expected


REAL = ("nuscenes/sweep_a.bin", "kitti_fov/crop_0.bin", "argoverse/sweep_01.bin", "ouster/os0_32_grid.bin")


@pytest.mark.parametrize("name", [*REAL, "las/sample_c.las", "las/plane.laz", "other/cloudini.pcd"])
def test_real_files(data, name):
    content = (data / name).read_bytes()
    assert lizip.decompress(lizip.compress(content, level="fast")) == content


@pytest.mark.slow
def test_all_real_files(data):
    for path in sorted(data.rglob("*.*")):
        content = path.read_bytes()
        assert lizip.decompress(lizip.compress(content)) == content, path
