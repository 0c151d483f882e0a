"""Kernels compiled ahead of time: taken where they fit, passed over where anything differs, complete in a wheel."""

import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_jit_cache import Run

import lizip
from lizip.jit import DISABLED, find, objects, shipped
from lizip.jit import cache as kept

pytestmark = pytest.mark.skipif(DISABLED, reason="kernels run in plain Python")

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = sorted((ROOT / "tests" / "golden" / "v1").glob("*.lizip"))


needs_level = pytest.mark.skipif(not objects.levels(), reason="no packs for this machine")


@needs_level
def test_shipped_kernels_run_without_numba(tmp_path):
    run = Run(tmp_path)
    run(LIZIP_KERNELS="compile")
    (made,) = run.files()
    identity = made.name.split("-")[1]
    pack = tmp_path / "packs" / f"{objects.levels()[0]}.pack"
    pack.parent.mkdir()
    pack.write_bytes(shipped.pack({"00" * 16: b"another", identity: made.read_bytes(), "ff" * 16: b"a third"}))
    made.unlink()
    prelude = "from pathlib import Path\nfrom lizip.jit import shipped\n"
    prelude += f"shipped.FOLDER = Path({str(pack.parent)!r})"
    assert run(prelude, LIZIP_KERNELS="") == ("found", "")
    assert run.files() == []
    run.script.write_text(run.script.read_text() + "# other source\n")
    assert run(prelude, LIZIP_KERNELS="")[0] == "compiled"


@needs_level
@pytest.mark.parametrize(
    "setting", ["LIZIP_KERNELS=compile", "NUMBA_BOUNDSCHECK=1", "NUMBA_CPU_NAME=generic", "NUMBA_CACHE_DIR=/x", ""]
)
def test_settings_of_numba_are_heeded(setting, tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    for level in objects.levels():
        (tmp_path / f"{level}.pack").write_bytes(b"")
    for name in [*os.environ]:
        if name.startswith(("NUMBA_", "LIZIP_KERNELS")):
            monkeypatch.delenv(name)
    monkeypatch.setenv(*(setting or "OTHER=x").split("="))
    compiles = setting.startswith(("LIZIP", "NUMBA_BOUNDS", "NUMBA_CPU"))
    assert shipped.level.__wrapped__() == ("" if compiles else objects.levels()[0])


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Write the pack that `shipped` uses."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped, "level", lambda: "here")

    def write(content):
        (tmp_path / "here.pack").write_bytes(content)
        for cached in (shipped._pack, shipped._index):
            cached.cache_clear()

    yield write
    for cached in (shipped._pack, shipped._index):
        cached.cache_clear()


KERNELS = {f"{i:032x}": kept.pack("q", bytes([i]) * i) for i in (7, 1, 255)}


def test_packs_give_back_what_was_put_in(put):
    put(shipped.pack(KERNELS))
    assert shipped.count() == 3
    assert shipped.get(f"{7:032x}") == ("q", b"\7" * 7)
    assert shipped.get(f"{8:032x}") is None


def test_damaged_packs_have_nothing(put):
    whole = shipped.pack(KERNELS)
    at = len(b"lizip kernels 1\n") + 8 + 2 * 32 + 16
    for content in (
        *(whole[:cut] for cut in range(0, len(whole), 11)),
        b"L" + whole[1:],
        whole[:at] + struct.pack("<Q", 1 << 60) + whole[at + 8 :],
        whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:],
    ):
        put(content)
        assert shipped.get(f"{255:032x}") is None


def test_people_are_told_where_kernels_come_from():
    command = [sys.executable, "-m", "lizip", "--version", "-v"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"lizip {lizip.__version__}\nkernels: {find.described()}\n"


CODE_ALL = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import harness, lizip
compiled, results = [], {{}}
for path in map(Path, {golden!r}):
    lizip.verify(path)
    results[path.name] = "numba" in sys.modules
decoded = dict(results)
for path in map(Path, {golden!r}):
    assert harness.recoded(path), path
    results[path.name] = "numba" in sys.modules
print(json.dumps([lizip.__file__, decoded, results]))
"""


@pytest.mark.slow
@needs_level
def test_a_wheel_has_every_kernel_that_its_golden_files_need(tmp_path):
    """Decoded and coded again to the byte, and numba not even imported."""
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True, env={**os.environ, "LIZIP_BUILD_KERNELS": "1"})
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 12e6
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    environment |= {
        "PYTHONPATH": str(tmp_path / "site"),
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "LIZIP_KERNELS": "",
    }
    program = CODE_ALL.format(tests=str(ROOT / "tests"), golden=list(map(str, GOLDEN)))
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    used, decoded, coded = json.loads(done.stdout)
    assert used.startswith(str(tmp_path)), "the wheel's, not the checkout's"
    assert not any(decoded.values()), f"decoding had to compile: {decoded}"
    assert not any(coded.values()), f"coding had to compile: {coded}"
