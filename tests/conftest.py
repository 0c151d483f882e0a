"""Shared fixtures: real data where it is there, the command line, and the option for the long tests."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

import lizip
from lizip import defects
from lizip.cli import main

# compiling a kernel counts as a slow example otherwise
settings.register_profile("lizip", deadline=None)
settings.load_profile("lizip")

DATA = Path(os.environ.get("LIZIP_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
"""Folder of real sweeps and LAS files; not part of the project."""


def pytest_configure():
    # programs that the tests start take the lizip that the tests import, wherever they are started
    root = Path(__file__).resolve().parents[1]  # for the benchmarks
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(lizip.__file__).resolve().parents[1]), str(root)])
    os.environ["PYTHONSAFEPATH"] = "1"
    # a shell that starts the tests in the background has them, and what they start, ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # the same of nohup and terminals that go away; a handler, unlike SIG_DFL, lets the tests themselves go on
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests that take minutes")


def pytest_report_header():
    return f"real data: {DATA if DATA.is_dir() else 'not there; the tests on it are skipped (set LIZIP_DATA)'}"


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow; run with --slow"))


@pytest.fixture(autouse=True)
def _no_defects(request):
    """A defect that was caught, and did no harm, is a failure here; tests that make one are marked `defective`."""
    before = defects.count()
    yield
    if "defective" not in request.keywords:
        assert defects.count() == before, "something failed inside lizip and was caught by its last net"


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of real data; skips where it is not there."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set LIZIP_DATA")
    return DATA


@dataclass
class Done:
    status: int | str
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def without_note(err: str) -> str:
    """Messages but the one of the first compilation on a machine."""
    return "".join(line for line in err.splitlines(keepends=True) if "compiling for this machine" not in line)


@pytest.fixture
def lizip_command(capfdbinary, monkeypatch) -> Iterator[Callable[..., Done]]:
    """Run `lizip ARGUMENTS` in this process; `stdin` gives its input."""
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
