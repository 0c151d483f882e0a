"""`lizip report`."""

from __future__ import annotations

import os
from typing import Any

import click

from lizip.cli import options


@click.command(short_help="A page that shows what happened to the points.")
@options.inputs_with_folders
@click.option("-o", "--output", metavar="PATH", help="Where to write. [default: report.html, with --png report.png]")
@click.option("-f", "--force", is_flag=True, help="Replace an existing page.")
@click.option("--png", is_flag=True, help="A picture alone; also where PATH ends in .png.")
@options.shown
@click.option("-q", "--quiet", is_flag=True, help="Do not say what is being done.")
@options.shaping
def command(
    inputs: tuple[str, ...],
    include: tuple[str, ...],
    output: str | None,
    force: bool,
    png: bool,
    quiet: bool,
    **rest: Any,
) -> None:
    """Write one HTML page, for any browser and without a network: points from above, as a range image and turnable,
    coloured by range, intensity, bits spent and error of the model; bits by stream and by ring; what was found of the
    sensor; size and speed beside others. Of several files, a folder or a pack: a table that sorts.

    INPUT: .lizip files, packs, folders, or files that are not compressed yet (they are, in memory).
    """
    from lizip import storage

    png = png or (output or "").lower().endswith(".png")
    output = output or ("report.png" if png else "report.html")
    for source in inputs:
        storage.check_target(source if not os.path.isdir(source) else None, output, force)
    made = made_of(inputs, include, png, quiet, rest)
    with storage.publishing(output, force=force) as file:
        file.write(made)
    if not quiet:
        from lizip.cli.text import say

        say(f"wrote {output}")


def made_of(inputs: tuple[str, ...], include: tuple[str, ...], png: bool, quiet: bool, rest: dict[str, Any]) -> bytes:
    """The page, or the picture, of what was named; raises click.UsageError, LizipError and OSError."""
    from lizip import report
    from lizip.cli import jobs
    from lizip.cli.text import say
    from lizip.codecs import Options
    from lizip.report.many import is_pack

    against, no_rivals, codecs = (rest.pop(name) for name in ("against", "no_rivals", "codecs"))
    how = Options(**{name: value for name, value in rest.items() if value is not None})
    found = jobs.found(inputs, True, include)
    for each in found:
        if each.error is not None:
            raise each.error
    paths = [each.path for each in found]
    if not paths:
        raise click.UsageError("nothing to report on: no file there")
    alone = len(paths) == len(inputs) == 1 and not os.path.isdir(inputs[0])
    if png or against:
        if not alone:
            raise click.UsageError(f"{'--png' if png else '--against'} is for one file")
        if png:
            return report.png_of_file(paths[0], how)
    if alone and is_pack(paths[0]):
        return report.page_of_pack(paths[0], codecs).encode()
    if alone:
        return report.page_of_file(paths[0], how, against=against, rivals=not no_rivals, codecs=codecs).encode()
    title = os.path.basename(os.path.abspath(inputs[0])) if len(inputs) == 1 else f"{len(paths)} files"
    tell = (lambda _: None) if quiet else lambda name: say(f"  {name}")
    return report.page_of_files(paths, title, how, tell, codecs).encode()
