"""What others need: carried by the file itself, or in models/models.json (docs/format/models.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xxhash

from second_reader import coded
from second_reader.bytestream import Bytes, demand

FOLDER = Path(__file__).resolve().parents[2] / "models"

_carried: dict[tuple[str, str, bytes], bytes] = {}


@contextmanager
def carrying(sections: list[bytes]) -> Iterator[None]:
    """While a file with these sections is read."""
    before = dict(_carried)
    for section in sections:
        body = Bytes(coded.decode(section))
        while body.left:
            kind, name, numbers = body.string().decode(), body.string().decode(), body.string()
            _carried[kind, name, _hash(kind, numbers)] = numbers
    try:
        yield
    finally:
        _carried.clear()
        _carried.update(before)


def _hash(kind: str, numbers: bytes) -> bytes:
    demand(kind in ("predictor", "profile"), "something of an unknown kind")
    if kind == "predictor":
        return hashlib.blake2b(numbers, digest_size=8).digest()
    return xxhash.xxh3_64_intdigest(numbers).to_bytes(8, "little")


def carried(kind: str, name: str, digest: bytes) -> bytes | None:
    """The numbers, if the file has them."""
    return _carried.get((kind, name, digest))


def find(kind: str, name: str, digest: bytes) -> Path:
    """The file, which must be what the index says."""
    listed = json.loads((FOLDER / "models.json").read_text(encoding="utf-8"))
    found = [each for each in listed if (each["kind"], each["name"], each["hash"]) == (kind, name, digest.hex())]
    demand(len(found) == 1, f"{kind} {name} of the hash {digest.hex()} is not there")
    path = FOLDER / found[0]["file"]
    demand(hashlib.sha256(path.read_bytes()).hexdigest() == found[0]["sha256"], f"{path} was changed")
    return path
