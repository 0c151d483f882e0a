"""What azimuths have in common beyond whole units, laser by laser."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN, sincos
from lizip.jit import kernel


@kernel
def phases(units, bounds, phase, coherence):
    """Fill phase (L,), -0.5 to 0.5, and coherence (L,) of azimuths `units` in 0.01 degrees, laser after laser."""
    for laser in range(bounds.size - 1):
        total_sine = 0.0
        total_cosine = 0.0
        first = bounds[laser]
        last = bounds[laser + 1]
        # two passes: the mean of residuals around the first mean has no bias
        middle = 0.0
        for _ in range(2):
            total_sine = 0.0
            total_cosine = 0.0
            residual = 0.0
            for i in range(first, last):
                off = units[i] - middle
                off -= np.rint(off)
                residual += off
                sine, cosine = sincos(off * TURN)
                total_sine += sine
                total_cosine += cosine
            count = max(last - first, 1)
            coherence[laser] = np.sqrt(total_sine * total_sine + total_cosine * total_cosine) / count
            if middle == 0.0:
                # direction of the sum, roughly: a quarter-exact start is enough for the mean of residuals
                if total_cosine > abs(total_sine):
                    middle = total_sine / max(total_cosine, 1e-300) / TURN
                elif total_cosine < -abs(total_sine):
                    middle = 0.5 + total_sine / min(total_cosine, -1e-300) / TURN
                else:
                    quarter = 0.25 if total_sine > 0 else -0.25
                    middle = quarter - total_cosine / total_sine / TURN if total_sine != 0.0 else 0.25
                if middle == 0.0:
                    middle = 1e-12
            else:
                middle += residual / count
        phase[laser] = middle - np.rint(middle)
