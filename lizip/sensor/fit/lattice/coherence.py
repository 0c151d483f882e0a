"""How well differences of points fit a lattice along a direction: scores of many directions, and one made to fit.

Encoder only.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import factor, substitute
from lizip.exact.trig import sincos
from lizip.jit import kernel

_BLOCK = 512


@kernel
def _wave(x):
    """Cosine and sine of 2 pi x for |x| <= 1/2, to about 1 %: enough for a search."""
    t = x * x
    return (
        1.0 + t * (-19.7392088 + t * (64.9393940 + t * (-85.456817 + t * (60.24464 - t * 22.0)))),
        x * (6.28318531 + t * (-41.3417022 + t * (81.6052493 + t * (-76.7058598 + t * 34.0)))),
    )


@kernel
def _coherence(pairs, inverse, yaw, tilt, work, out):
    """|mean exp(2 pi i D.u / h)|^2 of (M, 3) `pairs` for directions of yaw and tilt (K,); `work` is scratch (5, K).

    The inner loop runs over directions so that it needs no reduction and becomes vector code.
    """
    total = yaw.size
    for k in range(total):
        s, c = sincos(yaw[k])
        up, flat = sincos(tilt[k])
        work[0, k] = c * flat
        work[1, k] = s * flat
        work[2, k] = up
        work[3, k] = 0.0
        work[4, k] = 0.0
    for begin in range(0, total, _BLOCK):
        part = work[:, begin : begin + _BLOCK]
        for j in range(pairs.shape[0]):
            a = pairs[j, 0] * inverse
            b = pairs[j, 1] * inverse
            c = pairs[j, 2] * inverse
            for k in range(part.shape[1]):
                x = a * part[0, k] + b * part[1, k] + c * part[2, k]
                cosine, sine = _wave(x - np.rint(x))
                part[3, k] += cosine
                part[4, k] += sine
    scale = 1.0 / (pairs.shape[0] * pairs.shape[0])
    for k in range(total):
        out[k] = (work[3, k] * work[3, k] + work[4, k] * work[4, k]) * scale


def score_directions(pairs: np.ndarray, spacing: float, yaw: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """Squared coherence (K,) of differences (M, 3) along directions of yaw and tilt (K,), rad, with a spacing, m."""
    out = np.empty(len(yaw))
    _coherence(np.ascontiguousarray(pairs), 1.0 / spacing, yaw, tilt, np.empty((5, len(yaw))), out)
    return out


@kernel
def align(differences, inverse, rounds, direction, normal, right):
    """Turn `direction` (3,) by least squares so that differences (M, 3) along it become multiples of 1 / inverse.

    Returns their coherence then; `normal` (3, 3) and `right` (3,) are scratch.
    """
    cosine = 0.0
    sine = 0.0
    for turn in range(rounds + 1):
        cosine = 0.0
        sine = 0.0
        for p in range(3):
            right[p] = 0.0
            for q in range(3):
                normal[p, q] = 1e-9 if p == q else 0.0
        for j in range(differences.shape[0]):
            d0 = differences[j, 0] * inverse
            d1 = differences[j, 1] * inverse
            d2 = differences[j, 2] * inverse
            x = d0 * direction[0] + d1 * direction[1] + d2 * direction[2]
            x -= np.rint(x)
            if turn == rounds:
                c, s = _wave(x)
                cosine += c
                sine += s
            elif abs(x) < 0.25:
                normal[0, 0] += d0 * d0
                normal[1, 0] += d1 * d0
                normal[1, 1] += d1 * d1
                normal[2, 0] += d2 * d0
                normal[2, 1] += d2 * d1
                normal[2, 2] += d2 * d2
                right[0] -= d0 * x
                right[1] -= d1 * x
                right[2] -= d2 * x
        if turn < rounds:
            factor(normal)
            substitute(normal, right)
            along = right[0] * direction[0] + right[1] * direction[1] + right[2] * direction[2]
            for p in range(3):
                direction[p] += right[p] - along * direction[p]
            size = direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]
            for p in range(3):
                direction[p] /= np.sqrt(size)
    return np.sqrt(cosine * cosine + sine * sine) / differences.shape[0]


def largest(score: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` largest or so, the largest first; independent of how a machine sorts."""
    if len(score) > count:
        few = np.flatnonzero(score >= np.partition(score, -count)[-count])
        return few[np.argsort(-score[few], kind="stable")]
    return np.argsort(-score, kind="stable")


def distinct(yaw: np.ndarray, apart: float, most: int) -> list[float]:
    """The first few of some yaws that are some way apart: one peak shall not take all."""
    chosen: list[float] = []
    for one in yaw:
        if all(abs(one - other) > apart for other in chosen):
            chosen.append(float(one))
            if len(chosen) == most:
                break
    return chosen
