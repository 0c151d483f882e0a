"""Build hook of the wheel: compiles the kernels ahead of time and brings them along.

It takes some minutes; what is compiled is kept in build/kernels and used again as long as no source has changed.
LIZIP_BUILD_KERNELS=0 leaves it out: numba then compiles each kernel when it is first used, as it does in an editable
install and on systems that have no such libraries (all but Linux).
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelBuildHook(BuildHookInterface):
    """Runs scripts/build_kernels.py."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the libraries to a wheel; what then needs this family of processors says so in its name."""
        machine = platform.machine()
        wanted = os.environ.get("LIZIP_BUILD_KERNELS") != "0" and version != "editable" and self.target_name == "wheel"
        if not wanted or sys.platform != "linux" or machine not in ("x86_64", "aarch64"):
            return
        for library in self._libraries().glob("*.so"):
            build_data["force_include"][str(library)] = f"lizip/jit/libraries/{library.name}"
        build_data["pure_python"] = False
        # the libraries need no other at all, so any Linux will do
        build_data["tag"] = f"py3-none-manylinux_2_17_{machine}.musllinux_1_1_{machine}"

    def _libraries(self) -> Path:
        """Folder with the libraries of these sources, compiled unless it is there."""
        root = Path(self.root)
        folder = root / "build" / "kernels" / _digest(root)
        if folder.is_dir():
            return folder
        self.app.display_info("Compiling kernels ahead of time: some minutes (LIZIP_BUILD_KERNELS=0: not now)")
        unfinished = folder.with_suffix(f".{os.getpid()}")
        script = root / "scripts" / "build_kernels.py"
        done = subprocess.run([sys.executable, str(script), str(unfinished)], cwd=root)
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise RuntimeError("kernels could not be compiled ahead of time; with LIZIP_BUILD_KERNELS=0 they are not")
        os.rename(unfinished, folder)
        return folder


def _digest(root: Path) -> str:
    """Hash of all that decides what is compiled."""
    digest = hashlib.blake2b(platform.machine().encode(), digest_size=12)
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(f"{package} {version_of(package)} {sys.version_info[:2]}".encode())
    sources = [*root.glob("lizip/**/*.py"), *root.glob("tests/*.py"), root / "scripts" / "build_kernels.py"]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()
