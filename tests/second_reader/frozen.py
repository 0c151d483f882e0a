"""Files that others need: found in models/models.json by kind, name and hash (docs/format/models.md)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from second_reader.bytestream import demand

FOLDER = Path(__file__).resolve().parents[2] / "models"


def find(kind: str, name: str, digest: bytes) -> Path:
    """The file, which must be what the index says."""
    listed = json.loads((FOLDER / "models.json").read_text(encoding="utf-8"))
    found = [each for each in listed if (each["kind"], each["name"], each["hash"]) == (kind, name, digest.hex())]
    demand(len(found) == 1, f"{kind} {name} of the hash {digest.hex()} is not there")
    path = FOLDER / found[0]["file"]
    demand(hashlib.sha256(path.read_bytes()).hexdigest() == found[0]["sha256"], f"{path} was changed")
    return path
