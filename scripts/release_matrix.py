"""Read the golden files under every Python, numba and numpy that a release promises, and say of each line what was run.

python scripts/release_matrix.py                       what this machine has; run it before a release
python scripts/release_matrix.py --install             environments of the oldest and newest versions, too (network)
python scripts/release_matrix.py --emulator "qemu-aarch64-static -L ROOT ROOT/usr/bin/python3.11"
python scripts/release_matrix.py --only JIT --files odd.floats kitti.floats     some lines, some files

An emulated Python needs what lizip needs, but not constriction: the twin serves. Hours of compiling under emulation are
saved by: python scripts/build_kernels.py lizip/jit/libraries --levels aarch64

A line says `ran`, `failed` or `skipped`, with what was run or why not; any that failed makes the program fail, and
with --strict any that was skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden"
PYTHONS = ("3.10", "3.13")
LARGE = 40_000
"""Bytes of a golden file that is left out where nothing is compiled: it would take an hour."""

_PROGRAM = """
import json, platform, sys
sys.path[:0] = [{root!r}, {root!r} + "/tests"]
import numba, numpy, harness
from pathlib import Path
from lizip import decompress
from lizip.jit import shipped
said = dict(machine=platform.machine(), python=platform.python_version(), numba=numba.__version__)
said.update(numpy=numpy.__version__, shipped=shipped.count(), files=dict())
for path in map(Path, {files!r}):
    try:
        good = harness.recoded(path) if {again!r} else decompress(path.read_bytes()) is not None
        said["files"][path.stem] = "ok" if good else "coded again it gives other bytes"
    except Exception as error:
        said["files"][path.stem] = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(said))
"""


class Line(NamedTuple):
    """One line of the matrix: its name, the interpreter, settings; whether files are coded again; why it is skipped."""

    name: str
    python: Sequence[str]
    settings: Mapping[str, str] = {}
    again: bool = True
    compiled: bool = True
    skipped: str = ""


def main() -> int:
    """Run the lines."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--install", action="store_true", help="make environments of other versions (network)")
    parser.add_argument("--emulator", default="", help="command that runs Python on 64-bit ARM")
    parser.add_argument("--only", default="", help="lines whose name has this")
    parser.add_argument("--files", nargs="*", default=(), help="golden files by name; all")
    parser.add_argument("--strict", action="store_true", help="fail when a line was skipped")
    options = parser.parse_args()
    files = [path for path in sorted(GOLDEN.glob("v*/*.lizip")) if not options.files or path.stem in options.files]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(options, Path(folder)):
            if options.only in line.name:
                result, words = ("skipped", line.skipped) if line.skipped else run(line, files)
                results.append(result)
                print(f"{line.name:45} {result:8} {words}", flush=True)
    return int("failed" in results or not results or (options.strict and "skipped" in results))


def lines(options: argparse.Namespace, folder: Path) -> Iterator[Line]:
    """The lines of the matrix."""
    here = [sys.executable]
    yield Line("this Python, JIT", here)
    yield Line("this Python, JIT for a generic processor", here, {"NUMBA_CPU_NAME": "generic"})
    yield Line("this Python, NUMBA_DISABLE_JIT", here, {"NUMBA_DISABLE_JIT": "1"}, again=False, compiled=False)
    libraries = list((ROOT / "lizip/jit/libraries").glob("*.so"))
    none = "" if libraries else "no libraries: python scripts/build_kernels.py lizip/jit/libraries (some minutes)"
    yield Line("this Python, compiled ahead of time", here, {"NUMBA_CACHE_DIR": str(folder / "empty")}, skipped=none)
    for version in PYTHONS:
        for which in ("oldest", "newest"):
            name = f"Python {version}, {which} numba and numpy, JIT"
            if not options.install:
                yield Line(name, here, skipped="needs --install (network)")
            elif options.only in name:
                yield _installed(name, version, which, folder)
    emulator = shlex.split(options.emulator)
    none = "" if emulator else "needs --emulator"
    yield Line("64-bit ARM, emulated", emulator, skipped=none)


def run(line: Line, files: Sequence[Path]) -> tuple[str, str]:
    """Result of a line, and words about it."""
    large = [] if line.compiled else [path for path in files if path.stat().st_size > LARGE]
    chosen = [str(path) for path in files if path not in large]
    program = _PROGRAM.format(root=str(ROOT), files=chosen, again=line.again)
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "LIZIP_"))}
    kept = {"NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"]} if "NUMBA_CACHE_DIR" in os.environ else {}
    child = subprocess.run(
        [*line.python, "-c", program], env={**settings, **kept, **line.settings}, capture_output=True, text=True
    )
    try:
        said = json.loads(child.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return "failed", " / ".join(child.stderr.strip().splitlines()[-4:]) or f"ends with {child.returncode}"
    if line.name.endswith("ahead of time") and not said["shipped"]:
        return "failed", "the libraries are not for this lizip, Python or processor: build them anew"
    bad = {name: words for name, words in said["files"].items() if words != "ok"}
    versions = f"Python {said['python']}, numba {said['numba']}, numpy {said['numpy']}, {said['machine']}"
    done = "decoded and coded again" if line.again else "decoded"
    left = f"; left out, as it would take an hour: {', '.join(path.stem for path in large)}" if large else ""
    if bad or not chosen:
        return "failed", f"{versions}: {bad or 'no files'}"
    return "ran", f"{versions}: {len(chosen)} files {done}{left}"


def _installed(name: str, version: str, which: str, folder: Path) -> Line:
    """A line in an environment made for it."""
    python = interpreter(version)
    if python is None:
        return Line(name, (), skipped=f"no python{version} here, nor in ~/.pyenv/versions")
    home = folder / f"{version}-{which}"
    subprocess.run([python, "-m", "venv", str(home)], check=True)
    inside = str(home / "bin/python")
    wanted = [*requirements(), *(oldest(version) if which == "oldest" else ())]
    made = subprocess.run(
        [inside, "-m", "pip", "install", "-q", "--only-binary", ":all:", *wanted], capture_output=True, text=True
    )
    if made.returncode:
        return Line(name, (), skipped=f"cannot be installed: {made.stderr.strip().splitlines()[-1]}")
    return Line(name, [inside], {"NUMBA_CACHE_DIR": str(home / "cache")})


def interpreter(version: str) -> str | None:
    """A Python of a version that starts: on the path, or one of pyenv's."""
    found = [shutil.which(f"python{version}"), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
    works = (each for each in found if each and not subprocess.run([each, "-c", ""], capture_output=True).returncode)
    return next(works, None)


def requirements() -> list[str]:
    """What lizip needs, as pyproject.toml has it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"(?m)^dependencies = \[\n((?:    .*\n)+)\]", text)
    return re.findall(r'"(.*)"', block)


def oldest(version: str) -> list[str]:
    """Pins of the oldest numba and numpy that are promised; numpy has wheels for Python 3.13 from 2.1 on only."""
    least = dict(re.findall(r"(numba|numpy)>=([\d.]+)", " ".join(requirements())))
    if version == "3.13":
        least["numpy"] = max(least["numpy"], "2.1")
    return [f"{name}=={number}.*" for name, number in sorted(least.items())]


if __name__ == "__main__":
    sys.exit(main())
