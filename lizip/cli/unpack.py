"""`lizip unpack`."""

from __future__ import annotations

from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Give the files of a .lizips back.")
@click.argument("pack", metavar="PACK")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("-o", "--output", metavar="FOLDER", required=True, help="Where the files go.")
@click.option("--packed", is_flag=True, help="Give .lizip files, without decoding.")
@click.option("-f", "--force", is_flag=True, help="Replace existing files.")
@options.many
@options.report
def command(pack: str, names: tuple[str, ...], output: str, packed: bool, force: bool, **rest: Any) -> None:
    """Give the files of a pack back, all or those named. Files that are there already and the same are skipped."""
    from lizip.batch.packing import plan_unpacking
    from lizip.cli.jobs import do

    try:
        planned = plan_unpacking(pack, names, output, packed, force)
    except KeyError as error:
        raise click.UsageError(f"{pack}: holds no {error.args[0]}") from None
    do(planned, {**rest, "dry_run": False, "manifest": None})
