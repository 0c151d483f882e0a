"""`lizip bench`."""

from __future__ import annotations

import json

import click

from lizip.cli import options


@click.command(short_help="Size and speed beside gzip, zstd, xz, pcodec, OpenZL, LASzip, Draco.")
@options.inputs
@click.option("--rivals", metavar="NAMES", help="Commas between them, e.g. lizip,gzip,laszip; all otherwise.")
@click.option("--seconds", type=click.FloatRange(0), default=1.0, show_default=True, help="Repeat each call so long.")
@click.option("-q", "--quiet", is_flag=True, help="Do not say what is being measured.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a rival.")
def command(
    inputs: tuple[str, ...],
    recursive: bool,
    include: tuple[str, ...],
    rivals: str | None,
    seconds: float,
    quiet: bool,
    as_json: bool,
) -> None:
    """Compress files with lizip and with what people use instead, and compare size, speed and what is lost.

    INPUT: files of one kind (the figures are means over all of them), folders (-r), patterns.
    """
    from lizip import bench
    from lizip.cli import jobs

    files = jobs.found(inputs, recursive, include)
    paths = [each.path for each in files if each.error is None and not each.path.endswith(".lizip")]
    if not paths:
        raise click.UsageError("nothing to measure: no file there that is not compressed already")
    try:
        chosen = bench.choose(rivals.split(",") if rivals else None)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for rival in chosen:
        if rival.missing and not quiet:
            click.echo(f"{rival.name} is left out; to have it: {rival.missing}", err=True)
    there = [rival for rival in chosen if not rival.missing]
    tell = (lambda text: None) if quiet or as_json else (lambda text: click.echo(f"  {text}", err=True))
    results = bench.measure(paths, there, seconds, tell)
    if as_json:
        for result in results:
            click.echo(json.dumps(result.record()))
    else:
        click.echo(f"{len(paths)} file{'s' if len(paths) > 1 else ''}, one core")
        click.echo(bench.table(results))
