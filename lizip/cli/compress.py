"""`lizip compress`."""

from __future__ import annotations

from typing import Any

import click

from lizip.cli import options


@click.command(short_help="Make .lizip files.")
@options.inputs
@options.targets
@options.coding
@options.many
@options.report
@options.manifest
def command(
    inputs: tuple[str, ...],
    recursive: bool,
    include: tuple[str, ...],
    output: str | None,
    stdout: bool,
    level: str | None,
    fast: bool,
    max_: bool,
    expand: bool,
    no_check: bool,
    **rest: Any,
) -> None:
    """Compress files, folders (-r), patterns, URLs, or - (stdin).

    Makes INPUT.lizip beside each INPUT. In a batch, targets that are there already and hold the same content are
    skipped, so a batch that was broken off goes on when started again.
    """
    from lizip.batch import plan
    from lizip.cli import jobs, streams
    from lizip.cli.text import say
    from lizip.expand import is_laz

    coding = {name: rest.pop(name) for name in (*options.CODING, "warm")}
    coding |= {"level": options.chosen_level(level, fast, max_), "check": not no_check}
    if rest["remove"] and no_check:
        raise click.UsageError("--rm needs the check: without it nobody knows whether the file comes back")
    if rest["remove"] and (coding["max_error"] or coding["intensity_error"] or coding["drop_order"]):
        raise click.UsageError(
            "--rm does not go with --max-error, --intensity-error and --drop-order: the source does not come back"
        )
    if rest["remove"] and expand:
        raise click.UsageError("--rm does not go with --expand: the .laz files themselves do not come back")
    if streams.concerned(inputs, output, stdout):
        streams.refuse(rest, output, recursive=recursive, expand=expand)
        if len(inputs) > 1:
            raise click.UsageError("several files cannot share one stdout; give -o FOLDER")
        coding.pop("warm")  # a stream has none before it
        streams.compress(inputs[0], output, rest, **coding)
        return
    files = jobs.found(inputs, recursive, include, rest["manifest"], clean=not rest["dry_run"])
    laz = next((each.path for each in files if is_laz(each.path)), None)
    if laz is not None and not expand and not rest["quiet"]:
        say(f"{laz}: is compressed already and hardly shrinks; --expand compresses its .las content")
    planned = plan("compress", files, output, expand, recursive, force=rest["force"], remove=rest["remove"], **coding)
    jobs.do(planned, rest)
