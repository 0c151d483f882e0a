"""Arrow tables (Feather) of sweeps, beside the same tables as Parquet."""

from __future__ import annotations

import io
from pathlib import Path

import lizip


def report(data: Path) -> str:
    """Bits a point of every .feather file under `data`."""
    import pyarrow.feather
    import pyarrow.parquet

    lines = [
        "## Tables: bits a point",
        "",
        "| file | points | as it is | Parquet, zstd -19 | lizip |",
        "|---|---|---|---|---|",
    ]
    for path in sorted(data.rglob("*.feather")):
        file = path.read_bytes()
        packed = lizip.compress(file)
        assert lizip.decompress(packed) == file
        table = pyarrow.feather.read_table(path)
        parquet = io.BytesIO()
        pyarrow.parquet.write_table(table, parquet, compression="zstd", compression_level=19)
        sizes = (len(file), parquet.getbuffer().nbytes, len(packed))
        bits = " | ".join(f"{8 * size / table.num_rows:.2f}" for size in sizes)
        lines.append(f"| {path.parent.name}/{path.name} | {table.num_rows} | {bits} |")
    return "\n".join(lines)
