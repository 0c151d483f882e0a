"""`lizip pack`."""

from __future__ import annotations

from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Put the files of a folder into one .lizips.")
@options.inputs_with_folders
@click.option("-o", "--output", metavar="PACK", required=True, help="The pack to make, e.g. scene.lizips.")
@click.option("-f", "--force", is_flag=True, help="Replace an existing pack.")
@options.key_frames
@options.seeds
@options.coding
@options.many
@options.report
def command(output: str, force: bool, **rest: Any) -> None:
    """Compress files and put them into one pack: any sweep of it can be read alone, by name, place or time.

    INPUT: folders, files, patterns. Times are taken from names like 1532402927647951.bin. A pack that was broken off
    holds what was complete; `lizip append` goes on.
    """
    from lizip.cli import packing

    packing.pack(output, force=force, append=False, options=rest)
