"""From what was typed to jobs done; what the verbs on many files share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lizip.batch import Input, Job
from lizip.cli.report import Voice, work_off
from lizip.errors import StorageError


def found(find: Callable[..., list[Input]], inputs: tuple[str, ...], recursive: bool, include: tuple[str, ...]):
    """The files named; what `find` refuses is a matter of usage."""
    if include and not recursive:
        raise click.UsageError("--include goes with -r")
    try:
        return find(inputs, recursive, include)
    except StorageError as error:
        raise click.UsageError(str(error)) from None


def do(planned: list[Job], options: dict[str, Any]) -> None:
    """Do the jobs as the common options say."""
    if not planned:
        raise click.UsageError("nothing to do: no file of that kind there")
    if options["dry_run"]:
        for job in planned:
            click.echo(f"{job.verb} {job.source} -> {job.target}")
        return
    voice = Voice(options["quiet"], options["verbose"], options["as_json"])
    work_off(planned, options["workers"], voice, options["manifest"])
