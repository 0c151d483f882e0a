from __future__ import annotations

import io
import threading
import time

import pytest

import lizip
from lizip import simulator
from lizip.parallel import in_order, threads


def slowly(number: int) -> int:
    time.sleep(0.002 * (number % 3))
    return number * number


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_order(count):
    with threads(count):
        assert list(in_order(slowly, range(20))) == [number * number for number in range(20)]
        assert list(in_order(slowly, [])) == []


def test_little_is_held_ahead():
    taken = []

    def parts():
        for number in range(50):
            taken.append(number)
            yield number

    with threads(2):
        results = in_order(slowly, parts())
        next(results)
        assert len(taken) <= 4
        results.close()


def test_errors_reach_the_caller():
    def fail(number: int) -> float:
        return 1 / (number - 3)

    before = threading.active_count()
    with threads(2), pytest.raises(ZeroDivisionError):
        list(in_order(fail, range(10)))
    assert threading.active_count() == before


def test_a_block_ends():
    with threads(4), threads(1):
        names = set(in_order(lambda _: threading.current_thread().name, range(3)))
    assert names == {"MainThread"}


def test_chunks_of_a_survey_do_not_depend_on_threads():
    data = simulator.airborne_las(1, pulses=80_000)
    alone = lizip.compress(data, codec="survey")
    with threads(3):
        assert lizip.compress(data, codec="survey") == alone
        assert lizip.decompress(alone) == data
    assert lizip.info(io.BytesIO(alone))["chunks"] > 1
