"""`lizip demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Compress made-up sweeps and set the result beside gzip and LASzip.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave the files in this folder.")
def command(keep: Path | None) -> None:
    """Make sweeps of a simulated street, compress them, bring them back, compare every byte, and show a small table."""
    from tempfile import TemporaryDirectory

    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        _show(keep)
        return
    with TemporaryDirectory(prefix="lizip-demo-") as folder:
        _show(Path(folder))


def _show(folder: Path) -> None:
    from lizip.demo import show

    click.echo("Simulated sweeps, compressed and brought back (the first time, compiling takes a minute or two) ...")
    sample = ""
    losses = {}
    for line in show(folder):
        if line.sample != sample:
            sample = line.sample
            click.echo(f"\n{sample}: {line.points:,} points, {line.size:,} bytes")
        back = "byte for byte" if not line.loses else "not the same file*"
        if line.loses:
            losses[line.way] = line.loses
        bits, ratio = 8 * line.compressed / line.points, line.size / line.compressed
        click.echo(
            f"  {line.way:8} {line.compressed:>9,} bytes {bits:6.2f} bits a point {ratio:6.2f} to 1"
            f"  there {line.encode_ms:4.0f} ms, back {line.decode_ms:3.0f} ms  {back}"
        )
    for way, loses in losses.items():
        click.echo(f"\n* {way} loses: {loses}.")
