"""Kernels that the wheel brings, compiled ahead of time for some kinds of processors."""

from __future__ import annotations


def used() -> bool:
    """Whether shipped kernels are asked for."""
    return False


def get(identity: str) -> tuple[str, bytes] | None:
    """Find a kernel; None when it was not compiled ahead of time."""
    return None
