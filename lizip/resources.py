"""Where the files that ship with lizip lie, however it was installed."""

from __future__ import annotations

from pathlib import Path


def models_folder() -> Path:
    """Folder of predictors and sensor profiles: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    shipped = package / "models"
    return shipped if shipped.is_dir() else package.parent / "models"
