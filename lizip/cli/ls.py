"""`lizip ls`."""

from __future__ import annotations

import click


@click.command(short_help="List what a .lizips holds.")
@click.argument("packs", nargs=-1, required=True, metavar="PACK...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(packs: tuple[str, ...], as_json: bool) -> None:
    """List the sweeps of packs: points, bytes packed and raw, time, name. Reads the index, decodes nothing."""
    from lizip.batch import cause
    from lizip.cli.progress import leave
    from lizip.cli.text import say, shown, tell, tell_json
    from lizip.errors import LizipError
    from lizip.packs import PackReader

    failures: list[Exception] = []
    for path in packs:
        try:
            with PackReader(path) as pack:
                for entry in pack.entries:
                    if as_json:
                        known = {"points": entry.points, "bytes": entry.size, "compressed_bytes": entry.length}
                        tell_json(
                            {"pack": path, "name": entry.name, "time": entry.time, "hash": entry.digest.hex(), **known}
                        )
                    else:
                        time = "-" if entry.time is None else f"{entry.time / 1e9:.6f}"
                        tell(f"{entry.points:>9} {entry.length:>10} {entry.size:>11} {time:>17} {shown(entry.name)}")
        except (LizipError, OSError) as error:
            failures.append(error)
            if as_json:
                record = {
                    "pack": path,
                    "status": "failed",
                    "error": type(error).__name__,
                    "message": cause(error, path),
                }
                tell_json(record)
            say(f"lizip: {cause(error, path)}")
    leave(failures)
