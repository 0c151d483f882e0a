"""Train a predictor on a folder of sweeps and use it by name.

    python scripts/train_predictor.py --data /my/sweeps --name mine
    lizip compress scan.bin --model mine

Every file in the folder (and below) that the sweep codec understands is used: KITTI, nuScenes, Ouster and other
spinning sensors. Simulated sweeps are added, and all are varied (mirrored, scaled, with fewer rings), so that a handful
of files is enough. A share is held out, or the files that match --holdout; the card beside the weights says what they
cost with and without the predictor. Takes minutes on one core; needs torch: pip install "lizip[train]".

The weights go to the user's folder of predictors (or --output) as NAME.npz. A stream made with them names them, with a
hash: keep the file, for without it those streams cannot be decoded.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import sys
import time
from pathlib import Path

import numpy as np

from lizip.codecs.sweep.dataset import Decisions, Grid, grid_of, joined, record, simulated, varied
from lizip.codecs.sweep.grid import encode_grid
from lizip.codecs.sweep.weights import Weights
from lizip.resources import user_folder

CARD = """# Predictor {name}

| | |
|---|---|
| date | {date} |
| hash | {digest} |
| network | 48 features, 64, 64, an output for each of 257 binary decisions; whole numbers, weights of 10 and 11 bits |
| trained on | {trained} |
| simulated sweeps | {simulated} (seed {seed}) |
| cells, epochs | {cells}, {epochs} |
| made by | scripts/train_predictor.py |

{note}

Bits a cell (where each cell holds a point) or a point, {held}:

| file | flags + range, no net | with | intensity | total, no net | with |
|---|---|---|---|---|---|
{rows}
"""


def main() -> None:
    options = parse()
    random = np.random.default_rng(options.seed)
    files = sorted(path for folder in options.data for path in Path(folder).rglob("*") if path.is_file())
    grids: dict[str, Grid] = {}
    for path in files:
        grid = grid_of(path.read_bytes()) if not excluded(path, options.exclude) else None
        if grid is not None:
            grids[f"{path.parent.name}/{path.name}"] = grid
    print(f"{len(grids)} sweeps among {len(files)} files")
    held = choose_held(sorted(grids), options, random)
    taught = [name for name in grids if name not in held or options.teach_held]
    parts = [sample(grids[name], options.cells, random) for name in taught]
    parts += [sample(grid, options.cells // 6, random) for grid in simulated(options.simulated, options.seed)]
    if not parts:
        sys.exit("nothing to train on: no file was understood, and --simulated is 0")
    decisions = joined(parts)
    print(f"{len(decisions.features)} cells from {len(taught)} files and {options.simulated} simulated sweeps")
    begin = time.monotonic()
    weights = learn(decisions, options)
    print(f"trained in {time.monotonic() - begin:.0f} s")
    folder = Path(options.output) if options.output else user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = weights.save(folder)
    rows = [measure(name, grids[name], weights) for name in held]
    path.with_suffix(".md").write_text(card(weights, options, taught, held, rows, len(decisions.features)))
    print(f"{path}\n" + "\n".join(rows))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], metavar="FOLDER", help="sweeps; may be repeated")
    parser.add_argument("--name", required=True, help="of the predictor, as in --model NAME")
    parser.add_argument("--output", metavar="FOLDER", help="where NAME.npz and NAME.md go")
    parser.add_argument("--holdout", action="append", default=[], metavar="PATTERN", help="files only measured on")
    parser.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="files not looked at")
    parser.add_argument("--teach-held", action="store_true", help="train on the held-out files too, for a release")
    parser.add_argument("--note", default="", help="a sentence for the card")
    parser.add_argument("--simulated", type=int, default=24, help="simulated sweeps to add (24)")
    parser.add_argument("--cells", type=int, default=400_000, help="most cells taken of a sweep and its variants")
    parser.add_argument("--epochs", type=float, default=8)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def excluded(path: Path, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(f"{path.parent.name}/{path.name}", pattern) for pattern in patterns)


def choose_held(names: list[str], options: argparse.Namespace, random: np.random.Generator) -> list[str]:
    """Files that match --holdout, or else every fifth."""
    if options.holdout:
        return [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in options.holdout)]
    return sorted(random.permutation(names)[: len(names) // 5].tolist())


def sample(grid: Grid, cells: int, random: np.random.Generator) -> Decisions:
    """At most so many cells of a grid and its variants."""
    whole = joined([record(each) for each in varied(grid, random)])
    chosen = random.permutation(len(whole.features))[:cells]
    return Decisions(*(each[chosen] for each in whole))


def learn(decisions: Decisions, options: argparse.Namespace) -> Weights:
    try:
        import torch
    except ImportError:
        sys.exit('training needs torch: pip install "lizip[train]"')
    from lizip.codecs.sweep.training import train

    torch.set_num_threads(1)
    return train(decisions, options.epochs, options.seed, lambda line: print(line, flush=True)).weights(options.name)


def measure(name: str, grid: Grid, weights: Weights) -> str:
    """Row of the card: what a grid costs without and with the predictor."""
    count = grid.ranges.size if grid.everywhere else int((grid.ranges > 0).sum())
    cost = []
    for net in (None, weights):
        stream = encode_grid(grid.ranges, grid.intensity, everywhere=grid.everywhere, near=grid.near, net=net)
        cost.append(((stream.bits["flags"] + stream.bits["range"]) / count, 8 * len(stream.data) / count))
    (plain, plain_total), (helped, total) = cost
    intensity = stream.bits["intensity"] / count
    return f"| {name} | {plain:.3f} | {helped:.3f} | {intensity:.3f} | {plain_total:.3f} | {total:.3f} |"


def card(
    weights: Weights, options: argparse.Namespace, taught: list[str], held: list[str], rows: list[str], cells: int
) -> str:
    both = [name for name in held if name in taught]
    text = CARD.format(
        name=weights.name,
        date=datetime.date.today().isoformat(),
        digest=weights.digest.hex(),
        trained=", ".join(taught) or "no files",
        simulated=options.simulated,
        seed=options.seed,
        cells=cells,
        epochs=f"{options.epochs:g}",
        note=options.note,
        held="files it has seen (flattering)" if both else "files it has not seen",
        rows="\n".join(rows),
    )
    return text.rstrip() + "\n"


if __name__ == "__main__":
    main()
