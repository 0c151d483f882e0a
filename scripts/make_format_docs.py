"""Write the tables and constants of docs/format from the code, between the marks `generated: NAME` and `end`.

python scripts/make_format_docs.py            after a constant of the format or a table was changed
python scripts/make_format_docs.py --check    say which pages are stale, and write none
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs/format"
_BLOCK = re.compile(r"(?s)(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)")


def main(arguments: list[str] | None = None, pages: Path = PAGES) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    options = parser.parse_args(arguments)
    stale = {path: text for path in sorted(pages.glob("*.md")) if (text := renewed(path)) != _text(path)}
    for path, text in stale.items():
        print(f"{path}: {'stale: run scripts/make_format_docs.py' if options.check else 'written'}")
        if not options.check:
            path.write_text(text, encoding="utf-8")
    return 1 if options.check and stale else 0


def renewed(path: Path) -> str:
    """A page with its blocks as the code has them now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}", _text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(map(str, head)), *(list(map(str, row)) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _of(module: str, *names: str) -> list[tuple[str, object]]:
    """Constants of a module by name."""
    found = importlib.import_module(f"lizip.{module}")
    return [(name, getattr(found, name)) for name in names]


def _said(value: object) -> str:
    """A constant as a page shows it."""
    if isinstance(value, bytes):
        return value.hex(" ").upper()
    if isinstance(value, np.ndarray | tuple | list):
        return ", ".join(_said(each) for each in np.asarray(value).ravel().tolist())
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, int | np.integer) and value > 4096 and int(value).bit_count() == 1:
        return f"2^{int(value).bit_length() - 1}"
    return str(value)


def _constants(*modules: tuple[str, ...]) -> str:
    """Constants of some modules: (module, name, name, ...)."""
    rows = [
        (module, name.strip("_"), _said(value)) for module, *names in modules for name, value in _of(module, *names)
    ]
    return _table(("module", "constant", "value"), rows)


def _checked(*tables: tuple[str, str, str]) -> str:
    """Tables too long to print: (module, name, type): first, last, and CRC-32 of their bytes."""
    rows = []
    for module, name, kind in tables:
        values = np.asarray(_of(module, name)[0][1]).ravel()
        ends = ", ".join(map(_said, values[:3].tolist())) + " ... " + _said(values.tolist()[-1])
        crc = zlib.crc32(values.astype(f"<{kind}").tobytes())
        rows.append((name.strip("_"), len(values), ends, kind, f"{crc:08X}"))
    return _table(("table", "entries", "from, to", "as", "CRC-32"), rows)


def _container() -> str:
    names = ("MAGIC", "PACK_MAGIC", "VERSION", "SMALL", "SMALL_MAGIC", "SMALL_DIGEST", "END", "PIECES", "REGIONS")
    names += ("WHOLE", "RECIPE", "CODEC", "AROUND", "MODELS", "SPLICE", "FOLLOWS", "NEAR", "MAX_WHOLE", "PIECE")
    names += ("MAX_ENTRIES", "MOST_MODELS")
    return _constants(
        ("container.parts", *names),
        ("container.reader", "_MAX_TABLE"),
        ("decoder", "MAX_LAYOUT", "MOST_REGIONS", "MAX_REGIONS", "_POINTS_A_BYTE"),
        ("codecs.opaque", "PIECE", "_WINDOW"),
        ("codecs.floats", "MOST_COLUMNS"),
        ("codecs.sweep", "MOST_POINTS"),
        ("codecs.sweep.grid", "MAX_CELLS", "CELLS_A_RETURN", "LEAST_CELLS"),
        ("codecs.survey.index", "MAX_CHUNK"),
        ("logs.splice", "MAX_CODED", "MAX_OPEN"),
    )


def _numbers() -> str:
    from lizip import codecs, formats

    return "\n\n".join(
        _table((kind, "name"), enumerate(names)) for kind, names in (("codec", codecs.NAMES), ("format", formats.NAMES))
    )


def _las() -> str:
    from lizip.formats.las import POINT_FORMATS

    fields = [" ".join(f"{name}:{code}" for name, code in each) for each in POINT_FORMATS]
    return _table(("point format", "fields"), enumerate(fields))


def _types() -> str:
    from lizip.formats.records import TYPES

    return _table(("type code", "type"), enumerate(TYPES))


def _entropy() -> str:
    return _checked(
        ("entropy.adaptive", "RATE", "u2"),
        ("entropy.adaptive", "STRETCH", "i2"),
        ("entropy.adaptive", "SQUASH", "u2"),
        ("entropy.adaptive", "QUARTER_OCTAVE", "i4"),
        ("entropy.mixing", "CONFIDENCE", "i2"),
    )


def _symbols() -> str:
    names = ("RATES", "_MOST_USES", "_STEP", "EVEN", "_LEAST")
    return _constants(("entropy.rows", "LANES", "TOP"), ("entropy.symbols", *names))


def _floats() -> str:
    return _constants(
        ("codecs.floats.segments", "SEGMENT"),
        ("codecs.floats.track", "HISTORY", "HOT"),
        ("codecs.floats.plan", "MOST_WINDOW"),
        ("codecs.floats.numbers", "BINARY", "ALPHABET"),
        ("codecs.floats.cheapest", "CANDIDATES", "_CLASSES", "_PAIRS", "_FAR"),
        ("codecs.floats.pointer", "_LIMIT"),
        ("codecs.floats.blanks", "_LIMIT", "_MOST_TURNS", "BANK"),
        ("codecs.floats.rays", "_STRIDES"),
        ("codecs.floats.columns", "_SIX", "_LIMIT"),
        ("entropy.tokens", "_FAR", "_LIMIT"),
    )


def _grid() -> str:
    model = ("CANDIDATES", "TOKENS", "CLASSES", "LENGTHS", "SIGN", "START", "UP", "DOWN", "MANTISSA", "NODES")
    constants = _constants(
        ("codecs.sweep.grid", "SEGMENT"),
        ("codecs.sweep.model", *model, "SLOW", "MEDIUM", "QUICK", "MAX_RANGE", "_SHARE_OF_PRIOR"),
        ("codecs.sweep.tree", "SHARE_BITS", "DEEP"),
        ("codecs.sweep.features", "FEATURES"),
        ("codecs.sweep.net", "HIDDEN", "FLAG_OUTPUT", "FIRST_SHIFT", "SECOND_SHIFT", "OUT_SHIFT"),
        ("entropy.mixing", "LOGIT_LIMIT"),
        ("codecs.sweep.prior", "CLASSES", "KINDS", "SHARES"),
        ("codecs.sweep.background", "PART"),
        ("codecs.sweep.past", "BLOCK"),
        (
            "codecs.sweep.fast.ranges",
            "_BITS",
            "_BEGIN",
            "_CLASSES",
            "_DIFFERENCES",
            "_UNITS",
            "_START",
            "_DOUBT",
            "_LEVEL",
        ),
        ("codecs.sweep.fast.vectors", "_TERMS", "_MOST_ERROR"),
        ("codecs.sweep.fast.intensity", "_DISTANCES", "_START", "_NIBBLES"),
    )
    return (
        constants
        + "\n\n"
        + _checked(
            ("codecs.sweep.model", "BLEND", "i8"),
            ("codecs.sweep.levels", "LEVEL_BLEND", "i8"),
            ("codecs.sweep.levels", "NEAR", "i8"),
        )
    )


def _floats_in(module: ModuleType, name: str) -> list[float]:
    """Floats written in a function, in their order."""
    tree = ast.parse(inspect.getsource(module))
    (function,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name)
    negative = {id(each.operand) for each in ast.walk(function) if isinstance(getattr(each, "op", None), ast.USub)}
    found = [each for each in ast.walk(function) if isinstance(each, ast.Constant) and isinstance(each.value, float)]
    found.sort(key=lambda each: (each.lineno, each.col_offset))
    return [-each.value if id(each) in negative else each.value for each in found]


def _trigonometry() -> str:
    from lizip.exact import single, trig

    rows = [(name.strip("_"), _said(value)) for name, value in vars(trig).items() if isinstance(value, float)]
    for part, letter in (("_kernel_sine", "S"), ("_kernel_cosine", "C"), ("_arctangent_of", "O, E")):
        rows.append((f"{letter}, as they come in {part}", _said(_floats_in(trig, part))))
    names = ("_S1", "_S2", "_S3", "_C1", "_C2", "_C3", "_C4", "_EIGHTH", "_QUARTERS", "_QUARTER")
    rows += [(f"single {name.strip('_')}", getattr(single, name).hex()) for name in names]
    return _table(("constant", "value"), rows)


def _slots() -> str:
    from lizip.sensor.stages.slots import VLP_32C

    columns = (VLP_32C.elevation, VLP_32C.offset, VLP_32C.slot)
    lasers = zip(range(len(VLP_32C.slot)), *(each.tolist() for each in columns), strict=True)
    scalars = ("slot_time", "firing_time", "packet", "tick", "exact", "step")
    fixed = _table(("VLP-32C", "value"), [(name, _said(getattr(VLP_32C, name))) for name in scalars])
    return fixed + "\n\n" + _table(("laser", "elevation, degrees", "offset, degrees", "slot"), lasers)


def _words() -> str:
    from lizip.sensor.model import NOTES, TITLES

    return "\n\n".join(
        _table((kind, "words"), enumerate(names)) for kind, names in (("TITLES", TITLES), ("NOTES", NOTES))
    )


def _survey_groups() -> str:
    from lizip.codecs.survey import GROUPS, INDEX_KIND
    from lizip.codecs.survey.chunk import _GROUP_OF

    rows = []
    for number, group in enumerate(GROUPS):
        fields = ", ".join(name for name, of in _GROUP_OF.items() if of == group)
        rows.append((INDEX_KIND + 1 + number, group, fields or "all others"))
    return _table(("kind", "group", "fields, in the order of coding"), rows)


def _survey() -> str:
    from lizip.codecs.survey.axis_order import AXIS_ORDERS

    orders = [(i, _said(each.axes), each.near, each.across) for i, each in enumerate(AXIS_ORDERS)]
    constants = _constants(
        ("codecs.survey.decisions", "NODES", "_LIMIT"),
        ("codecs.survey.symbols", "LIMIT", "_SUCCESSORS"),
        ("codecs.survey.times", "STEPS", "_SUCCESSORS"),
        ("codecs.survey.drift", "_LONGEST"),
        ("codecs.survey.fit", "COEFFICIENT_ONE"),
        ("codecs.survey.numbers", "LAGS", "BLOCK", "CLASSES", "_CAP", "_RECENT"),
        ("codecs.survey.axes", "BLOCK", "CLASSES", "EXCLUDED", "_SETS"),
        ("codecs.survey.scan_history", "HISTORY", "WIDTHS", "KINDS", "GAP"),
        ("codecs.survey.grid", "PLACES", "FOUND", "_CELLS", "_FAR"),
        ("codecs.survey.neighbours", "PLACES", "_CELLS"),
    )
    return _table(("order", "axes", "cells of the first", "cells of the last"), orders) + "\n\n" + constants


def _octree() -> str:
    return _constants(
        ("codecs.octree.points", "MOST_POINTS"),
        ("codecs.octree.cells", "_TIE"),
        ("codecs.octree.occupancy", "MOST_LEVELS", "_SLOTS", "_SETS", "_LIMIT"),
        ("codecs.octree.surface", "CANDIDATES", "_OF_A_CELL"),
        ("codecs.octree.inside", "_ENOUGH", "_SHARP", "_FIRST_BITS"),
    )


def _models() -> str:
    from lizip.resources import INDEX

    listed = json.loads((ROOT / "models" / INDEX).read_text(encoding="utf-8"))
    names = ("kind", "name", "hash", "sha256")
    return _table(("kind", "name", "hash", "SHA-256 of the file"), [[each[name] for name in names] for each in listed])


BLOCKS: dict[str, Callable[[], str]] = {
    "container": _container,
    "numbers": _numbers,
    "las": _las,
    "types": _types,
    "entropy": _entropy,
    "symbols": _symbols,
    "floats": _floats,
    "grid": _grid,
    "trigonometry": _trigonometry,
    "slots": _slots,
    "words": _words,
    "survey groups": _survey_groups,
    "survey": _survey,
    "octree": _octree,
    "models": _models,
}

if __name__ == "__main__":
    sys.exit(main())
