"""Hook of mkdocs (see mkdocs.yml): the pages at the root of the project are part of the site.

Links between pages that are on the site stay links. Those to code and other files become plain text: the site stands
alone, and tests/test_papers.py sees to it that they lead somewhere in the sources.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""Page at the root -> page of the site."""

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages at the root."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=resolved(text, source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Resolve the links of a page of docs/."""
    inside = page.file.src_uri
    return markdown if inside in PAGES.values() else resolved(markdown, f"docs/{inside}")


def resolved(text: str, source: str) -> str:
    """Links of a page, whose path from the root is given, as the site needs them."""
    here = posixpath.dirname(place_of(source) or source)

    def link(found: re.Match[str]) -> str:
        target, hash_, anchor = found[3].partition("#")
        if "://" in target or not target:
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        page = place_of(path)
        if page is None:
            return found[2] if not found[1] else ""
        return f"{found[1]}[{found[2]}]({posixpath.relpath(page, here or '.')}{hash_}{anchor})"

    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
    return "".join(parts)


def place_of(path: str) -> str | None:
    """Where on the site a file of the project is; None when it is not there."""
    if path in PAGES:
        return PAGES[path]
    inside = path.removeprefix("docs/")
    return inside if path.startswith("docs/") and (ROOT / path).is_file() else None
