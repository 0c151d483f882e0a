"""The command line called in this process, with its own stdin, stdout and exit status."""

from __future__ import annotations

import io
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lizip.cli import main


@dataclass
class Done:
    status: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def without_note(err: str) -> str:
    """Messages but the one of the first compilation on a machine."""
    return "".join(line for line in err.splitlines(keepends=True) if "compiling for this machine" not in line)


@pytest.fixture
def lizip_command(capfdbinary, monkeypatch) -> Callable[..., Done]:
    """Run `lizip ARGUMENTS`; `stdin` gives its input."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object, stdin: bytes = b"") -> Done:
        capfdbinary.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            main([os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Done(end.value.code or 0, out, without_note(err.decode()))

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def scan(tmp_path) -> Path:
    """Bytes that no format knows: quick to code."""
    path = tmp_path / "scan.bin"
    path.write_bytes(random.Random(1).randbytes(3000) * 2)
    return path


@pytest.fixture
def tree(tmp_path) -> Path:
    """Three small files in folders, none alike."""
    for number, place in enumerate(("a.bin", "one/b.bin", "one/two/c.txt")):
        path = tmp_path / "logs" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(900) * (number + 1))
    return tmp_path / "logs"


@pytest.fixture
def content() -> Callable[[Path], dict[str, bytes]]:
    """Place below a folder -> bytes, of all files there."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
