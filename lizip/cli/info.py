"""`lizip info`."""

from __future__ import annotations

import json
from typing import Any

import click

import lizip
from lizip.cli import options
from lizip.errors import CorruptError, LizipError

_SHOWN_APART = ("format", "codec", "points", "fields", "bytes", "compressed_bytes", "ratio", "bits_per_point", "hash")


@click.command(short_help="Say what .lizip files hold, without decoding.")
@options.inputs
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(inputs: tuple[str, ...], recursive: bool, include: tuple[str, ...], as_json: bool) -> None:
    """Say what .lizip files hold: format, points, fields, sensor, model, sizes, bits a point by stream, hash, versions.

    Takes one small read of each file; nothing is decoded.
    """
    from lizip.batch import cause, find
    from lizip.cli import jobs, streams

    failures: list[LizipError | OSError] = []
    for i, path in enumerate(_paths(jobs.found(find, inputs, recursive, include))):
        try:
            described = lizip.info(streams.seekable(path) if path == "-" else path)
        except (LizipError, OSError) as error:
            failures.append(error)
            click.echo(f"lizip: {cause(error, path)}", err=True)
            continue
        if as_json:
            click.echo(json.dumps({"path": path, **described}))
        else:
            click.echo("\n" * bool(i) + _text(path, described))
    if failures:
        raise click.exceptions.Exit(3 if any(isinstance(error, CorruptError) for error in failures) else 1)


def _paths(files: list) -> list[str]:
    """Of many files only the .lizip ones."""
    paths = [each.path for each in files]
    return [path for path in paths if path.endswith(".lizip")] if len(paths) > 1 else paths


def _text(path: str, described: dict[str, Any]) -> str:
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
    return "\n".join([path, *(f"  {name:{width}}  {value}" for name, value in lines)])


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)
