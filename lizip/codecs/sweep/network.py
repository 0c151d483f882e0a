"""The predictor as a PyTorch module: trained as what will run, in the same integers.

Each weight, hidden value and output is rounded in the forward pass exactly as the coder's integer arithmetic does
(gradients pass straight through), so the exported network loses nothing.
"""

from __future__ import annotations

import threading

import numpy as np
import torch
from torch import nn

from lizip.codecs.sweep.features import FEATURES
from lizip.codecs.sweep.net import FIRST_SHIFT, OUTPUTS, SECOND_SHIFT
from lizip.codecs.sweep.vectors import HIDDEN
from lizip.codecs.sweep.weights import Weights

FEATURE_ONE, WEIGHT_ONE, HIDDEN_ONE = 32, 64, 16
"""What stands for one."""
HIDDEN_TOP = 255
LARGEST_WEIGHT, LARGEST_OUTPUT_WEIGHT = 511, 1023

_exact = threading.Lock()
"""Whether products may be rounded is a setting of the process: threads take turns."""


class Network(nn.Module):
    """Features -> two hidden layers -> the logit of every binary decision of a cell."""

    def __init__(self, seed: int = 0):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.first = nn.Parameter(0.15 * torch.randn(FEATURES, HIDDEN, generator=random))
        self.first_bias = nn.Parameter(torch.full((HIDDEN,), 0.3))
        self.second = nn.Parameter((1.2 / HIDDEN) ** 0.5 * torch.randn(HIDDEN, HIDDEN, generator=random))
        self.second_bias = nn.Parameter(torch.full((HIDDEN,), 0.2))
        self.out = nn.Parameter(torch.zeros(OUTPUTS, HIDDEN))
        self.out_bias = nn.Parameter(torch.zeros(OUTPUTS))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (N, OUTPUTS) of features (N, FEATURES) as whole numbers."""
        hidden = _activation(features / FEATURE_ONE @ _rounded(self.first, LARGEST_WEIGHT) + self.first_bias)
        hidden = _activation(hidden @ _rounded(self.second, LARGEST_WEIGHT) + self.second_bias)
        return hidden @ _rounded(self.out, LARGEST_OUTPUT_WEIGHT).T + self.out_bias

    def weights(self, name: str) -> Weights:
        """The integers that run."""
        sums = (FEATURE_ONE * WEIGHT_ONE, HIDDEN_ONE * WEIGHT_ONE, HIDDEN_ONE * WEIGHT_ONE)
        limits = (LARGEST_WEIGHT, LARGEST_WEIGHT, LARGEST_OUTPUT_WEIGHT)
        layers = ((self.first, self.first_bias), (self.second, self.second_bias), (self.out, self.out_bias))
        arrays: list[np.ndarray] = []
        for (layer, bias), one, limit in zip(layers, sums, limits, strict=True):
            whole = np.rint(layer.detach().double().numpy() * WEIGHT_ONE)
            arrays += [np.clip(whole, -limit, limit), np.rint(bias.detach().double().numpy() * one)]
        return Weights(name, tuple(arrays))


def _rounded(weights: torch.Tensor, limit: int) -> torch.Tensor:
    """Weights as they will be stored."""
    stored = (weights * WEIGHT_ONE).round().clamp(-limit, limit) / WEIGHT_ONE
    return weights + (stored - weights).detach()


def _activation(sums: torch.Tensor) -> torch.Tensor:
    """Clipped to 0 .. HIDDEN_TOP and rounded down, as the shift does it."""
    clipped = sums.clamp(0, HIDDEN_TOP / HIDDEN_ONE)
    return clipped + ((clipped * HIDDEN_ONE).floor() / HIDDEN_ONE - clipped).detach()


def hidden_layers(weights: Weights, features: np.ndarray) -> np.ndarray:
    """Second hidden layer (N, HIDDEN) uint8 of many cells at once, bit for bit what the coder's kernel computes.

    `features` (N, FEATURES) uint8 are those of the cells, + 128. Done on a GPU where there is one: whole numbers in
    float32 whose sums stay below 2**24 are exact in any order, provided that products are not rounded (TF32 is).
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    first, first_bias, second, second_bias = (
        torch.from_numpy(each.astype(np.float32)).to(device) for each in weights.arrays[:4]
    )
    with _exact, torch.no_grad():
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = False
        try:
            layer = torch.from_numpy(features).to(device).float() - 128
            layer = ((layer @ first + first_bias) * 2.0**-FIRST_SHIFT).clamp(0, HIDDEN_TOP).floor()
            layer = ((layer @ second + second_bias) * 2.0**-SECOND_SHIFT).clamp(0, HIDDEN_TOP).floor()
            return layer.to(torch.uint8).cpu().numpy()
        finally:
            torch.backends.cuda.matmul.allow_tf32 = before
