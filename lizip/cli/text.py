"""What goes to the terminal and to stdout: names are shown so that they break no line and move no cursor."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any, TextIO

import click

from lizip import storage
from lizip.errors import StorageError

_UNSEEN = {"Cc", "Zl", "Zp", "Cs"}
"""Unicode categories: control characters, separators of lines and paragraphs, bytes that are no text."""

_DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of writing: a name could show as another."""


def shown(text: str) -> str:
    """Text with everything that is not seen as itself written as an escape: one line, whatever is in it."""
    return "".join(map(_escaped, text)) if not text.isascii() or not text.isprintable() else text


def _escaped(sign: str) -> str:
    if unicodedata.category(sign) not in _UNSEEN and sign not in _DIRECTIONS:
        return sign
    if "\udc80" <= sign <= "\udcff":  # how Python carries a byte of a name that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()


def say(text: str) -> None:
    """A line on stderr, above the bar where there is one."""
    if is_terminal(sys.stderr):
        from tqdm import tqdm

        tqdm.write(shown(text), file=sys.stderr)
    else:
        click.echo(shown(text), err=True)


def tell(text: str) -> None:
    """Lines on stdout, at once; an error of it is one of `stdout`."""
    with storage.naming("stdout"):
        print(text, file=standard(sys.stdout, "stdout"), flush=True)


def tell_json(record: dict[str, Any]) -> None:
    """An object on a line of stdout."""
    tell(json.dumps(record))


def standard(stream: TextIO | None, name: str) -> TextIO:
    """A standard stream; StorageError when whoever started this process has closed it."""
    if stream is None:
        raise StorageError(f"{name}: is closed")
    return stream


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at it."""
    return stream is not None and stream.isatty()
