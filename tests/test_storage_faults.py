"""Every call to the file system fails once: nothing is lost, nothing lies about, the right file is named."""

from __future__ import annotations

import builtins
import errno
import os
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import lizip
from lizip import storage
from lizip.batch import cause, find, plan, run
from lizip.errors import LizipError, LizipWarning
from lizip.storage import places, temporary

CONTENTS = {f"{name}.bin": f"point {name} ".encode() * 50 for name in "abc"}

OPERATIONS = (
    "open",
    "os.open",
    "write",
    "readinto",
    "os.fsync",
    "os.replace",
    "os.link",
    "os.chmod",
    "os.utime",
    "os.unlink",
)


class Faulty:
    """Makes the N-th call of an operation fail with an I/O error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, operation: str):
        self.calls, self.fails_at, self.path = 0, 0, None
        if operation == "open":
            monkeypatch.setattr(places, "open", self.failing(builtins.open), raising=False)
        elif operation in ("write", "readinto"):
            monkeypatch.setattr(temporary._Raw, "_named", self.failing_method(temporary._Raw._named, operation))
        else:
            name = operation.removeprefix("os.")
            monkeypatch.setattr(os, name, self.failing(getattr(os, name)))

    def failing(self, function: Callable) -> Callable:
        def call(*arguments, **options):
            self.count(arguments[0] if arguments and isinstance(arguments[0], (str, os.PathLike)) else None)
            return function(*arguments, **options)

        return call

    def failing_method(self, function: Callable, operation: str) -> Callable:
        def call(raw, method, *arguments):
            if method == operation:
                try:
                    self.count(None)
                except OSError as error:
                    error.filename = raw._known_as
                    raise
            return function(raw, method, *arguments)

        return call

    def count(self, path) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            self.path = path
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    @contextmanager
    def armed(self, number: int):
        self.calls, self.fails_at = 0, number
        try:
            yield
        finally:
            self.fails_at = 0


def originals(folder: Path) -> None:
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)


def packed(folder: Path) -> None:
    originals(folder)
    for name in CONTENTS:
        lizip.compress_file(folder / name, level="fast", codec="opaque", remove=True)


def one(verb: str, remove: bool, force: bool):
    """Do one file; what failed, and what was told besides."""

    def do(folder: Path) -> tuple[list[str], list[str]]:
        source = folder / ("a.bin" if verb == "compress" else "a.bin.lizip")
        target = folder / ("a.bin.lizip" if verb == "compress" else "a.bin")
        if force:
            target.write_bytes(b"in the way")
        coding = {"level": "fast", "codec": "opaque"} if verb == "compress" else {}
        function: Any = lizip.compress_file if verb == "compress" else lizip.decompress_file
        failures = []
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                function(source, remove=remove, force=force, **coding)
            except (LizipError, OSError) as error:
                failures.append(cause(error, str(source), str(target)))
        assert all(issubclass(each.category, LizipWarning) for each in heard)
        return failures, [str(each.message) for each in heard]

    return do


def batch(verb: str, remove: bool, force: bool):
    """Do all files of the folder, in place; what failed, and what was told besides."""

    def do(folder: Path) -> tuple[list[str], list[str]]:
        coding: dict[str, Any] = {"level": "fast", "codec": "opaque"} if verb == "compress" else {}
        jobs = plan(verb, find([str(folder)], recursive=True, clean=True), remove=remove, force=force, **coding)
        outcomes = list(run(jobs))
        failures = [outcome.cause() for outcome in outcomes if outcome.error is not None]
        return failures, [warning for outcome in outcomes for warning in outcome.warnings]

    return do


def survives(folder: Path, name: str) -> bool:
    """Whether the original is there, or a .lizip file that decodes to it."""
    plain, coded = folder / name, folder / f"{name}.lizip"
    if plain.exists() and plain.read_bytes() == CONTENTS[name]:
        return True
    return coded.exists() and lizip.decompress(coded.read_bytes()) == CONTENTS[name]


def leftovers(folder: Path) -> list[str]:
    known = {*CONTENTS, *(f"{name}.lizip" for name in CONTENTS)}
    return [name for name in os.listdir(folder) if name not in known]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("force", [False, True], ids=["new", "forced"])
@pytest.mark.parametrize("remove", [False, True], ids=["keep", "rm"])
@pytest.mark.parametrize("verb", ["compress", "decompress"])
@pytest.mark.parametrize("way", [one, batch])
def test_every_call_may_fail(tmp_path, monkeypatch, way, verb, remove, force, operation):
    do, prepare = way(verb, remove, force), originals if verb == "compress" else packed
    faulty = Faulty(monkeypatch, operation)
    for number in range(1, 200):
        folder = tmp_path / str(number)
        prepare(folder)
        with faulty.armed(number):
            failures, told = do(folder)
        if faulty.calls < number:
            assert not failures
            break
        assert all(survives(folder, name) for name in CONTENTS), f"call {number} of {operation}: something is lost"
        assert len(failures) <= 1, f"call {number} of {operation}: the others were not done"
        assert all(line.startswith(f"{folder}/") and ".tmp" not in line for line in failures), failures
        assert operation != "os.unlink" or failures or told, "a temporary or a source that stays is told of"
        left = leftovers(folder)
        assert not left or (operation == "os.unlink" and all(map(storage.is_temporary, left))), left
        batch(verb, remove, force)(folder)  # what is left to do is done by the next run
        assert not leftovers(folder)
        assert all(survives(folder, name) for name in CONTENTS)
    else:
        pytest.fail("the operation never stopped being called")


@pytest.mark.parametrize("operation", ["os.chmod", "os.utime", "os.link", "folder fsync"])
@pytest.mark.parametrize("answer", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_what_a_file_system_does_not_have_costs_a_warning(tmp_path, monkeypatch, operation, answer):
    def refuse(*_, **__):
        raise OSError(answer, os.strerror(answer))

    real = os.fsync

    def sync(handle):
        return refuse() if os.path.isdir(f"/proc/self/fd/{handle}") else real(handle)

    originals(tmp_path / "t")
    if operation == "folder fsync":
        monkeypatch.setattr(os, "fsync", sync)
    else:
        monkeypatch.setattr(os, operation.removeprefix("os."), refuse)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        lizip.compress_file(tmp_path / "t/a.bin", level="fast", codec="opaque", remove=True)
    assert survives(tmp_path / "t", "a.bin")
    assert not (tmp_path / "t/a.bin").exists()
    assert not leftovers(tmp_path / "t")
    assert [str(each.message).startswith(f"{tmp_path}/t/a.bin.lizip: ") for each in heard] == [True] * (
        operation != "os.link"
    )


def test_no_hard_links_and_a_second_writer(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "target"

    def publish():
        with storage.publishing(target) as file:
            file.write(b"mine")
            target.write_bytes(b"theirs")

    with pytest.raises(lizip.StorageError, match="exists already"):
        publish()
    assert target.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["target"]
