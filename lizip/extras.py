"""Packages that not everybody has: imported when needed; where one is missing, the error names the way to it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from lizip.errors import MissingPackageError


def load(module: str, extra: str, purpose: str | None = None) -> Any:
    """Import a package that comes with an extra of lizip's; MissingPackageError names what to install.

    Parameters
    ----------
    module : str
        Name to import.
    extra : str
        The extra it comes with: `pip install 'lizip[EXTRA]'`.
    purpose : str, optional
        Begins the message: what needs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(error.name or module, extra, purpose or f"this needs {module}") from None


def check(module: str, extra: str, purpose: str) -> None:
    """Raise MissingPackageError unless a package is there, without importing it."""
    try:
        there = find_spec(module) is not None
    except ValueError:  # something odd stands in sys.modules
        there = False
    if not there:
        raise _missing(module, extra, purpose)


def _missing(module: str, extra: str, purpose: str) -> MissingPackageError:
    return MissingPackageError(f"{purpose}, and there is no {module}; install it with: pip install 'lizip[{extra}]'")
