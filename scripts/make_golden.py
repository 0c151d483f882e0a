"""Write the golden files of this version: small .lizip files that every later version must still read.

python scripts/make_golden.py            before a release of a new format version only; never change released ones
python scripts/make_golden.py NAME ...   some of them: those of a new stage
"""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import harness  # noqa: E402

from lizip.container import VERSION  # noqa: E402


def main() -> None:
    folder = TESTS / "golden" / f"v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or harness.GOLDEN:
        coded = harness.golden(name)
        (folder / f"{name}.lizip").write_bytes(coded)
        print(f"{name}: {len(coded)} bytes")


if __name__ == "__main__":
    main()
