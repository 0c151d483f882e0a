"""Options that several verbs share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from lizip.codecs import BACKENDS, LEVELS, NAMES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*decorators: Decorator) -> Decorator:
    """One decorator of several, in the order of the help text."""

    def apply(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


inputs = together(
    click.argument("inputs", nargs=-1, required=True, metavar="INPUT..."),
    click.option("-r", "--recursive", is_flag=True, help="Take the files of folders."),
    click.option("--include", multiple=True, metavar="PATTERN", help="With -r: only files like this, e.g. '*.bin'."),
)

inputs_with_folders = together(
    click.argument("inputs", nargs=-1, required=True, metavar="INPUT..."),
    click.option("--include", multiple=True, metavar="PATTERN", help="Of folders only files like this, e.g. '*.bin'."),
)

targets = together(
    click.option("-o", "--output", metavar="PATH", help="A file for one input, a mirrored tree for many."),
    click.option("-c", "--stdout", is_flag=True, help="Write to stdout."),
    click.option("-f", "--force", is_flag=True, help="Replace existing targets."),
    click.option("--rm", "remove", is_flag=True, help="Delete each source once its target is written and checked."),
    click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done."),
)

key_frames = click.option(
    "--key-frames", type=click.IntRange(1, 1000), metavar="N",
    help="A sweep of a folder may follow the last that stands alone, which every Nth does. 1: all do. Otherwise it is "
         "every tenth, and where the sensor stands fewer, which tell what is around it.",
)  # fmt: skip

seeds = click.option(
    "--seeds", type=click.IntRange(1, 32), default=1, metavar="N", show_default=True,
    help="Where a sensor stands: so many sweeps at once are what the others of a sequence follow (with --key-frames"
         " 100, --seeds 8: smaller, but one sweep at random takes all of these).",
)  # fmt: skip

many = together(
    click.option("-T", "--threads", "workers", type=click.IntRange(0), default=1, metavar="N",
                 help="Use N cores, 0: all; for as many files, or the parts of one (large .las, full HDL-64E sweep). "
                 "The results do not depend on it."),
    click.option("--scheduler", metavar="ADDRESS",
                 help="Let the workers of a Dask scheduler do the files (tcp://HOST:8786); local: one on -T N cores."),
)  # fmt: skip

report = together(
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", count=True, help="A line for each file; -vv: tracebacks."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout."),
)

manifest = click.option(
    "--manifest", metavar="FILE", help="List files, sizes and hashes there, one JSON object a line."
)


_LENGTHS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}
_LENGTH = re.compile(r"([0-9.]+(?:e[-+]?[0-9]+)?)\s*(m|cm|mm|um)")


class Length(click.ParamType):
    """A length with its unit, in metres."""

    name = "length"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number and m, cm, mm or um."""
        if isinstance(value, float):
            return value
        found = _LENGTH.fullmatch(value.strip())
        try:
            # the decimal that was typed, not a product that is a digit off
            length = float(Decimal(found[1]) * Decimal(repr(_LENGTHS[found[2]]))) if found else math.nan
        except InvalidOperation:
            length = math.nan
        if not 0 < length < math.inf:
            self.fail(f"{value!r}: give a length with its unit, as 1mm, 0.5cm, 20um or 0.01m", param, ctx)
        return length


class Subset(click.ParamType):
    """One of N parts, counted from 1."""

    name = "subset"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read K/N."""
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", value)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r}: give the part and how many there are, as 3/30", param, ctx)
        return int(found[1]), int(found[2])


shaping = together(
    click.option("--level", type=click.Choice(LEVELS), help="Time against size. [default: default]"),
    click.option("--codec", type=click.Choice(NAMES), help="Use this one instead of the smallest."),
    click.option("--fields", type=click.IntRange(1, 64), help="Float32 fields of a record of a raw .bin file."),
    click.option("--max-error", type=Length(), metavar="LENGTH", help="Near-lossless, as for compress."),
    click.option("--intensity-error", type=click.FloatRange(0), metavar="N", help="The same for intensities."),
)
"""How a file is compressed that is not: of `coding`, what changes what one sees."""


shown = together(
    click.option(
        "--against", metavar="ORIGINAL", help="What a near-lossless file was made of: shows where it changed."
    ),
    click.option("--no-rivals", is_flag=True, help="Do not run zstd, xz and LASzip on the file."),
    click.option("--codecs", is_flag=True, help="Say what the other codecs of lizip would take, too."),
)
"""What a report shows."""


coding = together(
    click.option("--level", type=click.Choice(LEVELS), help="Time against size. [default: default]"),
    click.option("--fast", is_flag=True, help="The same as --level fast."),
    click.option("--max", "max_", is_flag=True, help="The same as --level max."),
    click.option("--codec", type=click.Choice(NAMES), help="Use this one instead of the smallest."),
    click.option("--fields", type=click.IntRange(1, 64), help="Float32 fields of a record of a raw .bin file."),
    click.option("--model", metavar="NAME", help="Predictor; the one that ships otherwise."),
    click.option("--backend", type=click.Choice(BACKENDS), default="numba", help="What evaluates the predictor."),
    click.option("--expand", is_flag=True,
                 help="Compress the content of .laz files; what comes back is .las. The same with logs whose compressed"
                 " chunks cannot be made again; what comes back has equal messages."),
    click.option("--warm", is_flag=True,
                 help="Start each fit from the sweep before: faster on a log; the bytes then depend on the order."),
    click.option("--max-error", type=Length(), default=0.0, metavar="LENGTH",
                 help="Near-lossless: each coordinate may change by so much (1mm, 2cm, 20um); taken for metres in the"
                 " file. By default files come back byte for byte."),
    click.option("--intensity-error", type=click.FloatRange(0), default=0.0, metavar="N",
                 help="Near-lossless: each intensity may change by so much, in stored numbers."),
    click.option("--drop-order", is_flag=True,
                 help="Points may come back in another order where that saves much (shuffled sweeps, unordered clouds);"
                 " every record whole. By default the order stays."),
    click.option("--embed", is_flag=True,
                 help="Put the predictor and sensor profile that decoding needs into the file; of a pack, once."),
    click.option("--no-check", is_flag=True, help="Do not decode and compare each result."),
)  # fmt: skip


CODING = ("codec", "fields", "model", "backend", "max_error", "intensity_error", "drop_order", "embed")
"""Of these, the ones that `lizip.compress` takes as they are."""


def chosen_level(level: str | None, fast: bool, max_: bool) -> str:
    """The level that --level, --fast and --max say together; UsageError when they disagree."""
    chosen = {level} if level else set()
    chosen |= {name for name, flag in (("fast", fast), ("max", max_)) if flag}
    if len(chosen) > 1:
        raise click.UsageError("--level, --fast and --max say different things")
    return chosen.pop() if chosen else "default"
