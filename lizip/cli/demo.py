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
    from lizip.bench.demo import show

    click.echo("Simulated sweeps, compressed and brought back (the first time, compiling takes a minute or two) ...")
    lost = {}
    for description, results in show(folder):
        click.echo(f"\n{description}: {results[0].points:,} points, {results[0].size:,} bytes")
        for each in results:
            if each.loses:
                lost[each.rival] = each.loses
            click.echo(
                f"  {each.rival:8} {each.compressed:>9,} bytes {8 * each.compressed / each.points:6.2f} bits a point"
                f" {each.size / each.compressed:6.2f} to 1  there {each.encode_ms[-1]:4.0f} ms,"
                f" back {each.decode_ms[-1]:3.0f} ms  {'not the same file*' if each.loses else 'byte for byte'}"
            )
    for rival, loses in lost.items():
        click.echo(f"\n* {rival} loses: {loses}.")
