#!/usr/bin/env bash
# Decodes the golden files on another processor and codes their content again: the points must come out as the same bytes.
#
# usage: scripts/check_aarch64.sh PYTHON...     PYTHON... is a command that runs Python there, for instance an emulator:
#        scripts/check_aarch64.sh qemu-aarch64-static -L ROOT -E PYTHONPATH=SITE ROOT/usr/bin/python3.11
# Hours of compiling under emulation are saved by: python scripts/build_kernels.py lizip/jit/packs --levels aarch64
# The Python needs numpy, numba, xxhash, zstandard, click, tqdm, laspy and lazrs, but not constriction: the twin serves.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then
  sed -n '2,7p' "$0" >&2
  exit 2
fi
program="
import platform, runpy, sys
sys.path[:0] = ['$root', '$root/tests']
print('machine:', platform.machine(), 'python:', platform.python_version(), file=sys.stderr, flush=True)
import harness
from lizip.entropy.ans import HAS_CONSTRICTION
print('entropy coder:', 'constriction' if HAS_CONSTRICTION else 'the twin', file=sys.stderr, flush=True)
sys.argv = ['harness', '--golden', sys.argv[1]]
harness.main()
"
result=$("$@" -c "$program" "${GOLDEN:-$root/tests/golden/v1}")
if grep -q false <<<"$result"; then
  echo "$result"
  echo "some points come out as other bytes" >&2
  exit 1
fi
echo "all golden files decode and are made again to the byte"
