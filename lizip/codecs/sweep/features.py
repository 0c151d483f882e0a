"""What the network is told about a cell: signed logarithms of differences between known ranges, errors, flags.

Everything is measured from the blended centre, in ticks, on a scale of eight steps an octave, so that one network suits
any distance. The features depend on decoded cells only, and are whole numbers of at most 127.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.vectors import DIFFERENCES, signed_logs
from lizip.jit import inlined_kernel

FEATURES = 48


@inlined_kernel
def features_of(history, r, rings, guess, centre, bits, raw, features):
    """Write the features of the cell of ring `r` at this firing.

    Parameters
    ----------
    history : (R + 2, HISTORY) int32
    guess : (CANDIDATES,) int64
        Candidates as `candidates_of` writes them.
    centre : int64
        Their blend.
    bits : int64
        Bit length of the largest intensity.
    raw : (32,) int32
        Scratch.
    features : (FEATURES,) int16
        Written here.
    """
    own = r + 1
    last = guess[0]
    for i in range(m.CANDIDATES):
        raw[i] = np.int32(guess[i] - centre)
    for i in range(3):
        raw[9 + i] = np.int32(np.int64(history[own, m.HELD + 2 + i]) - centre)
    above = own - 1 if r > 0 else own
    above2 = own - 2 if r > 1 else above
    below = own + 1 if r < rings - 1 else own
    below2 = own + 2 if r < rings - 2 else below
    up = np.int64(history[above, m.HELD])
    up1 = np.int64(history[above, m.PAST])
    up2 = np.int64(history[above, m.PAST + 1])
    under = np.int64(history[below, m.HELD])
    under1 = np.int64(history[below, m.PAST])
    raw[12] = np.int32(up - up1)
    raw[13] = np.int32(up1 - up2)
    raw[14] = np.int32(up2 - np.int64(history[above, m.PAST + 2]))
    raw[15] = np.int32(under - under1)
    raw[16] = np.int32(under1 - np.int64(history[below, m.PAST + 1]))
    raw[17] = np.int32(np.int64(history[above2, m.HELD]) - up)
    raw[18] = np.int32(np.int64(history[above2, m.HELD]) - np.int64(history[above2, m.PAST]))
    raw[19] = np.int32(np.int64(history[below2, m.HELD]) - under)
    raw[20] = np.int32(history[own, m.LAST_ERROR])
    raw[21] = np.int32(history[above, m.LAST_ERROR])
    raw[22] = np.int32(history[below, m.LAST_ERROR])
    raw[23] = np.int32(last)
    raw[24] = history[own, m.CENTRE_FAST]
    raw[25] = history[own, m.CENTRE_SLOW]
    raw[26] = history[above, m.CENTRE_FAST]
    raw[27] = history[below, m.CENTRE_FAST]
    raw[28] = history[own, m.ERROR]
    raw[29] = history[own, m.ERROR + 3]
    raw[30] = history[own, m.ERROR + 5]
    raw[31] = history[own, m.ERROR + 6]
    signed_logs(raw, features)
    for i in range(23, DIFFERENCES):
        features[i] -= np.int16(64)
    past = np.int64(history[own, m.FLAGS])
    past_up = np.int64(history[above, m.FLAGS])
    past_down = np.int64(history[below, m.FLAGS])
    for i in range(4):
        features[32 + i] = np.int16(32 * ((past >> i) & 1))
    for i in range(3):
        features[36 + i] = np.int16(32 * ((past_up >> i) & 1))
    features[39] = np.int16(32 * (past_down & 1))
    features[40] = np.int16(16 * (past_down & 2))
    features[41] = np.int16(32 * (np.int64(history[above2, m.FLAGS]) & 1))
    place = (64 * r) // max(rings - 1, 1) - 32
    features[42] = np.int16(place)
    features[43] = np.int16((place * place) >> 5)
    scale = min(bits, 8)
    left = np.int64(history[own, m.FIRST + 1]) << 7 >> scale
    features[44] = np.int16(left)
    features[45] = np.int16((np.int64(history[above, m.FIRST + 1]) << 7 >> scale) - left)
    features[46] = np.int16((np.int64(history[below, m.FIRST + 1]) << 7 >> scale) - left)
    features[47] = np.int16((np.int64(history[own, m.SECOND + 1]) << 7 >> scale) - left)
