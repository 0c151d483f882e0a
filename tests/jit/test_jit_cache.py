"""The cache of compiled kernels: found again, made anew when anything changed or is damaged, done without at need."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lizip
from lizip.jit import DISABLED, cache, digest

pytestmark = pytest.mark.skipif(DISABLED, reason="kernels run in plain Python")

SCRIPT = """
import sys
import numpy as np
from lizip.jit import kernel

@kernel
def doubled(values):
    for i in range(values.size):
        values[i] *= 2

values = np.arange(4)
doubled(values)
assert values.tolist() == [0, 2, 4, 6]
print("compiled" if "numba" in sys.modules else "found")
"""


class Run:
    """Runs a script that has one kernel, with a cache of its own."""

    def __init__(self, folder: Path):
        self.folder, self.cache = folder, folder / "cache"
        self.script = folder / "script.py"
        self.script.write_text(SCRIPT)

    def __call__(self, prelude: str = "", **settings: str | None) -> tuple[str, str]:
        environment = {"NUMBA_CACHE_DIR": str(self.cache), "PYTHONPATH": os.pathsep.join(sys.path), **settings}
        environment = {**os.environ, **environment}
        environment = {key: value for key, value in environment.items() if value is not None}
        command = [sys.executable, "-c", f"{prelude}\nimport runpy; runpy.run_path({str(self.script)!r})"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr

    def files(self) -> list[Path]:
        return sorted((self.cache / "kernels").iterdir())


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_compiled_once_and_said_so(run):
    answer, said = run()
    assert answer == "compiled"
    assert re.fullmatch(r"lizip: compiling [^\n]*\n", said)
    assert run() == ("found", "")
    assert len(run.files()) == 1


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    return {
        "empty": b"",
        "cut": content[:-1],
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "another's": b"\x80\x04N.",
    }


def test_damaged_files_are_compiled_anew(run):
    run()
    (path,) = run.files()
    whole = path.read_bytes()
    path.write_bytes(damaged(whole)["flipped"])
    assert run()[0] == "compiled"
    assert path.read_bytes() == whole, "the same code, byte for byte, from the same sources"
    assert run()[0] == "found"


@pytest.mark.parametrize("damage", [*damaged(b"0"), "folder", "missing"])
def test_damaged_files_are_not_there(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(cache, "place", lambda: tmp_path)
    cache.put("name", "(qd)", b"machine code" * 3)
    path = tmp_path / "name"
    assert [each.name for each in tmp_path.iterdir()] == ["name"]
    assert cache.get("name") == ("(qd)", b"machine code" * 3)
    whole = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(damaged(whole)[damage])
    assert cache.get("name") is None
    cache.put("name", "(qd)", b"machine code" * 3)
    assert damage == "folder" or path.read_bytes() == whole
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_whatever_is_cut_is_not_there(cut):
    content = cache.pack("(qd)", b"machine code" * 3)
    assert cache.unpack(content) == ("(qd)", b"machine code" * 3)
    assert cache.unpack(content[:cut]) is None


@pytest.mark.parametrize("home", ["a file", "nowhere"])
def test_without_any_cache_or_home(run, tmp_path, home):
    """A container: compiled code goes to a temporary folder of the user's own; one warning says what to do."""
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    homes = {"a file": str(tmp_path / "file"), "nowhere": "/proc/nonexistent"}
    settings = {"NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": None, "HOME": homes[home]}
    settings["TMPDIR"] = str(tmp_path / "temporary")
    answer, said = run(**settings)
    assert answer == "compiled"
    assert said.count("LizipWarning: ") == 1
    assert "set NUMBA_CACHE_DIR" in said
    (folder,) = (tmp_path / "temporary").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    answer, said = run(**settings)
    assert answer == "found"
    assert said.count("LizipWarning: ") == 1
    assert "set NUMBA_CACHE_DIR" in said


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX only")
@pytest.mark.parametrize("whose", ["anybody's", "a link"])
def test_code_is_not_taken_from_folders_of_others(run, tmp_path, whose):
    temporary = tmp_path / "temporary"
    folder = temporary / f"lizip-{os.getuid()}"
    if whose == "a link":
        (tmp_path / "elsewhere").mkdir()
        temporary.mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    (tmp_path / "file").write_text("")
    settings = {"NUMBA_CACHE_DIR": str(tmp_path / "file"), "TMPDIR": str(temporary)}
    answer, said = run(**settings)
    assert answer == "compiled"
    assert "anew by every process" in said
    assert not list(folder.iterdir())


def test_a_full_disk_keeps_nothing_and_harms_nothing(run):
    pytest.importorskip("resource")
    full = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    full += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    assert run(full)[0] == "compiled"
    assert run.files() == []
    assert run()[0] == "compiled"
    assert run()[0] == "found"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A few files in place of lizip: kernels, tables two imports away, and a module that has no part in it."""
    files = {
        "kernels": "from lizip.middle.helper import (\n    help_out,\n    LIMIT,\n)\n",
        "middle/__init__": "",
        "middle/helper": "import lizip.tables\r\nfrom lizip import inside, late_one\nLIMIT = 3\n",
        "tables": "RATE = 5\n",
        "late_one": "def f():\n    from lizip.apart import X\n",
        "inside/__init__": "from lizip.inside.deep import X as Y  # comment\nimport lizip.inside.deep as z\n",
        "inside/deep": "X = 1\n",
        "apart": "import lizip.kernels\n",
    }
    for name, text in files.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def digest_now() -> str:
        for cached in (digest.sources_digest, digest._text, digest._named, digest._module, digest._file):
            cached.cache_clear()
        return digest.sources_digest("lizip.kernels", str(tmp_path / "kernels.py"))

    monkeypatch.setattr(digest, "_PACKAGE", tmp_path)
    yield tmp_path, digest_now
    monkeypatch.undo()
    digest_now()


@pytest.mark.parametrize(
    "name",
    ["kernels", "middle/helper", "middle/__init__", "tables", "late_one", "inside/__init__", "inside/deep", "apart"],
)
def test_every_constant_within_reach_counts(package, name):
    folder, digest_now = package
    before = digest_now()
    assert digest_now() == before
    path = folder / f"{name}.py"
    path.write_text(path.read_text() + "# changed\n")
    assert (digest_now() == before) == (name in ("apart", "middle/__init__"))


def test_a_table_in_another_module_is_not_taken_from_the_cache(tmp_path):
    """The case that golden files cannot see: old code beside new constants."""
    shutil.copytree(Path(lizip.__file__).parent, tmp_path / "lizip", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "lizip" / "table.py").write_text("import numpy as np\nTABLE = np.array([5])\n")
    (tmp_path / "lizip" / "user.py").write_text(
        "from lizip.jit import kernel\nfrom lizip.table import TABLE\n@kernel\ndef look():\n    return TABLE[0]\n"
    )

    def look() -> str:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", "from lizip.user import look; print(look())"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path).stdout

    assert look() == "5\n"
    (tmp_path / "lizip" / "table.py").write_text("import numpy as np\nTABLE = np.array([6])\n")
    assert look() == "6\n"


def test_helpers_and_tables_of_the_product_count():
    """Of the real package: what the coder of the grid calls and reads is within reach of its digest."""
    reached = {"lizip.codecs.sweep.cells"}
    while True:
        more = {name for module in reached for name in digest._named(digest._file(module))} - reached
        if not more:
            break
        reached |= more
    assert {"lizip.entropy.mixing", "lizip.entropy.adaptive", "lizip.entropy.coder"} <= reached
    assert not {"lizip.api", "lizip.cli", "lizip.batch"} & reached
