"""Imports go only down the layout, and what is heavy or not everywhere is imported in one place."""

import ast
from pathlib import Path

import pytest

import lizip

ROOT = Path(lizip.__file__).parent

LAYOUT = (
    ("errors", "version"),
    ("packing", "compact", "cloud", "vectors", "parallel", "resources", "extras", "defects"),
    ("packed",),
    ("jit",),
    ("container", "entropy", "exact"),
    ("formats", "relations"),
    ("sensor",),
    ("simulator", "sweeps"),
    ("codecs", "disorder"),
    ("logs", "embedded"),
    ("decoder", "storage", "pieces", "yardstick", "sequence", "won"),
    ("expand", "orders", "undone"),
    ("contest",),
    ("near",),
    ("recording",),
    ("pipeline",),
    ("reader", "inputs"),
    ("access", "log_reader", "models_export"),
    ("checked",),
    ("api", "files"),
    ("images", "many"),
    ("__init__",),
    ("packs",),
    ("batch",),
    ("bench",),
    ("report",),
    ("integrations",),
    ("cli",),
    ("__main__",),
)
"""Rooms from the bottom up; a room may import itself and what is below it. The package itself (`import lizip`) stands
for the public API, which the rooms above it use like anybody else."""

ONLY_IN = {
    "constriction": {"entropy"},
    "numba": {"jit", "vectors"},
    "llvmlite": {"jit", "vectors"},
    "torch": {"codecs"},
    "fsspec": {"storage", "integrations"},
    "click": {"cli", "__main__"},
    "laspy": {"simulator", "expand", "codecs", "bench", "cli", "integrations"},
}
"""Package -> rooms that may import it."""

AT_MODULE_LEVEL_NOWHERE = {"torch", "laspy", "fsspec", "constriction"}

WITH_TORCH = {"codecs/sweep/network.py", "codecs/sweep/training.py"}
"""Modules made of torch; only imported inside functions, but for one by the other."""

FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def rank(room: str) -> int:
    return next(place for place, rooms in enumerate(LAYOUT) if room in rooms)


def room_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def typing_only(tree: ast.AST) -> set[ast.AST]:
    """Nodes under `if TYPE_CHECKING`."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


def imports(tree: ast.AST) -> list[tuple[str, bool]]:
    """Dotted names imported by a module, and whether at its top level; those for type checking only are left out."""
    skipped = typing_only(tree)
    inside = {n for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) for n in ast.walk(f)}
    found = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node not in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which room they mean"
            found += [(f"{node.module}.{alias.name}", node not in inside) for alias in node.names]
    return found


@pytest.mark.parametrize("file", FILES)
def test_imports(file):
    room = room_of(file)
    for name, top in imports(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        package, *rest = name.split(".")
        if package == "lizip":
            below = rest[0] if rest and any(rest[0] in rooms for rooms in LAYOUT) else "__init__"
            made_of_torch = name.startswith(tuple("lizip." + each[:-3].replace("/", ".") for each in WITH_TORCH))
            assert not (top and made_of_torch) or file in WITH_TORCH, f"{file} imports {name} before it is needed"
            assert below == room or rank(below) < rank(room), f"{file} imports {name}, which is above or beside it"
        else:
            assert room in ONLY_IN.get(package, {room}), f"{file} imports {package}"
            late = top and package in AT_MODULE_LEVEL_NOWHERE and not (package == "torch" and file in WITH_TORCH)
            assert not late, f"{file} imports {package} before it is needed"


def test_every_room_has_its_place():
    assert {room_of(file) for file in FILES} <= {room for rooms in LAYOUT for room in rooms}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch", [("torch", True)]),
        ("def f():\n from lizip.errors import A, B", [("lizip.errors.A", False), ("lizip.errors.B", False)]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import torch", [("typing.TYPE_CHECKING", True)]),
    ],
)
def test_what_counts_as_an_import(source, expected):
    assert imports(ast.parse(source)) == expected
