"""Training a predictor: minutes on one core.

The loss is the code length of the coder's own decisions, the network's logit added to the one that the adaptive
counters had: it learns what they do not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from lizip.codecs.sweep.dataset import Decisions
from lizip.codecs.sweep.network import Network

TRUST = 0.7
"""Share of the counters' logit that is left to them: the mixer lowers their weights when the network is good."""
BATCH = 2048
RATE = 4e-3
WARM_UP = 50
DECAY = 1e-4


def code_length(network: Network, batch: list[torch.Tensor]) -> torch.Tensor:
    """Mean bits a cell of (features, outputs, bits, logits)."""
    features, outputs, bits, logits = batch
    own = network(features.float() - 128).gather(1, outputs.clamp(min=0).long())
    bits_each = nn.functional.binary_cross_entropy_with_logits(
        own + TRUST * logits.float(), bits.float(), reduction="none"
    )
    return (bits_each * (outputs >= 0)).sum(1).mean() / math.log(2)


def train(
    decisions: Decisions, epochs: float, seed: int = 0, report: Callable[[str], None] = lambda line: None
) -> Network:
    """Train a network on decisions; `report` gets a line now and then."""
    torch.manual_seed(seed)
    network = Network(seed)
    tensors = [torch.from_numpy(np.ascontiguousarray(each)) for each in decisions]
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = max(1, round(epochs * len(tensors[0]) / BATCH))
    order = torch.empty(0, dtype=torch.int64)
    total = 0.0
    for step in range(steps):
        if len(order) < BATCH:
            order = torch.randperm(len(tensors[0]))
        chosen, order = order[:BATCH], order[BATCH:]
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-5
        loss = code_length(network, [each[chosen] for each in tensors])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        total += loss.item()
        if (step + 1) % 500 == 0:
            report(f"step {step + 1} of {steps}: {total / 500:.4f} bits a cell")
            total = 0.0
    return network
