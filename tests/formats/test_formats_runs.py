"""What large files need of their formats: lines found block by block, and numbers that go to several places."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.formats import lines
from lizip.formats.lines import Lines, line_ends
from lizip.formats.npy import FORMAT as NPY
from lizip.formats.records import pack_fields
from lizip.formats.runs import table_runs
from lizip.formats.strips import Strips
from lizip.formats.table import parse_table
from lizip.formats.template import ANY

FIELDS = (("a", "i2"), ("b", "f4"), ("c", "u1"))


@given(st.text("a\n\r", max_size=60), st.integers(0, 70))
def test_lines_are_those_of_the_whole(text, place):
    data = memoryview(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK", 7)
        found, ends = Lines(data), line_ends(data).tolist()
        assert len(found) == len(ends)
        assert [found.end(i) for i in range(-1, len(ends) + 1)] == [0, *ends, len(data)]
        assert b"".join(map(found.line, range(len(ends)))) == data
        if place < len(data):
            assert found.end_behind(place) == next(end for end in ends if end > place)
        assert found.end_before(place) == max((end for end in ends if end <= place), default=0)


@given(st.lists(st.sampled_from([b"1 2\n", b"300 2.5\n", b"# no row\n", b"\n", b"70000 1\n", b"0.5 1\n"]), max_size=40))
def test_runs_are_the_table(rows):
    """Cut anywhere between lines, the rows and their types are those of the whole."""
    data, fields = memoryview(b"".join(rows)), (("a", ANY), ("b", ANY))
    for most in (None, 9):
        whole = parse_table(data, most, fields)
        parts = [run.table for run in table_runs(data, most, fields, 30, lambda: None) if run.table]
        assert bool(whole) == bool(parts)
        if whole:
            assert {(part.fields, part.template) for part in parts} == {(whole.fields, whole.template)}
            for name in "ab":
                found = np.concatenate([part.columns[name] for part in parts])
                assert np.array_equal(found, whole.columns[name])


@given(st.integers(0, 50), st.lists(st.integers(1, 20), max_size=5), st.sampled_from(["<", ">", "<F", ">F"]))
def test_strips_are_the_file(count, runs, mode):
    rng = np.random.default_rng(count)
    columns = {name: rng.integers(0, 200, count).astype("<" + code) for name, code in FIELDS}
    layout = bytes([("<", ">", "<F", ">F").index(mode)]) + pack_fields(FIELDS)
    bounds = [0, *(end for end in np.cumsum(runs).tolist() if end < count), count]
    with Strips([(mode, FIELDS)], count) as strips:
        for first, last in pairwise(bounds):
            strips.add({name: column[first:last] for name, column in columns.items()})
        joined = b"".join(strips.join((b"head", b"end")))
    assert joined == b"".join(NPY.join(layout, (b"head", b"end"), [columns]))


def test_points_and_regions_are_counted():
    columns = {name: np.zeros(5, "<" + code) for name, code in FIELDS}
    with Strips([("<F", FIELDS)], 9) as strips:
        strips.add(columns)
        with pytest.raises(CorruptError):
            list(strips.join((b"", b"")))
        with pytest.raises(CorruptError):
            strips.add(columns)
    with Strips([("<F", FIELDS)], 5) as strips:
        strips.add(columns)
        with pytest.raises(CorruptError):
            list(strips.join((b"",)))
