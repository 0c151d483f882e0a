"""Write models/models.json: every predictor and sensor profile that ships, its hash in streams and that of its file.

python scripts/freeze_models.py     after a new one was added; one that is listed must not change or go, so that
                                    files which name it can be read for ever: a changed one needs another name
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from lizip.codecs.sweep.weights import load_weights
from lizip.resources import HASHES, INDEX
from lizip.sensor.stages.profile import read_profile

MODELS = Path(__file__).resolve().parents[1] / "models"


def at_hand(folder: Path = MODELS) -> list[dict[str, str]]:
    """What the folder holds, as the index lists it."""
    entries = []
    for path in sorted(folder.glob("predictors/*.npz")):
        entries.append(_entry(folder, path, "predictor", path.stem, load_weights(path).digest))
    for path in sorted(folder.glob("sensors/*.json")):
        profile = read_profile(path)
        entries.append(_entry(folder, path, "profile", profile.name, HASHES["profile"](profile.content)))
    return entries


def _entry(folder: Path, path: Path, kind: str, name: str, digest: bytes) -> dict[str, str]:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "kind": kind,
        "name": name,
        "hash": digest.hex(),
        "file": path.relative_to(folder).as_posix(),
        "sha256": content,
    }


def frozen(folder: Path = MODELS) -> list[dict[str, str]]:
    """What the index lists."""
    path = folder / INDEX
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def main(folder: Path = MODELS) -> int:
    """Add what is new; say what is not as it was."""
    entries = at_hand(folder)
    lost = [each for each in frozen(folder) if each not in entries]
    for each in lost:
        print(f"{each['file']}: it is frozen, and changed or went; give a changed one another name", file=sys.stderr)
    if not lost:
        (folder / INDEX).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
