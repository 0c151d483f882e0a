"""Bags (MCAP) of real sweeps in PointCloud2 messages, beside chunks that recorders compress, and Cloudini."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zstandard

import lizip
from benchmarks.logs import ros


def report(data: Path) -> str:
    """Bits a point of the bags, and what lizip needs more than for the sweeps as single files."""
    lines = [
        "## Bags: bits a point",
        "",
        "MCAP of PointCloud2 messages with PCL's padding (32 bytes a point). `files`: the same sweeps, each a file of"
        " its own."
        " Cloudini: its lossless mode (pureini), zstd behind it.",
        "",
        "| set | messages | plain | lz4 chunks | zstd chunks | zstd -19 | Cloudini | lizip | files | more than files |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    store = ros.types()
    for name in ros.SETS:
        sweeps = ros.sweeps(data, name)
        if not sweeps:
            continue
        clouds = [ros.records(sweep) for sweep in sweeps]
        messages = [ros.message(store, cloud, i) for i, cloud in enumerate(clouds)]
        plain = ros.mcap(messages)
        packed = lizip.compress(plain)
        assert lizip.decompress(packed) == plain
        files = sum(len(lizip.compress(sweep.tobytes(), fields=sweep.shape[1])) for sweep in sweeps)
        sizes = [
            len(plain),
            len(ros.mcap(messages, "LZ4")),
            len(ros.mcap(messages, "ZSTD")),
            len(zstandard.compress(plain, 19)),
            sum(map(_cloudini, clouds)),
            len(packed),
            files,
        ]
        points = sum(map(len, sweeps))
        bits = " | ".join(f"{8 * size / points:.2f}" for size in sizes)
        lines.append(f"| {name} | {len(sweeps)} | {bits} | {100 * (len(packed) / files - 1):+.1f} % |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def _cloudini(cloud: np.ndarray) -> int:
    """Bytes of a cloud in Cloudini's lossless mode."""
    import pureini

    kinds = {"f4": pureini.FieldType.FLOAT32, "u2": pureini.FieldType.UINT16}
    info = pureini.EncodingInfo()
    info.fields = [
        pureini.PointField(field, offset, kinds[kind.str[1:]], None)
        for field, (kind, offset) in cloud.dtype.fields.items()
    ]
    info.width, info.height, info.point_step = len(cloud), 1, cloud.itemsize
    info.encoding_opt, info.compression_opt = pureini.EncodingOptions.LOSSLESS, pureini.CompressionOption.ZSTD
    return len(pureini.PointcloudEncoder(info).encode(cloud.tobytes()))
