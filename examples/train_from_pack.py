"""Train on sweeps as they lie in packs: a small network learns the intensity of a point from where it is.

    lizip pack logs -o logs.lizips             # or examples/archive_kitti.py
    python examples/train_from_pack.py logs.lizips [EPOCHS]

Only the sweep that is asked for is decoded, in the workers of the DataLoader; nothing is unpacked to disk. Packs whose
sweeps stand alone (`PackWriter(..., every=1)`) are read at random fastest. Needs torch: pip install torch.
"""

from __future__ import annotations

import sys

import torch
from torch.utils.data import DataLoader

from lizip.integrations.torch import Sweeps

POINTS = 1 << 14
"""Points taken from a sweep at each step."""


def main(pack: str, epochs: int = 2) -> None:
    """Train, and print the mean error of each epoch."""
    torch.manual_seed(0)
    sweeps = Sweeps(pack, fields=["x", "y", "z", "intensity"])
    loader = DataLoader(sweeps, batch_size=None, shuffle=True, num_workers=0)  # more on your machine
    layers = torch.nn.Linear(4, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)
    network = torch.nn.Sequential(*layers)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for epoch in range(epochs):
        errors = [step(network, optimiser, torch.as_tensor(points)) for points in loader]
        print(f"epoch {epoch + 1}: {len(sweeps)} sweeps, mean error {sum(errors) / len(errors):.4f}")


def step(network: torch.nn.Module, optimiser: torch.optim.Optimizer, points: torch.Tensor) -> float:
    """One step on points (N, 4); returns the mean error of the intensity, as a share of its spread."""
    points = points[torch.randperm(len(points))[:POINTS]]
    where, target = points[:, :3], points[:, 3]
    target = (target - target.mean()) / target.std().clamp(min=1e-6)
    reach = where.norm(dim=1, keepdim=True)
    error = (network(torch.cat([where / 50, reach / 50], 1))[:, 0] - target).abs().mean()
    optimiser.zero_grad()
    error.backward()
    optimiser.step()
    return float(error.detach())


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
