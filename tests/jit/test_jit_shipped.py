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


@pytest.fixture
def packed(tmp_path):
    """A script with one kernel, a pack that has it, and how to run one with the other on an empty cache."""
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

    def with_pack(**settings):
        answer = run(prelude, **{"LIZIP_KERNELS": "", **settings})
        for path in run.files() if (tmp_path / "cache" / "kernels").is_dir() else ():
            path.unlink()
        return answer

    return pack, with_pack


needs_level = pytest.mark.skipif(not objects.levels(), reason="no packs for this machine")


@needs_level
def test_shipped_kernels_run_without_numba(packed):
    _, run = packed
    assert run() == ("found", "")
    for settings in ({"LIZIP_KERNELS": "compile"}, {"NUMBA_BOUNDSCHECK": "1"}, {"NUMBA_CPU_NAME": "generic"}):
        assert run(**settings)[0] == "compiled"


@needs_level
@pytest.mark.parametrize(
    "damage", ["empty", "no title", "cut index", "cut kernel", "wrong place", "flipped", "other source"]
)
def test_what_does_not_fit_is_compiled(packed, damage, tmp_path):
    pack, run = packed
    content = pack.read_bytes()
    at = len(b"lizip kernels 1\n") + 8 + 32 + 16
    if damage == "other source":
        script = tmp_path / "script.py"
        script.write_text(script.read_text() + "# changed\n")
    else:
        pack.write_bytes(
            {
                "empty": b"",
                "no title": b"L" + content[1:],
                "cut index": content[:60],
                "cut kernel": content[:-30],
                "wrong place": content[:at] + struct.pack("<Q", 1 << 60) + content[at + 8 :],
                "flipped": content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
            }[damage]
        )
    assert run()[0] == "compiled"


def test_packs_give_back_what_was_put_in(tmp_path, monkeypatch):
    kernels = {f"{i:032x}": kept.pack("q", bytes([i]) * i) for i in (7, 1, 300 % 256)}
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped, "level", lambda: "here")
    (tmp_path / "here.pack").write_bytes(shipped.pack(kernels))
    for cached in (shipped._pack, shipped._index):
        cached.cache_clear()
    try:
        assert shipped.count() == 3
        assert shipped.get(f"{7:032x}") == ("q", b"\7" * 7)
        assert shipped.get(f"{8:032x}") is None
    finally:
        for cached in (shipped._pack, shipped._index):
            cached.cache_clear()


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
