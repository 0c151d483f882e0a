"""Build hook of the wheel: compiles the kernels ahead of time and packs them in.

It takes two to four minutes of processor time. LIZIP_BUILD_KERNELS=0 leaves it out: numba then compiles each kernel
when it is first used, as it does in an editable install and on systems that have no packs (all but Linux).
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelBuildHook(BuildHookInterface):
    """Runs scripts/build_kernels.py."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the packs to a wheel; what then needs this family of processors says so in its name."""
        machine = platform.machine()
        wanted = os.environ.get("LIZIP_BUILD_KERNELS") != "0" and version != "editable" and self.target_name == "wheel"
        if not wanted or sys.platform != "linux" or machine not in ("x86_64", "aarch64"):
            return
        self._folder = tempfile.TemporaryDirectory(prefix="lizip-packs-")
        self.app.display_info("Compiling kernels ahead of time: two to four minutes (LIZIP_BUILD_KERNELS=0: not now)")
        script = Path(self.root) / "scripts" / "build_kernels.py"
        done = subprocess.run([sys.executable, str(script), self._folder.name], cwd=self.root)
        if done.returncode:
            raise RuntimeError("kernels could not be compiled ahead of time; with LIZIP_BUILD_KERNELS=0 they are not")
        for pack in Path(self._folder.name).glob("*.pack"):
            build_data["force_include"][str(pack)] = f"lizip/jit/packs/{pack.name}"
        build_data["pure_python"] = False
        # object files need no library at all, so any Linux will do
        build_data["tag"] = f"py3-none-manylinux_2_17_{machine}.musllinux_1_1_{machine}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what the step has left."""
        if folder := getattr(self, "_folder", None):
            folder.cleanup()
