"""One file from stdin or to stdout."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, BinaryIO, cast

import click

import lizip
from lizip import storage
from lizip.batch import Outcome, attempt, described
from lizip.cli.progress import Voice, leave, report
from lizip.cli.text import is_terminal, standard
from lizip.codecs import Options
from lizip.container import Container
from lizip.decoder import Decoder
from lizip.files import compress_into
from lizip.parallel import threads


def concerned(inputs: tuple[str, ...], output: str | None = None, stdout: bool = False) -> bool:
    """Whether stdin or stdout is among the inputs and outputs; UsageError where that makes no sense."""
    if stdout and output not in (None, "-"):
        raise click.UsageError("-c and -o say different things")
    if "-" in inputs and len(inputs) > 1:
        raise click.UsageError("- (stdin) stands alone")
    return stdout or output == "-" or "-" in inputs


def refuse(options: dict[str, Any], output: str | None, **flags: Any) -> None:
    """UsageError for options that need files with names, or stdout for themselves."""
    flags = {"--rm": options["remove"], "--manifest": options["manifest"], "-n": options["dry_run"]} | {
        f"--{name}": value for name, value in flags.items()
    }
    for name, value in flags.items():
        if value:
            raise click.UsageError(f"{name} goes with files, not with stdin or stdout")
    if options["as_json"] and output in (None, "-"):
        raise click.UsageError("--json and the data cannot share stdout; give -o FILE")


def compress(source: str, output: str | None, options: dict[str, Any], **coding: Any) -> None:
    """Compress one file or stdin to stdout or a file."""
    _refuse_terminal(output)

    def action() -> tuple[str, dict[str, Any]]:
        stream = _stdin() if source == "-" else None
        with tempfile.SpooledTemporaryFile(storage.WHOLE) as packed, threads(options["workers"]):
            with storage.Source("stdin" if stream else source, stream) as original:
                compress_into(cast(BinaryIO, packed), original, Options(**coding))
            packed.seek(0)
            _write(iter(lambda: packed.read(1 << 20), b""), output, options["force"])
            return "done", described(cast(BinaryIO, packed))

    _report([_attempt(source, output, action)], options)


def decompress(sources: Iterable[str], output: str | None, options: dict[str, Any]) -> None:
    """Decompress files one after the other, or stdin, to stdout or a file, as they are decoded.

    What went to stdout before damage was noticed cannot be taken back; the exit status tells.
    """
    _refuse_terminal(output)

    def action(source: str) -> tuple[str, dict[str, Any]]:
        with seekable(source) as file, threads(options["workers"]):
            _write(Decoder(Container(file)).pieces(), output, options["force"])
            return "done", described(file)

    _report((_attempt(source, output, partial(action, source)) for source in sources), options)


def verify(against: str | None, options: dict[str, Any]) -> None:
    """Check a .lizip file that comes from stdin."""

    def action() -> tuple[str, dict[str, Any]]:
        with seekable("-") as file:
            lizip.verify(file, against)
            return "done", described(file)

    outcome = attempt("stdin", against, action)
    _report([outcome], options)


def seekable(source: str) -> BinaryIO:
    """A file for reading; what comes from stdin is kept, on disk if it is much: what matters stands at its end."""
    if source != "-":
        return storage.open_binary(source)
    file = tempfile.SpooledTemporaryFile(storage.WHOLE)  # noqa: SIM115
    try:
        with storage.naming("stdin"):
            shutil.copyfileobj(_stdin(), file, 1 << 20)
    except BaseException:
        file.close()
        raise
    return cast(BinaryIO, file)


def _stdin() -> BinaryIO:
    return standard(sys.stdin, "stdin").buffer


def _refuse_terminal(output: str | None) -> None:
    if output in (None, "-") and is_terminal(sys.stdout):
        raise click.UsageError("binary output is not written to a terminal; redirect it or give -o")


def _attempt(source: str, output: str | None, action: Callable[[], tuple[str, dict[str, Any]]]) -> Outcome:
    target = "stdout" if output in (None, "-") else output
    outcome = attempt("stdin" if source == "-" else source, target, action)
    if isinstance(outcome.error, OSError) and outcome.error.filename == "stdout":
        raise outcome.error  # nothing more can be written there
    return outcome


def _report(outcomes: Iterable[Outcome], options: dict[str, Any]) -> None:
    errors = []
    for outcome in outcomes:
        report(outcome, Voice(options["quiet"], options["verbose"], options["as_json"]))
        errors += [outcome.error] if outcome.error is not None else []
    leave(errors)


def _write(pieces: Iterable[bytes], output: str | None, force: bool) -> None:
    if output in (None, "-"):
        stdout = standard(sys.stdout, "stdout").buffer
        for piece in pieces:
            with storage.naming("stdout"):
                stdout.write(piece)
        with storage.naming("stdout"):
            stdout.flush()
        return
    storage.check_target(None, output, force)
    storage.remove_stale(os.path.dirname(output))
    with storage.publishing(output, force=force) as sink:
        for piece in pieces:
            sink.write(piece)
