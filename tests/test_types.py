"""The package says that it is typed, and mypy passes over none of its modules and tests."""

import ast
import re
from pathlib import Path

import pytest

import lizip

TESTS = Path(__file__).parent
PYPROJECT = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
OF_TESTS = (TESTS / "mypy.toml").read_text(encoding="utf-8")


def test_marker():
    assert (Path(lizip.__file__).parent / "py.typed").exists()


def test_mypy_is_strict():
    assert re.search(r'\[tool\.mypy\]\nfiles = \["lizip"\]\nstrict = true\n', PYPROJECT)
    assert "ignore_errors" not in PYPROJECT
    assert "disable_error_code" not in PYPROJECT


def test_tests_are_checked_too():
    assert re.search(r'\nfiles = \["tests"\]\n', OF_TESTS)
    assert "\ncheck_untyped_defs = true\n" in OF_TESTS
    assert "ignore_errors" not in OF_TESTS


UNTYPED = ("kernel", "inlined_kernel", "vectorised")
"""Decorators of functions whose types are numba's affair; in modules `vectors` and `rows` they are LLVM's."""


def untyped_functions(source: str) -> list[str]:
    """Functions that lack a type, but for kernels."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            given = [each for each in given if each is not None and each.arg not in ("self", "cls")]
            typed = all(each.annotation for each in given) and (node.returns is not None or node.name == "__init__")
            kernel = any(ast.unparse(each).partition("(")[0] in UNTYPED for each in node.decorator_list)
            found += [] if typed or kernel else [node.name]
    return found


@pytest.mark.parametrize("source", ["def f(a): ...", "def f(a: int): ...", "def f(*a) -> None: ..."])
def test_what_lacks_a_type(source):
    assert untyped_functions(source) == ["f"]
    assert not untyped_functions(f"@kernel\n{source}")
    assert not untyped_functions("def f(self, a: int) -> None: ...")


def test_only_kernels_are_without_types():
    folder = Path(lizip.__file__).parent
    files = [path for path in folder.rglob("*.py") if path.name not in ("vectors.py", "rows.py")]
    assert not {str(path): names for path in files if (names := untyped_functions(path.read_text(encoding="utf-8")))}


def remainders_of_floats(source: str) -> list[str]:
    """Kernels with `% 1.0` or the like: numba before 0.62 calls the C library's fmod for it, which no kernel may."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(each) in UNTYPED[:2] for each in node.decorator_list)
        for each in ast.walk(node)
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Mod) and isinstance(each.right, ast.Constant)
        if isinstance(each.right.value, float)
    ]


def test_kernels_take_no_remainders_of_floats():
    assert remainders_of_floats("@kernel\ndef f(x):\n    return x % 1.0") == ["f"]
    folder = Path(lizip.__file__).parent
    assert not [
        name for path in folder.rglob("*.py") for name in remainders_of_floats(path.read_text(encoding="utf-8"))
    ]
