"""webdataset decodes .lizip files in its shards:

wds.WebDataset("s3://bucket/drive-{000..099}.tar").decode(lizip.integrations.webdataset.decoder)
"""

from __future__ import annotations

import numpy as np

import lizip
from lizip.container import SUFFIX


def decoder(key: str, data: bytes) -> dict[str, np.ndarray] | None:
    """Columns of a file of a sample whose key ends in .lizip; None for others, which leaves them to other decoders."""
    return lizip.read(data) if f".{key}".endswith(SUFFIX) else None
