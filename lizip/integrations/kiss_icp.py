"""kiss-icp runs on a folder of .lizip files, or a pack:

OdometryPipeline(dataset=LizipDataset("drive.lizips")).run()
"""

from __future__ import annotations

import os

import numpy as np

from lizip.integrations.points import positions
from lizip.integrations.torch import Sweeps

_TIMES = ("t", "time", "timestamp", "timestamps", "time_stamp", "offset_ns")


class LizipDataset:
    """Sweeps as kiss-icp's data sets give them: positions (N, 3) float64 in metres, and times, empty if there are none.

    Parameters
    ----------
    data_dir : path or URL
        As for `lizip.integrations.torch.Sweeps`.
    """

    def __init__(self, data_dir: str | os.PathLike[str], *_: object, **__: object):
        self.data_dir = os.fspath(data_dir)
        self.sequence_id = os.path.basename(self.data_dir.rstrip("/"))
        self._sweeps = Sweeps(data_dir, transform=_frame)

    def __len__(self) -> int:
        return len(self._sweeps)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        frame: tuple[np.ndarray, np.ndarray] = self._sweeps[index]
        return frame


def _frame(columns: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    xyz, rest = positions(columns)
    times = next((rest[name] for name in _TIMES if name in rest), np.empty(0))
    finite = np.isfinite(xyz).all(axis=1)
    return xyz[finite], (times[finite] if len(times) else times).astype(np.float64)
