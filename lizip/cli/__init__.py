"""The command line: one module a verb, loaded when used; thin over `lizip.api` and `lizip.batch`.

Exit status: 0 all well, 1 a file failed, 2 usage, 3 corrupt or mismatch, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from importlib import import_module
from typing import Any

import click

import lizip
from lizip.errors import CorruptError, LizipError

VERBS = ("compress", "decompress", "info", "verify", "bench", "demo")


class Verbs(click.Group):
    """A group whose commands are the `command` of the modules here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a verb."""
        return import_module(f"lizip.cli.{cmd_name}").command if cmd_name in VERBS else None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lizip.__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Compress LiDAR point clouds without loss: every file comes back byte for byte.

    \b
    lizip compress scan.bin              makes scan.bin.lizip
    lizip decompress scan.bin.lizip      gives scan.bin back
    lizip compress -r logs -o archive    a folder, mirrored
    lizip demo                           shows it on a made-up sweep
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    warnings.showwarning = _warn
    try:
        status = cli.main(arguments, prog_name="lizip", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(status)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it leaves
        sys.exit(1)
    except (LizipError, OSError, MemoryError) as error:
        if "-vv" in arguments:
            raise
        click.echo(f"lizip: {_cause(error)}", err=True)
        sys.exit(3 if isinstance(error, CorruptError) else 1)


def _cause(error: Exception) -> str:
    """One line; `lizip.batch.cause` where the path is known."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _warn(message: Warning | str, *_: Any) -> None:
    click.echo(f"lizip: warning: {message}", err=True)
