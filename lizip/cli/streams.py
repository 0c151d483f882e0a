"""One file from stdin or to stdout."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import click

import lizip
from lizip import storage
from lizip.container import Container
from lizip.pipeline import Decoder


def concerned(inputs: tuple[str, ...], output: str | None, stdout: bool) -> bool:
    """Whether stdin or stdout is among the inputs and outputs; UsageError where that makes no sense."""
    if stdout and output not in (None, "-"):
        raise click.UsageError("-c and -o say different things")
    if "-" in inputs and len(inputs) > 1:
        raise click.UsageError("- (stdin) stands alone")
    return stdout or output == "-" or "-" in inputs


def refuse(**flags: Any) -> None:
    """UsageError for options that need files with names."""
    for name, value in flags.items():
        if value:
            raise click.UsageError(f"--{name} goes with files, not with stdin or stdout")


def compress(source: str, output: str | None, force: bool, **options: Any) -> None:
    """Compress one file or stdin to stdout or a file."""
    _refuse_terminal(output)
    if source == "-":
        compressed = lizip.compress(sys.stdin.buffer.read(), **options)
    else:
        with storage.Source(source) as original:
            compressed = lizip.compress(original.data, **options)
            original.check_unchanged()
    _write([compressed], output, force)


def decompress(sources: Iterable[str], output: str | None, force: bool) -> None:
    """Decompress files one after the other, or stdin, to stdout or a file, as they are decoded.

    What went to stdout before damage was noticed cannot be taken back; the exit status tells.
    """
    _refuse_terminal(output)
    for source in sources:
        with seekable(source) as file:
            _write(Decoder(Container(file)).pieces(), output, force)


def seekable(source: str) -> BinaryIO:
    """A file for reading; stdin is read whole, since what matters stands at its end."""
    return io.BytesIO(sys.stdin.buffer.read()) if source == "-" else storage.open_binary(source)


def _refuse_terminal(output: str | None) -> None:
    if output in (None, "-") and sys.stdout.isatty():
        raise click.UsageError("binary output is not written to a terminal; redirect it or give -o")


def _write(pieces: Iterable[bytes], output: str | None, force: bool) -> None:
    if output in (None, "-"):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    storage.check_target(None, output, force)
    with storage.publishing(output, force=force) as sink:
        for piece in pieces:
            sink.write(piece)
