"""Kernels as they are called: what goes in, what comes out, who else may run meanwhile."""

import os
import subprocess
import sys
import threading
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from lizip.jit import DISABLED, inlined_kernel, kernel

compiled = pytest.mark.skipif(DISABLED, reason="kernels run in plain Python")


@inlined_kernel
def weighed(values, weights, i):
    return values[i] * weights[i]


@kernel
def dot(values, weights):
    """Sum of the products of two arrays."""
    total = 0.0
    for i in range(values.shape[0]):
        total += weighed(values, weights, i)
    return total


class Inner(NamedTuple):
    values: np.ndarray
    factor: float


class Outer(NamedTuple):
    first: Inner
    offset: int
    last: np.ndarray


@kernel
def nested(outer, plain):
    for i in range(outer.last.size):
        outer.last[i] = outer.first.values[i] * outer.first.factor + outer.offset + plain[0][i]
    return outer.last.size, outer.first.factor, plain[1]


@kernel
def nothing(values):
    values[0] = 1


@kernel
def same(value):
    return value


@kernel
def at(table, i, j):
    return table[i, j]


def test_arrays_numbers_and_kernels_in_kernels():
    assert dot(np.arange(5.0), np.arange(5.0)) == 30.0
    assert dot(np.arange(5, dtype=np.int32), np.arange(5, dtype=np.float32)) == 30.0
    assert dot(values=np.arange(3.0), weights=np.ones(3)) == 3.0
    assert dot(np.arange(3.0), weights=np.ones(3)) == 3.0
    assert dot(np.empty(0), np.empty(0)) == 0.0


def test_tuples_are_handed_over_as_their_items():
    last = np.zeros(3)
    outer = Outer(Inner(np.array([1.0, 2.0, 3.0], np.float32), 0.5), 7, last)
    assert nested(outer, (np.array([10, 20, 30]), True)) == (3, 0.5, True)
    assert last.tolist() == [17.5, 28.0, 38.5]


@pytest.mark.parametrize(
    "value",
    [
        *(0, -(2**63), 2**63 - 1, 2**64 - 1, True, False, 1.5, -0.0, float("inf"), None),
        *(np.int8(-3), np.uint8(255), np.int32(-5), np.uint32(2**32 - 1), np.uint64(2**64 - 1), np.float32(0.1)),
        *(np.bool_(True), (1, 2.5, np.int8(-1), np.float32(0.5), True)),
    ],
    ids=repr,
)
def test_values_go_in_and_come_out(value):
    answer = same(value)
    assert answer == value or value is None
    assert str(answer) == str(value if not isinstance(value, np.generic) else value.item()) or isinstance(value, tuple)


def test_nothing_comes_out_of_what_returns_nothing():
    values = np.zeros(1, np.uint8)
    assert nothing(values) is None
    assert values[0] == 1


@pytest.mark.parametrize("layout", ["C", "F", "every other", "reversed", "read only", "mapped"])
def test_every_layout(layout, tmp_path):
    table = np.arange(24.0).reshape(4, 6)
    views = {
        "C": table,
        "F": np.asfortranarray(table),
        "every other": table[::2, 1::3],
        "reversed": table[::-1, ::-1],
        "read only": np.frombuffer(table.tobytes()).reshape(4, 6),
    }
    if layout == "mapped":
        table.tofile(tmp_path / "table")
        view: np.ndarray = np.memmap(tmp_path / "table", np.float64, shape=(4, 6))
    else:
        view = views[layout]
    for i, j in np.ndindex(view.shape):
        assert at(view, i, j) == view[i, j]


@compiled
@pytest.mark.parametrize(
    "value",
    ["text", [1, 2], {}, 1j, np.array(["a"]), np.zeros(2, "f4,f4"), np.zeros(2, ">f8"), np.float16(1)],
    ids=repr,
)
def test_other_arguments_are_refused(value):
    with pytest.raises(TypeError, match="kernel takes"):
        same(value)


@compiled
@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3, 4)])
def test_number_of_arguments(arguments):
    with pytest.raises(TypeError, match="takes 3 arguments"):
        at(*arguments)


@compiled
def test_names_of_arguments():
    with pytest.raises(TypeError, match="no argument k"):
        at(np.zeros((1, 1)), 0, 0, k=1)
    with pytest.raises(TypeError, match="i, or got it twice"):
        at(np.zeros((1, 1)), 0, i=0)


@compiled
def test_a_kernel_cannot_allocate_or_call_out():
    @kernel
    def allocates(count):
        return np.zeros(count)

    @kernel
    def calls_libm(value):
        return np.exp(value)

    with pytest.raises((TypeError, numba.core.errors.NumbaError)):
        allocates(3)
    with pytest.raises(TypeError, match="calls what is no kernel: exp"):
        calls_libm(3.0)


@compiled
def test_numba_settings_stay_as_they_were():
    @kernel
    def fresh(value):
        return value + 1

    names = [name for name in dir(numba.config) if name.isupper()]
    before = [repr(getattr(numba.config, name)) for name in names]
    assert fresh(1) == 2
    assert [repr(getattr(numba.config, name)) for name in names] == before


@compiled
def test_first_calls_from_many_threads():
    @kernel
    def plus(values, number):
        total = 0
        for i in range(values.size):
            total += values[i] + number
        return total

    added: Any = plus
    answers, start = [None] * 8, threading.Barrier(8)

    def run(at):
        start.wait()
        answers[at] = added(np.arange(100), at)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [4950 + 100 * at for at in range(8)]
    assert len(added._entries) == 1


@compiled
def test_other_threads_run_while_a_kernel_does():
    @kernel
    def wait(flag, beside, most):
        """Count until the flag is up; returns how far. LLVM cannot know that what it writes is not the flag."""
        turns = 0
        while flag[0] == 0 and turns < most:
            turns += 1
            flag[beside] = turns
        return turns

    flag, most = np.zeros(2, np.int64), 1 << 32
    wait(flag, 1, 0)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(wait(flag, 1, most)))
    thread.start()
    while not flag[1]:
        pass
    flag[0] = 1  # not reached before the end where the kernel holds the interpreter
    thread.join()
    assert 0 < answers[0] < most


SCRIPT = """
import sys
import numpy as np
from lizip.jit import kernel

@kernel
def second(values):
    return values[1]

print(second(np.arange(int(sys.argv[1]))))
"""


def run(tmp_path, size=3, **settings):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    environment |= {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    return subprocess.run([sys.executable, path, str(size)], env=environment, capture_output=True, text=True)


def test_numbas_switches_work(tmp_path):
    """Out of bounds is an IndexError in plain Python and where bounds are checked."""
    for settings in ({"NUMBA_DISABLE_JIT": "1"}, {"NUMBA_BOUNDSCHECK": "1"}, {"NUMBA_CPU_NAME": "generic"}):
        assert run(tmp_path, **settings).stdout == "1\n"
    for settings in ({"NUMBA_DISABLE_JIT": "1"}, {"NUMBA_BOUNDSCHECK": "1"}):
        assert "IndexError" in run(tmp_path, size=1, **settings).stderr
    assert len(list((tmp_path / "cache" / "kernels").iterdir())) == 2, "checked and generic code are kept apart"
