"""From what was typed to jobs done; what the verbs on many files share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from lizip.batch import Input, InputError, Job, cause, find, identity
from lizip.cli.progress import Voice, leave, work_off
from lizip.cli.text import say, shown, tell, tell_json
from lizip.compact import Compact


def found(
    inputs: tuple[str, ...], recursive: bool, include: tuple[str, ...], but: str | None = None, clean: bool = False
) -> Sequence[Input]:
    """The files named, and those found but one; what `find` refuses is a matter of usage."""
    if include and not recursive:
        raise click.UsageError("--include goes with -r")
    try:
        files = find(inputs, recursive, include, clean)
    except InputError as error:
        raise click.UsageError(str(error)) from None
    if but is None:
        return files
    left_out = identity(but)
    return Compact(each for each in files if each.named or identity(each.path) != left_out)


def do(planned: Sequence[Job], options: dict[str, Any]) -> None:
    """Do the jobs as the common options say."""
    if not planned:
        raise click.UsageError("nothing to do: no file of that kind there")
    if options["dry_run"]:
        _foretell(planned, options["as_json"])
        return
    voice = Voice(options["quiet"], options["verbose"], options["as_json"])
    leave(work_off(planned, options, voice, options["manifest"]))


def _foretell(planned: Sequence[Job], as_json: bool) -> None:
    for job in planned:
        if job.error is not None:
            say(f"lizip: {cause(job.error, job.source)}")
        elif as_json:
            tell_json({"verb": job.verb, "source": job.source, "target": job.target})
        else:
            tell(shown(f"{job.verb} {job.source} -> {job.target}"))
    leave([job.error for job in planned if job.error is not None])
