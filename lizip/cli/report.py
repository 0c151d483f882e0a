"""What a user sees of a batch: a bar, lines, JSON, the failures, and the exit status."""

from __future__ import annotations

import json
import math
import sys
import traceback
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

import click

from lizip.batch import Job, ManifestWriter, Outcome, cause, run
from lizip.errors import CorruptError

_DONE = {"compress": "compressed", "decompress": "decompressed", "verify": "verified"}


@dataclass(frozen=True)
class Voice:
    """How much is said, and in which form."""

    quiet: bool = False
    verbose: int = 0
    as_json: bool = False


def work_off(jobs: list[Job], workers: int, voice: Voice, manifest: str | None = None) -> None:
    """Do the jobs and report; ends with exit status 1 or 3 when some failed."""
    with ManifestWriter(manifest) if manifest else nullcontext() as listing:
        outcomes = []
        for outcome in _with_bar(run(jobs, workers), len(jobs), voice):
            outcomes.append(outcome)
            if listing is not None:
                listing.add(outcome)
            _tell(outcome, voice)
    _sum_up(outcomes, _DONE[jobs[0].verb], voice)
    failures = [outcome for outcome in outcomes if outcome.error is not None]
    if failures:
        corrupt = any(isinstance(outcome.error, CorruptError) for outcome in failures)
        raise click.exceptions.Exit(3 if corrupt else 1)


def _with_bar(outcomes: Iterable[Outcome], count: int, voice: Voice) -> Iterable[Outcome]:
    """Show a bar on a terminal, for more than one file."""
    if voice.quiet or count < 2 or not sys.stderr.isatty():
        return outcomes
    from tqdm import tqdm

    return tqdm(outcomes, total=count, unit="file", leave=False)


def _tell(outcome: Outcome, voice: Voice) -> None:
    """Report one file."""
    if voice.as_json:
        click.echo(json.dumps(outcome.record()))
    for defect in outcome.defects if voice.verbose else ():
        _say(f"lizip: {outcome.source}: {defect}")
    if outcome.error is not None:
        if voice.verbose > 1:
            traceback.print_exception(outcome.error)
        _say(f"lizip: {cause(outcome.error, outcome.source)}")
    elif voice.verbose and not voice.as_json:
        _say(_line(outcome))


def _say(text: str) -> None:
    """A line on stderr, above the bar where there is one."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)
    else:
        click.echo(text, err=True)


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
            click.echo(f"  {outcome.source}", err=True)
    done = [outcome for outcome in outcomes if outcome.status == "done"]
    if voice.quiet or voice.as_json or not done:
        return
    skipped = sum(outcome.status == "skipped" for outcome in outcomes)
    text = f"{len(done)} file{'s' if len(done) > 1 else ''} {participle}: "
    text += _sizes(sum(outcome.size for outcome in done), sum(outcome.compressed for outcome in done))
    click.echo(text + (f"; {skipped} done already" if skipped else ""), err=True)


def _sizes(size: int, compressed: int) -> str:
    ratio = f", {size / compressed:.2f} to 1" if compressed else ""
    return f"{in_units(size)} raw, {in_units(compressed)} packed{ratio}"


def in_units(size: float) -> str:
    """Bytes for people: 1.8 MB."""
    if size < 1000:
        return f"{size:.0f} B"
    power = min(int(math.log10(size)) // 3, 4)
    return f"{size / 1000**power:.2f} {' kMGT'[power]}B"
