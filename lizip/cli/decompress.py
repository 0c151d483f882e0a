"""`lizip decompress`."""

from __future__ import annotations

from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Give the original files back.")
@options.inputs
@options.targets
@options.many
@options.report
@options.manifest
def command(
    inputs: tuple[str, ...],
    recursive: bool,
    include: tuple[str, ...],
    output: str | None,
    stdout: bool,
    **rest: Any,
) -> None:
    """Give back the files that .lizip files were made of.

    INPUT: files, folders (-r), patterns, URLs, or - (stdin). INPUT.lizip becomes INPUT.
    """
    from lizip.batch import plan
    from lizip.cli import jobs, streams

    if streams.concerned(inputs, output, stdout):
        streams.refuse(rest, output, recursive=recursive)
        named = inputs if "-" in inputs else [each.path for each in jobs.found(inputs, recursive, include)]
        if len(named) > 1 and output not in (None, "-"):
            raise click.UsageError("several files cannot share one output")
        streams.decompress(named, output, rest)
        return
    files = jobs.found(inputs, recursive, include, rest["manifest"], clean=not rest["dry_run"])
    planned = plan("decompress", files, output, mirror=recursive, force=rest["force"], remove=rest["remove"])
    jobs.do(planned, rest)
