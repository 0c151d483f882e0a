"""The command line: one verb a file operation, thin over `lizip.api`.

Exit status: 0 all well, 1 a file failed, 2 usage, 3 corrupt or mismatch, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import click

import lizip
from lizip.errors import CorruptError, LizipError

LEVELS = ("fast", "default", "max")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lizip.__version__, "-V", "--version")
def cli() -> None:
    """Compress LiDAR point clouds without loss: every file comes back byte for byte."""


@cli.command()
@click.argument("source")
@click.option("-o", "--output", help="Where to write; SOURCE.lizip otherwise, - for stdout.")
@click.option("-f", "--force", is_flag=True, help="Replace an existing target.")
@click.option("--rm", "remove", is_flag=True, help="Delete the source once the target is safely there.")
@click.option("--level", type=click.Choice(LEVELS), default="default", show_default=True, help="Time against size.")
@click.option("--codec", help="Use this codec instead of trying.")
@click.option("--fields", type=int, help="Number of float32 fields of a record in a .bin file.")
@click.option("--no-check", is_flag=True, help="Do not decode and compare.")
def compress(source: str, output: str | None, no_check: bool, **options: Any) -> None:
    """Compress SOURCE (a file, a URL, or - for stdin)."""
    if source == "-" or output == "-":
        remove, _ = options.pop("remove"), options.pop("force")
        if remove:
            raise click.UsageError("--rm goes with files only")
        _write_stdout([lizip.compress(_read(source), check=not no_check, **options)])
    else:
        _refuse_folder(source)
        lizip.compress_file(source, output, check=not no_check, **options)


@cli.command()
@click.argument("source")
@click.option("-o", "--output", help="Where to write; SOURCE without .lizip otherwise, - for stdout.")
@click.option("-f", "--force", is_flag=True, help="Replace an existing target.")
@click.option("--rm", "remove", is_flag=True, help="Delete the .lizip file once the target is safely there.")
def decompress(source: str, output: str | None, **options: Any) -> None:
    """Give back the file that SOURCE was made of."""
    if source == "-" or output == "-":
        _write_stdout([lizip.decompress(_read(source))])
    else:
        _refuse_folder(source)
        lizip.decompress_file(source, output, **options)


@cli.command()
@click.argument("source")
def info(source: str) -> None:
    """Show what SOURCE holds, as JSON."""
    click.echo(json.dumps(lizip.info(source), indent=1))


@cli.command()
@click.argument("source")
@click.option("--against", help="Compare with this file.")
def verify(source: str, against: str | None) -> None:
    """Decode SOURCE completely and check it."""
    lizip.verify(source, against)


def _refuse_folder(path: str) -> None:
    if os.path.isdir(path):
        raise click.UsageError(f"{path} is a folder")


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    with open(source, "rb") as file:
        return file.read()


def _write_stdout(pieces: list[bytes]) -> None:
    if sys.stdout.isatty():
        raise click.UsageError("binary output is not written to a terminal; redirect it or give -o")
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def main(arguments: list[str] | None = None, command: Callable[..., Any] = cli) -> None:
    """Run the command line and leave with its exit status."""
    try:
        command.main(arguments, prog_name="lizip", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except (LizipError, OSError) as error:
        click.echo(f"lizip: {error}", err=True)
        sys.exit(3 if isinstance(error, CorruptError) else 1)
