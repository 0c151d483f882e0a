"""The package says that it is typed, and the modules that mypy passes over become fewer."""

import importlib.util
import re
from pathlib import Path

import pytest

import lizip

PYPROJECT = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")

MOST_PASSED_OVER = 197
"""Lower it when modules leave the list."""


def passed_over() -> list[str]:
    found = re.search(r"module = (\[[^]]*\])\nignore_errors = true\n", PYPROJECT)
    return re.findall(r'"([\w.*]+)"', found[1]) if found else []


def test_marker():
    assert (Path(lizip.__file__).parent / "py.typed").exists()


def test_mypy_is_strict():
    assert re.search(r'\[tool\.mypy\]\nfiles = \["lizip"\]\nstrict = true\n', PYPROJECT)
    assert PYPROJECT.count("ignore_errors") == bool(passed_over())


def test_the_list_only_gets_shorter():
    assert len(passed_over()) <= MOST_PASSED_OVER


@pytest.mark.parametrize("module", passed_over())
def test_it_names_modules(module):
    assert importlib.util.find_spec(module) is not None
