"""Kernels compiled ahead of time: taken where they fit, passed over where anything differs, complete in a wheel."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_jit_cache import Run

import lizip
from lizip.jit import DISABLED, find, library, shipped
from lizip.jit import cache as kept

pytestmark = pytest.mark.skipif(DISABLED, reason="kernels run in plain Python")

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = sorted((ROOT / "tests" / "golden" / "v1").glob("*.lizip"))


needs_level = pytest.mark.skipif(not shipped.levels(), reason="no libraries for this machine")


def library_of(path: Path) -> bytes:
    """A library of one kernel, as the cache keeps it."""
    return library.link({path.name.split("-")[1]: kept.unpack(path.read_bytes())})


@needs_level
def test_shipped_kernels_run_without_numba(tmp_path):
    run = Run(tmp_path)
    run(LIZIP_KERNELS="compile")
    (made,) = run.files()
    linked = tmp_path / "libraries" / f"{shipped.levels()[0]}.so"
    linked.parent.mkdir()
    whole = library_of(made)
    linked.write_bytes(whole)
    made.unlink()
    prelude = "from pathlib import Path\nfrom lizip.jit import shipped\n"
    prelude += f"shipped.FOLDER = Path({str(linked.parent)!r})"
    without = "import sys; sys.modules['llvmlite'] = None\n"
    assert run(without + prelude, LIZIP_KERNELS="") == ("found", "")
    assert run.files() == []
    for damaged in (whole[:-4096], b"L" + whole[1:]):
        linked.write_bytes(damaged)
        assert run(prelude, LIZIP_KERNELS="")[0] == "compiled"
        run.files()[0].unlink()
    linked.write_bytes(whole)
    run.script.write_text(run.script.read_text() + "# other source\n")
    assert run(prelude, LIZIP_KERNELS="")[0] == "compiled"


@needs_level
@pytest.mark.parametrize(
    "setting", ["LIZIP_KERNELS=compile", "NUMBA_BOUNDSCHECK=1", "NUMBA_CPU_NAME=generic", "NUMBA_CACHE_DIR=/x", ""]
)
def test_settings_of_numba_are_heeded(setting, tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    for level in shipped.levels():
        (tmp_path / f"{level}.so").write_bytes(b"")
    for name in [*os.environ]:
        if name.startswith(("NUMBA_", "LIZIP_KERNELS")):
            monkeypatch.delenv(name)
    monkeypatch.setenv(*(setting or "OTHER=x").split("="))
    compiles = setting.startswith(("LIZIP", "NUMBA_BOUNDS", "NUMBA_CPU"))
    assert shipped.level.__wrapped__() == ("" if compiles else shipped.levels()[0])


V2 = "fpu pni ssse3 sse4_1 sse4_2 popcnt cx16"


@pytest.mark.parametrize(
    ("processor", "levels"),
    [
        (f"flags\t\t: {V2} avx avx2 bmi1 bmi2 f16c fma abm movbe avx512f", ["x86-64-v3", "x86-64-v2"]),
        (f"flags\t\t: {V2} avx avx2", ["x86-64-v2"]),
        ("flags\t\t: fpu pni", []),
        ("", []),
        (None, []),
    ],
)
def test_what_a_processor_can_do_decides(processor, levels, tmp_path, monkeypatch):
    said = tmp_path / "cpuinfo"
    if processor is not None:
        said.write_text(f"processor\t: 0\n{processor}\n\nprocessor\t: 1\nflags\t\t: other\n")
    monkeypatch.setattr(shipped, "CPUINFO", str(said))
    monkeypatch.setattr(shipped.platform, "system", lambda: "Linux")
    monkeypatch.setattr(shipped.platform, "machine", lambda: "x86_64")
    assert shipped.levels() == levels
    monkeypatch.setattr(shipped.platform, "machine", lambda: "aarch64")
    assert shipped.levels() == ["aarch64"]
    monkeypatch.setattr(shipped.platform, "system", lambda: "Darwin")
    assert shipped.levels() == []


@needs_level
def test_libraries_say_what_kernels_return(tmp_path, monkeypatch):
    run = Run(tmp_path)
    run(LIZIP_KERNELS="compile")
    (made,) = run.files()
    (tmp_path / "here.so").write_bytes(library_of(made))
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped, "level", lambda: "here")
    shipped._library.cache_clear()
    assert shipped.count() == 1
    returns, address = shipped.get(made.name.split("-")[1])
    assert returns == ""
    assert address
    assert shipped.get("00" * 16) is None
    shipped._library.cache_clear()


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
