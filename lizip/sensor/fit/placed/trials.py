"""Numbers of a laser beside the axis tried one after another: under which most coordinates come out exactly."""

from __future__ import annotations

import numpy as np

from lizip.exact.single import sincos_single
from lizip.jit import kernel
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.stages.driver_arithmetic import laser_distance, single_hundredths, turn_single
from lizip.sensor.stages.driver_places import placed_point


@kernel
def fill_table(law, azimuth, whole, table):
    """Fill table (K, 2) with a driver's sines and cosines of azimuths (K,) and a whole number of 0.01 degrees more."""
    for i in range(azimuth.size):
        index = np.float64(azimuth[i] + whole)
        index -= np.floor(index / 36000.0) * 36000.0
        table[i, 0], table[i, 1] = sincos_single(np.float64(single_hundredths(index)), law.sine)


@kernel
def count_exact(law, tick, words, points, table, ticks, step, least):
    """Coordinates of points (K, 3) float32, across, along and up, that come out exactly with words (2 + PLACES,).

    Azimuths have sines and cosines table (K, 2), ranges are less than `ticks` by a step. Fewer than `least` may be
    counted only in part.
    """
    rise, fall = sincos_single(words[0], law.sine)
    aside, ahead = sincos_single(words[1], law.sine)
    hits = np.int64(0)
    for i in range(points.shape[0]):
        sine, cosine = turn_single(table[i, 0], table[i, 1], aside, ahead)
        reach = np.float64(ticks[i] - step)
        across, along, up = placed_point(law, tick, rise, fall, sine, cosine, words[2:], reach)
        hits += np.int64(across == points[i, 0]) + np.int64(along == points[i, 1]) + np.int64(up == points[i, 2])
        if hits + 3 * (points.shape[0] - 1 - i) < least:
            break
    return hits


@kernel
def best_ticks(law, tick, words, points, table, ticks, steps):
    """That of `steps` (S,) by whose ticks more is added to the range under which most coordinates are exact."""
    best, chosen = np.int64(-1), np.int64(0)
    further, more_x, more_y = words[4], words[5], words[6]
    for k in range(steps.size):
        words[4] = np.float64(np.float32(further + steps[k] * tick))
        words[5] = np.float64(np.float32(more_x + steps[k] * tick))
        words[6] = np.float64(np.float32(more_y + steps[k] * tick))
        found = count_exact(law, tick, words, points, table, ticks, steps[k], best + 1)
        if found > best:
            best, chosen = found, steps[k]
    return chosen


@kernel
def count_turns(law, tick, words, points, azimuth, ticks, turns, table, hits):
    """Fill hits (W,): with `turns` (W,) 0.01 degrees more in azimuths and what the laser looks aside.

    `words` are those of true azimuths; a driver's table has them rounded, on which its own offset depends.
    """
    turn = words[1]
    for k in range(turns.size):
        off = 0.0
        for i in range(azimuth.size):
            index = np.float64(azimuth[i] + turns[k])
            index -= np.floor(index / 36000.0) * 36000.0
            off += np.float64(single_hundredths(index)) - index * UNIT
        words[1] = np.float64(np.float32(turn - turns[k] * UNIT - off / azimuth.size))
        fill_table(law, azimuth, turns[k], table)
        hits[k] = count_exact(law, tick, words, points, table, ticks, 0, 0)


@kernel
def climb(law, tick, words, tried, points, table, ticks, moves, reach, passes):
    """Move words (2 + PLACES,) by that one of `moves` (M, 2 + PLACES), up to `reach` (M,) times either way, under which
    most coordinates come out exactly, and again; `tried` is memory of their size."""
    best = count_exact(law, tick, words, points, table, ticks, 0, 0)
    for _ in range(passes):
        before = best
        move, times = 0, 0
        for m in range(moves.shape[0]):
            for k in range(-reach[m], reach[m] + 1):
                for p in range(words.size):
                    tried[p] = np.float64(np.float32(words[p] + k * moves[m, p]))
                found = count_exact(law, tick, tried, points, table, ticks, 0, best + 1)
                if found > best:
                    best = found
                    move, times = m, k
        for p in range(words.size):
            words[p] = np.float64(np.float32(words[p] + times * moves[move, p]))
        if best == before or best == 3 * points.shape[0]:
            break
    return best


@kernel
def search_further(law, tick, words, tried, best_words, points, table, ticks, follow, steps, reach, aside):
    """Move what is added to the range by up to `reach` steps; what is added near by follows (2 + PLACES,), and is moved
    by up to `aside` steps more: to where most coordinates come out exactly."""
    best = np.int64(-1)
    for k in range(-reach, reach + 1):
        for p in range(words.size):
            tried[p] = np.float64(np.float32(words[p] + k * follow[p]))
        found = np.int64(-1)
        for p in range(words.size - 2, words.size):
            start = tried[p]
            kept = start
            for j in range(-aside, aside + 1):
                tried[p] = np.float64(np.float32(start + j * steps[p]))
                now = count_exact(law, tick, tried, points, table, ticks, 0, max(found, best) + 1)
                if now > found:
                    found = now
                    kept = tried[p]
            tried[p] = kept
        if found > best:
            best = found
            for p in range(words.size):
                best_words[p] = tried[p]
    for p in range(words.size):
        words[p] = best_words[p]
    return best


@kernel
def fill_lattice(tick, distance, ticks, azimuth, table, reach, angle):
    """Fill ranges (K,), m, and azimuths (K,), rad, as a driver has them; true azimuths without its `table`."""
    for i in range(ticks.size):
        reach[i] = laser_distance(np.float64(ticks[i]), tick, distance)
        index = np.float64(azimuth[i])
        index -= np.floor(index / 36000.0) * 36000.0
        angle[i] = np.float64(single_hundredths(index)) if table else index * UNIT
