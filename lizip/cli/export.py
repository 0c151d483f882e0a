"""`lizip export`."""

from __future__ import annotations

import os

import click

from lizip.codecs import LEVELS

SUFFIX = ".mcap"


@click.command(short_help="Write a bag that plays with its clouds compressed.")
@click.argument("source", metavar="FILE")
@click.option("--mcap", "as_mcap", is_flag=True, required=True, help="Write MCAP, of MCAP.")
@click.option("-o", "--output", metavar="PATH", help="Otherwise run.mcap gives run.lizip.mcap.")
@click.option("-f", "--force", is_flag=True, help="Replace an existing target.")
@click.option("--level", type=click.Choice(LEVELS), default="default", help="Time against size.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(source: str, as_mcap: bool, output: str | None, force: bool, level: str, quiet: bool) -> None:
    """Write an MCAP file that plays: each PointCloud2 becomes a CompressedPointCloud2 of the format "lizip".

    FILE is an MCAP file, or its .lizip form. `lizip.integrations.mcap.DecoderFactory` lets the reader of the package
    `mcap` give the clouds back.
    """
    from lizip import access, storage
    from lizip.cli.text import tell
    from lizip.container import SUFFIX as PACKED
    from lizip.integrations.mcap import export

    plain = source[: -len(PACKED)] if source.endswith(PACKED) else source
    target = output or (plain[: -len(SUFFIX)] if plain.endswith(SUFFIX) else plain) + PACKED + SUFFIX
    storage.check_target(source, target, force)
    opened = access.open(source) if source.endswith(PACKED) else storage.open_binary(source)
    with opened as file, storage.publishing(target, force=force) as sink:
        count = export(file, sink, level=level, name=source)
        size = sink.tell()
    if not quiet:
        tell(f"{target}: {count} cloud{'s' * (count != 1)} compressed, {size} bytes of {os.path.getsize(source)}")
