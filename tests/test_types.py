"""The package says that it is typed, and the modules that mypy passes over become fewer."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import lizip

TESTS = Path(__file__).parent
PYPROJECT = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
OF_TESTS = (TESTS / "mypy.toml").read_text(encoding="utf-8")

MOST_PASSED_OVER, MOST_TESTS_PASSED_OVER = 41, 67
"""Lower them when modules leave the lists."""


def passed_over(settings: str = PYPROJECT) -> list[str]:
    found = re.search(r"module = (\[[^]]*\])\nignore_errors = true\n", settings)
    return re.findall(r'"([\w.*]+)"', found[1]) if found else []


def mixing() -> list[str]:
    """Modules where numba's whole numbers and numpy's are the same."""
    found = re.search(
        r'module = (\[[^]]*\])\ndisable_error_code = \["arg-type", "assignment", "operator"\]\n', PYPROJECT
    )
    return re.findall(r'"([\w.*]+)"', found[1]) if found else []


@pytest.mark.parametrize("module", mixing())
def test_only_modules_with_kernels_mix_numbers(module):
    source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")
    assert re.search(rf"^@({'|'.join(UNTYPED)})\b", source, re.MULTILINE)


def test_marker():
    assert (Path(lizip.__file__).parent / "py.typed").exists()


def test_mypy_is_strict():
    assert re.search(r'\[tool\.mypy\]\nfiles = \["lizip"\]\nstrict = true\n', PYPROJECT)
    assert PYPROJECT.count("ignore_errors") == bool(passed_over())


def test_the_list_only_gets_shorter():
    assert len(passed_over()) <= MOST_PASSED_OVER
    assert len(passed_over(OF_TESTS)) <= MOST_TESTS_PASSED_OVER


def test_tests_are_checked_too():
    assert re.search(r'\nfiles = \["tests"\]\n', OF_TESTS)
    assert "\ncheck_untyped_defs = true\n" in OF_TESTS
    assert OF_TESTS.count("ignore_errors") == bool(passed_over(OF_TESTS))


@pytest.mark.parametrize("module", passed_over(OF_TESTS))
def test_it_names_tests(module):
    """Each by its path from one of the folders that tests import from."""
    (folders,) = re.findall(r'mypy_path = "(.*)"', OF_TESTS)
    path = module.replace(".", "/")
    assert any(
        (TESTS.parent / folder / name).is_file()
        for folder in folders.split(":")
        for name in (f"{path}.py", f"{path}/__init__.py")
    )


@pytest.mark.parametrize("module", passed_over() + mixing())
def test_it_names_modules(module):
    assert importlib.util.find_spec(module) is not None


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
