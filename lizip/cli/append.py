"""`lizip append`."""

from __future__ import annotations

from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Add files to a .lizips.")
@click.argument("pack", metavar="PACK")
@options.inputs_with_folders
@options.key_frames
@options.seeds
@options.coding
@options.many
@options.report
def command(pack: str, **rest: Any) -> None:
    """Add files to a pack, or begin one; files that are in it already and the same are skipped."""
    from lizip.cli import packing

    packing.pack(pack, force=False, append=True, options=rest)
