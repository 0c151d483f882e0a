"""Put the fragments of `changes/` into CHANGELOG.md, under a version, and delete them.

python scripts/release_notes.py 0.2.0 [DAY, as 2026-11-28; else today]
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed", "format": "Format of files"}


def main(root: Path, version: str, day: str) -> None:
    fragments = sorted(path for path in (root / "changes").glob("*.md") if path.name != "README.md")
    if wrong := [path.name for path in fragments if kind_of(path) not in KINDS]:
        sys.exit(f"no kind of change: {', '.join(wrong)}; name it SHORT-NAME.KIND.md, KIND of {', '.join(KINDS)}")
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    if f"\n## {version} " in text:
        sys.exit(f"{version} is in CHANGELOG.md already")
    head, mark, released = text.partition("\n## ")
    changelog.write_text(f"{head.rstrip()}\n\n{section(version, day, fragments)}{mark}{released}", encoding="utf-8")
    for path in fragments:
        path.unlink()


def kind_of(path: Path) -> str:
    return path.name.split(".")[-2]


def section(version: str, day: str, fragments: list[Path]) -> str:
    lines = [f"## {version} ({day})", ""]
    for kind, title in KINDS.items():
        if own := [path for path in fragments if kind_of(path) == kind]:
            entries = (re.sub(r"\s+", " ", path.read_text(encoding="utf-8")).strip() for path in own)
            lines += [f"### {title}", "", *(f"- {entry}" for entry in entries), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(__file__).resolve().parents[1], sys.argv[1], *(sys.argv[2:] or [datetime.date.today().isoformat()]))
