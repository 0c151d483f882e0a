"""The command line: one module a verb, loaded when used; thin over `lizip.api` and `lizip.batch`.

Exit status: 0 all well, 1 a file failed, 2 usage, 3 corrupt or mismatch, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

import lizip
from lizip.cli import signals
from lizip.errors import CorruptError, LizipWarning

VERBS = (
    "compress",
    "decompress",
    "info",
    "verify",
    "pack",
    "append",
    "ls",
    "unpack",
    "export",
    "report",
    "view",
    "models",
    "bench",
    "demo",
)


class Verbs(click.Group):
    """A group whose commands are the `command` of the modules here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a verb."""
        return import_module(f"lizip.cli.{cmd_name}").command if cmd_name in VERBS else None


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked:
        return
    click.echo(f"lizip {lizip.__version__}")
    if context.meta.get("verbose"):
        from lizip.jit import find

        click.echo(f"kernels: {find.described()}")
    context.exit()


def _verbose(context: click.Context, _: click.Parameter, asked: bool) -> None:
    context.meta["verbose"] = asked


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", is_flag=True, is_eager=True, expose_value=False, callback=_verbose, hidden=True)
@click.option(
    "-V", "--version", is_flag=True, expose_value=False, callback=_version, help="Show the version (-v: more)."
)
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
    _keep_standard_numbers()
    signals.install()
    warnings.showwarning = _warn
    warnings.filterwarnings("always", category=LizipWarning)
    try:
        status = cli.main(arguments, prog_name="lizip", standalone_mode=False)
        signals.check()
        _flush()
        sys.exit(status)
    except click.ClickException as error:
        _fail(error, arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.Abort as error:
        if not isinstance(error.__cause__, EOFError):  # click takes any EOFError for the end of a conversation
            sys.exit(130)
        _fail(error.__cause__, arguments)
    except Exception as error:
        broken = isinstance(error, BrokenPipeError) and error.filename in (None, "stdout")
        if broken or (isinstance(error, OSError) and error.filename == "stdout"):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it leaves
        if broken:
            sys.exit(1)
        _fail(error, arguments)


def _flush() -> None:
    """Have everything on stdout, or the error of stdout."""
    from lizip import storage

    if sys.stdout is not None:
        with storage.naming("stdout"):
            sys.stdout.flush()


def _keep_standard_numbers() -> None:
    """Where a standard stream is closed, the next file opened would get its number, and its messages."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _fail(error: BaseException, arguments: list[str]) -> None:
    """Say what went wrong, in one line, and leave; with --json also as an object, with -vv also where it was."""
    from lizip.batch import cause
    from lizip.cli.text import say, shown, tell_json

    usage = error if isinstance(error, click.ClickException) else None
    message = usage.format_message() if usage else cause(error, "lizip")
    if "--json" in arguments and not usage and getattr(error, "filename", "") != "stdout":
        tell_json({"status": "failed", "error": type(error).__name__, "message": message})
    if "-vv" in arguments and not usage:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, click.UsageError):
        if type(error).__name__ == "NoArgsIsHelpError":  # of newer versions of click: its message is the help
            error.show()
        else:
            click.UsageError(shown(message), error.ctx).show()
        sys.exit(error.exit_code)
    say(message if message.startswith("lizip: ") else f"lizip: {message}")
    sys.exit(3 if isinstance(error, CorruptError) else 1)


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    from lizip.cli.text import say

    say(f"lizip: warning: {message}")
