"""`lizip info`."""

from __future__ import annotations

from typing import Any

import click

import lizip
from lizip.cli import options
from lizip.errors import LizipError

_SHOWN_APART = ("format", "codec", "points", "fields", "bytes", "compressed_bytes", "ratio", "bits_per_point", "hash")


@click.command(short_help="Say what .lizip files hold, without decoding.")
@options.inputs
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(inputs: tuple[str, ...], recursive: bool, include: tuple[str, ...], as_json: bool) -> None:
    """Say what .lizip files hold: format, points, fields, sensor, model, sizes, bits a point by stream, hash, versions.

    Takes one small read of each file; nothing is decoded.
    """
    from lizip.batch import cause, plan
    from lizip.cli import jobs, streams
    from lizip.cli.progress import leave
    from lizip.cli.text import say, tell, tell_json

    failures: list[Exception] = []
    for i, job in enumerate(plan("verify", jobs.found(inputs, recursive, include))):
        path = job.source
        try:
            if job.error is not None:
                raise job.error
            with streams.seekable(path) as file:
                described = lizip.info(file)
        except (LizipError, OSError) as error:
            failures.append(error)
            message = cause(error, "stdin" if path == "-" else path)
            if as_json:
                tell_json({"path": path, "status": "failed", "error": type(error).__name__, "message": message})
            say(f"lizip: {message}")
            continue
        if as_json:
            tell_json({"path": path, **described})
        else:
            tell("\n" * bool(i) + _text(path, described))
    leave(failures)


def _text(path: str, described: dict[str, Any]) -> str:
    from lizip.cli.text import shown

    points = described["points"]
    lines = [("format", f"{described['format']}, {points:,} points" if points else described["format"])]
    if described["fields"]:
        lines.append(("fields", "  ".join(f"{name}:{code}" for name, code in described["fields"])))
    lines.append(("codec", described["codec"]))
    further = {key: value for key, value in described.items() if key not in (*_SHOWN_APART, "streams")}
    lines += [(key.replace("_", " "), _plain(value)) for key, value in further.items()]
    size = f"{described['bytes']:,} bytes -> {described['compressed_bytes']:,}, {described['ratio']:.2f} to 1"
    if points:
        size += f", {described['bits_per_point']:.2f} bits a point"
    lines.append(("size", size))
    for name, length in described["streams"].items():
        share = f"  {8 * length / points:7.3f} bits a point" if points else ""
        lines.append((f"  {name}", f"{length:>10,} bytes{share}"))
    lines.append(("hash", f"XXH3-128 {described['hash']}"))
    width = max(len(name) for name, _ in lines)
    return "\n".join([shown(path), *(f"  {name:{width}}  {value}" for name, value in lines)])


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)
