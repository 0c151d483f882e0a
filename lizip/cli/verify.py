"""`lizip verify`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lizip.cli import options
from lizip.cli.text import say
from lizip.compact import Compact
from lizip.errors import LizipError

if TYPE_CHECKING:
    from lizip.batch import Job


@click.command(short_help="Decode and check everything.")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("-r", "--recursive", is_flag=True, help="Take the .lizip files of folders.")
@click.option("--include", multiple=True, metavar="PATTERN", help="With -r: only files like this, e.g. '*.las.lizip'.")
@click.option("--against", metavar="ORIGINAL", help="Compare the bytes of one file with this one.")
@click.option(
    "--subset", metavar="K/N", type=options.Subset(), help="The Kth of N about equal parts, the same each time: 3/30."
)
@options.many
@options.report
@click.option("--manifest", metavar="FILE", help="Check the files that are listed there, and their hashes.")
def command(
    inputs: tuple[str, ...],
    recursive: bool,
    include: tuple[str, ...],
    against: str | None,
    manifest: str | None,
    subset: tuple[int, int] | None,
    **rest: Any,
) -> None:
    """Decode .lizip files completely and check them; exit status 3 when one is damaged.

    INPUT: files, folders (-r), patterns, URLs, or - (stdin).
    """
    from lizip.batch import part_of, plan
    from lizip.cli import jobs, streams

    rest |= {"dry_run": False, "manifest": None, "remove": False}
    if manifest is not None:
        if inputs or against:
            raise click.UsageError("--manifest stands alone")
        planned: Sequence[Job] = Compact(_listed(manifest))
    elif streams.concerned(inputs):
        streams.verify(against, rest)
        return
    elif not inputs:
        raise click.UsageError("nothing to verify: name files or a manifest")
    else:
        planned = plan("verify", jobs.found(inputs, recursive, include))
        if against is not None:
            if len(planned) != 1:
                raise click.UsageError("--against goes with one file")
            planned = [replace(planned[0], target=against)]
    if subset is not None and planned:
        part = part_of(planned, *subset)
        if not part:  # a monthly round over few files: well, and said
            if not (rest["quiet"] or rest["as_json"]):
                say(f"nothing to verify: none of {len(planned)} files is in part {subset[0]} of {subset[1]}")
            return
        planned = part
    jobs.do(planned, rest)


def _listed(manifest: str) -> Iterator[Job]:
    """Jobs for the targets of a batch: .lizip files to decode, or originals to hash; what failed then fails still."""
    from lizip.batch import Job, read_manifest

    verbs = {"compress": "verify", "decompress": "hash"}
    for record in read_manifest(manifest):
        if record["status"] == "failed":
            error = LizipError(f"{record['source']}: failed when the manifest was made: {record['message']}")
            yield Job("verify", record["source"], error=error)
        else:
            yield Job(verbs[record["verb"]], record["target"], options={"hash": record["hash"]})
