"""How large modules and functions may be, and how many parameters they may have: what fits a page and a head."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lizip

ROOT = Path(lizip.__file__).parent
MODULE, FUNCTION, PARAMETERS = 300, 100, 12
"""Lines of a module, lines of a function, parameters; beyond, arrays that belong together make a NamedTuple."""

FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def excesses(text: str) -> Iterator[str]:
    """What is larger than it may be; parameters that must be named (options of users) count as one."""
    if (lines := text.count("\n")) > MODULE:
        yield f"{lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION:
                yield f"{node.name} has {lines} lines"
            count = len(node.args.posonlyargs) + len(node.args.args) + bool(node.args.kwonlyargs)
            if count > PARAMETERS:
                yield f"{node.name} has {count} parameters"


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_too_large(file):
    assert not list(excesses((ROOT / file).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1\n" * 300, []),
        ("x = 1\n" * 301, ["301 lines"]),
        ("def f():\n" + " x = 1\n" * 99, []),
        ("def f():\n" + " x = 1\n" * 100, ["f has 101 lines"]),
        ("def f(a, b, c, d, e, f, g, h, i, j, k, *, m, n): pass\n", []),
        ("def f(a, b, c, d, e, f, g, h, i, j, k, l, /, m): pass\n", ["f has 13 parameters"]),
    ],
)
def test_what_is_too_large(text, found):
    assert list(excesses(text)) == found
