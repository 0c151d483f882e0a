"""What a user sees of a batch: a bar, lines, JSON, the failures, and the exit status."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import click

from lizip.batch import Job, ManifestWriter, Outcome, run
from lizip.cli import signals
from lizip.cli.text import is_terminal, say, shown, tell_json
from lizip.errors import CorruptError
from lizip.resources import Resource

_DONE = {
    "compress": "compressed",
    "decompress": "decompressed",
    "verify": "verified",
    "hash": "verified",
    "pack": "packed",
    "unpack": "unpacked",
}


@dataclass(frozen=True)
class Voice:
    """How much is said, and in which form."""

    quiet: bool = False
    verbose: int = 0
    as_json: bool = False


@dataclass
class _Sum:
    """What became of all jobs together; of those that are well nothing is kept, there may be a million.

    Attributes
    ----------
    done, skipped : int
        Files.
    size, compressed : int
        Bytes of those that were done.
    needed : set of Resource
    failed : list of str
        Sources.
    errors : dict of type to Exception
        One of each kind.
    """

    done: int = 0
    skipped: int = 0
    size: int = 0
    compressed: int = 0
    needed: set[Resource] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    errors: dict[type[Exception], Exception] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        if outcome.error is not None:
            self.failed.append(outcome.source)
            self.errors.setdefault(type(outcome.error), outcome.error)
        elif outcome.status == "skipped":
            self.skipped += 1
        else:
            self.done += 1
            self.size += outcome.size
            self.compressed += outcome.compressed
            self.needed.update(outcome.resources)


def work_off(
    jobs: Sequence[Job],
    options: Mapping[str, Any],
    voice: Voice,
    manifest: str | None = None,
    take: Callable[[Job, Outcome], Outcome] = lambda _, outcome: outcome,
) -> list[Exception]:
    """Do the jobs as `options.many` say, let `take` see each outcome, and report; an error of each kind there was."""
    verb = jobs[0].verb
    outcomes_of = run(jobs, options["workers"], options["scheduler"])
    with ManifestWriter(manifest, verb) if manifest else nullcontext() as listing:
        total = _Sum()
        for job, outcome in zip(jobs, _with_bar(outcomes_of, len(jobs), voice), strict=True):
            signals.check()
            outcome = take(job, outcome)
            total.add(outcome)
            if listing is not None:
                listing.add(outcome)
            report(outcome, voice)
    _sum_up(total, len(jobs), _DONE[verb], voice)
    return list(total.errors.values())


def leave(errors: Sequence[Exception]) -> None:
    """End with exit status 1 or 3 when there are errors."""
    if errors:
        raise click.exceptions.Exit(3 if any(isinstance(error, CorruptError) for error in errors) else 1)


def _with_bar(outcomes: Iterable[Outcome], count: int, voice: Voice) -> Iterable[Outcome]:
    """Show a bar on a terminal, for more than one file, unless JSON goes to the same."""
    if voice.quiet or count < 2 or not is_terminal(sys.stderr) or (voice.as_json and is_terminal(sys.stdout)):
        return outcomes
    from tqdm import tqdm

    bar: Iterable[Outcome] = tqdm(outcomes, total=count, unit="file", leave=False)
    return bar


def report(outcome: Outcome, voice: Voice) -> None:
    """Report one file."""
    if voice.as_json:
        tell_json(outcome.record())
    for warning in () if voice.quiet else outcome.warnings:
        say(f"lizip: warning: {warning}")
    if outcome.error is not None:
        if voice.verbose > 1:
            click.echo(outcome.trace, err=True)
        say(f"lizip: {outcome.cause()}")
    elif voice.verbose and not voice.as_json:
        say(_line(outcome))


def _line(outcome: Outcome) -> str:
    arrow = f" -> {outcome.target}" if outcome.target else ""
    sizes = f", {_sizes(outcome.size, outcome.compressed)}" if outcome.compressed else ""
    return f"{outcome.source}{arrow}: {outcome.status}{sizes}, {outcome.seconds * 1e3:.0f} ms"


def _sum_up(total: _Sum, count: int, participle: str, voice: Voice) -> None:
    """A line about all, and the names of the failures again: above they drown among the others."""
    if total.failed and count > 1:
        click.echo(f"lizip: {len(total.failed)} of {count} files failed:", err=True)
        for source in total.failed:
            click.echo(f"  {shown(source)}", err=True)
    if voice.quiet or voice.as_json or not (total.done or total.skipped):
        return
    if not total.done:
        click.echo(f"nothing to do: {_files(total.skipped)} done already", err=True)
        return
    text = f"{_files(total.done)} {participle}: {_sizes(total.size, total.compressed)}".removesuffix(": 0 B")
    click.echo(text + (f"; {total.skipped} done already" if total.skipped else ""), err=True)
    if total.needed:
        click.echo(f"needed to decode: {', '.join(map(str, sorted(total.needed)))}", err=True)


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def _sizes(size: int, compressed: int) -> str:
    if not compressed:
        return in_units(size)
    return f"{in_units(size)} raw, {in_units(compressed)} packed, {size / compressed:.2f} to 1"


def in_units(size: float) -> str:
    """Bytes for people: 1.8 MB."""
    if size < 1000:
        return f"{size:.0f} B"
    power = min(int(math.log10(size)) // 3, 4)
    return f"{size / 1000**power:.2f} {' kMGT'[power]}B"
