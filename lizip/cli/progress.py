"""What a user sees of a batch: a bar, lines, JSON, the failures, and the exit status."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import click

from lizip.batch import Job, ManifestWriter, Outcome, run
from lizip.cli import signals
from lizip.cli.text import is_terminal, say, shown, tell_json
from lizip.errors import CorruptError

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


def work_off(
    jobs: list[Job],
    options: Mapping[str, Any],
    voice: Voice,
    manifest: str | None = None,
    take: Callable[[Job, Outcome], Outcome] = lambda _, outcome: outcome,
) -> list[Exception]:
    """Do the jobs as `options.many` say, let `take` see each outcome, and report; errors of those that failed."""
    verb = jobs[0].verb
    outcomes_of = run(jobs, options["workers"], options["scheduler"])
    with ManifestWriter(manifest, verb) if manifest else nullcontext() as listing:
        outcomes = []
        for job, outcome in zip(jobs, _with_bar(outcomes_of, len(jobs), voice), strict=True):
            signals.check()
            outcome = take(job, outcome)
            outcomes.append(outcome)
            if listing is not None:
                listing.add(outcome)
            report(outcome, voice)
    _sum_up(outcomes, _DONE[verb], voice)
    return [outcome.error for outcome in outcomes if outcome.error is not None]


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


def _sum_up(outcomes: list[Outcome], participle: str, voice: Voice) -> None:
    """A line about all, and the names of the failures again: above they drown among the others."""
    failures = [outcome for outcome in outcomes if outcome.error is not None]
    if failures and len(outcomes) > 1:
        click.echo(f"lizip: {len(failures)} of {len(outcomes)} files failed:", err=True)
        for outcome in failures:
            click.echo(f"  {shown(outcome.source)}", err=True)
    done = [outcome for outcome in outcomes if outcome.status == "done"]
    skipped = sum(outcome.status == "skipped" for outcome in outcomes)
    if voice.quiet or voice.as_json or not (done or skipped):
        return
    if not done:
        click.echo(f"nothing to do: {_files(skipped)} done already", err=True)
        return
    text = f"{_files(len(done))} {participle}: "
    text += _sizes(sum(outcome.size for outcome in done), sum(outcome.compressed for outcome in done))
    text = text.removesuffix(": 0 B")
    click.echo(text + (f"; {skipped} done already" if skipped else ""), err=True)
    if needed := sorted({each for outcome in done for each in outcome.resources}):
        click.echo(f"needed to decode: {', '.join(map(str, needed))}", err=True)


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
