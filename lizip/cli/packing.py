"""What `pack` and `append` share."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import click

from lizip import storage
from lizip.batch import Job, Outcome, described_bytes
from lizip.batch.packing import plan_packing, time_of
from lizip.cli import jobs, options
from lizip.cli.progress import Voice, leave, work_off
from lizip.compact import Compact
from lizip.packs import PackWriter


def pack(output: str, force: bool, append: bool, options: dict[str, Any]) -> None:
    """Compress files into a pack, in their order."""
    coding = chosen_coding(options)
    files = jobs.found(options["inputs"], True, options["include"], output)
    files = Compact(each for each in files if each.named or not each.path.endswith(".lizips"))
    if not files:
        raise click.UsageError("nothing to do: no file there")
    voice = Voice(options["quiet"], options["verbose"], options["as_json"])
    storage.remove_stale(os.path.dirname(output))
    every, seeds = options["key_frames"], options["seeds"]
    with PackWriter(output, append=append, force=force, every=every, seeds=seeds) as writer:

        def take(job: Job, outcome: Outcome) -> Outcome:
            if outcome.status != "done":
                return outcome
            entry = writer.add_packed(job.target or "", outcome.packed, time_of(job.source))
            known = described_bytes(outcome.packed) | {"compressed": entry.length}
            return replace(outcome, packed=b"", **known)

        failures = work_off(plan_packing(files, writer, every, seeds, **coding), options, voice, take=take)
    leave(failures)


def chosen_coding(rest: dict[str, Any]) -> dict[str, Any]:
    """The options of `lizip.compress` among those of the command line."""
    if rest["expand"] or rest["warm"]:
        raise click.UsageError("--expand and --warm do not go with packs")
    coding = {name: rest[name] for name in options.CODING}
    level = options.chosen_level(rest["level"], rest["fast"], rest["max_"])
    return {**coding, "level": level, "check": not rest["no_check"]}
