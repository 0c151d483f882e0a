"""`lizip view`."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Open that page in a browser.")
@options.inputs_with_folders
@options.shown
@click.option("-q", "--quiet", is_flag=True, help="Do not say what is being done.")
@options.shaping
def command(inputs: tuple[str, ...], include: tuple[str, ...], quiet: bool, **rest: Any) -> None:
    """Show what `lizip report` writes: the page goes into a temporary file and into the browser.

    Where there is no browser, the path of the page is printed.
    """
    from lizip.cli.report import made_of
    from lizip.cli.text import tell

    made = made_of(inputs, include, False, quiet, rest)
    handle, path = tempfile.mkstemp(prefix="lizip-", suffix=".html")
    with os.fdopen(handle, "wb") as file:
        file.write(made)
    if not opened(path):
        tell(path)


def opened(path: str) -> bool:
    """Whether a browser took a page. A text browser, on a machine without a screen, is not asked."""
    import webbrowser
    from pathlib import Path

    screen = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    return bool(screen) and webbrowser.open(Path(path).as_uri())
