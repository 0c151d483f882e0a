"""What a compiled kernel depends on: the text of its module and of every lizip module within reach of its imports.

Kernels bake in the helpers they call and the constants they use, wherever these stand. So a kernel is known by its
name, the types of its arguments and a digest of all these files: change one, and it is another kernel.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lizip.version import __version__

if TYPE_CHECKING:
    from lizip.jit import Kernel

_PACKAGE = Path(__file__).parent.parent
_FROM = re.compile(rb"\nfrom (lizip[\w.]*) import (\([^)]*\)|[^\n]*)")
_IMPORT = re.compile(rb"\nimport (lizip[\w.]*)")
_WORD = re.compile(rb"\w+")
_ALWAYS = ("lizip.jit.abi", "lizip.jit.compiler", "lizip.vectors")
"""Modules that have a say in every kernel."""


def identity_of(kernel: Kernel, types: str) -> str:
    """Name the compiled form of a kernel for arguments of certain types (see `abi.text`): 32 hexadecimal digits."""
    function = kernel.py_func
    digest = hashlib.blake2b(digest_size=16)
    of_sources = sources_digest(function.__module__, function.__code__.co_filename)
    for part in (__version__, function.__module__, function.__qualname__, str(kernel.inlined), types, of_sources):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


@cache
def sources_digest(module: str, file: str) -> str:
    """Digest of a module's file and of those of all lizip modules it imports, directly or through another."""
    known = {module: file, **{name: _file(name) for name in _ALWAYS}}
    waiting = list(known)
    while waiting:
        for name in _named(known[waiting.pop()]):
            if name not in known:
                known[name] = _file(name)
                waiting.append(name)
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(known):
        digest.update(name.encode() + b"\0" + hashlib.blake2b(_text(known[name])).digest())
    return digest.hexdigest()


@cache
def _text(file: str) -> bytes:
    """The text of a source file; where only its compiled form is there, the version stands for it."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return sys.version.encode()


@cache
def _named(file: str) -> frozenset[str]:
    """The lizip modules that a file imports at its top level: what is imported elsewhere no kernel of it can use."""
    text = b"\n" + _text(file).replace(b"\r", b"")
    names = set(_IMPORT.findall(text))
    for module, parts in _FROM.findall(text):
        names |= {module + b"." + name for name in _WORD.findall(parts)}
    return frozenset(filter(None, map(_module, names)))


@cache
def _module(name: bytes) -> str | None:
    """The module that a dotted name is or lies in; None when it is none of ours."""
    parts = name.decode().split(".")
    while len(parts) > 1:
        if _file(".".join(parts)):
            return ".".join(parts)
        parts.pop()
    return None


@cache
def _file(module: str) -> str:
    """Path of one of our modules, "" when there is none."""
    path = os.path.join(_PACKAGE, *module.split(".")[1:])
    for file in (f"{path}.py", os.path.join(path, "__init__.py")):
        if os.path.isfile(file):
            return file
    return ""
