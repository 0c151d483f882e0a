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
    from lizip.batch import find, plan
    from lizip.cli import jobs, streams

    if streams.concerned(inputs, output, stdout):
        streams.refuse(rm=rest["remove"], manifest=rest["manifest"], recursive=recursive)
        streams.decompress(inputs, output, rest["force"])
        return
    files = jobs.found(find, inputs, recursive, include)
    jobs.do(plan("decompress", files, output, force=rest["force"], remove=rest["remove"]), rest)
