"""`lizip models`."""

from __future__ import annotations

import click


@click.group(short_help="Predictors and sensor profiles.")
def command() -> None:
    """Predictors and sensor profiles: what files need beside lizip to be decoded; `lizip verify` names it."""


@command.command(short_help="Copy them into a folder.")
@click.argument("folder", metavar="DIR")
def export(folder: str) -> None:
    """Copy all predictors and sensor profiles at hand, with cards and hashes, into a folder.

    Beside an archive they can be decoded by any lizip that knows the format: LIZIP_MODELS=DIR lizip decompress ...
    """
    from lizip import models_export
    from lizip.cli.text import tell

    for each in models_export.export(folder):
        tell(str(each))
