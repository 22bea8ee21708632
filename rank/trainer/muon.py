"""Muon (Jordan et al., 2024; Liu et al., 2025, "Muon is scalable for LLM training"): matrices are moved by what is
nearest to their momentum among orthogonal matrices, so that all directions learn at one pace, the rare ones too."""

from collections import defaultdict

import torch

MOMENTUM = 0.95
RMS = 0.2  # of an update over the rate, as Adam's are: both can have one rate
ITERATIONS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # takes singular values from (0, 1] to about 1 in ITERATIONS


class Muon(torch.optim.Optimizer):
    """Of matrices only. Those of one shape are moved together. Its rate is a tensor: steps may be recorded."""

    def __init__(self, matrices, rate):
        super().__init__(matrices, {"lr": rate})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for matrices in of_one_shape([p for p in group["params"] if p.grad is not None]):
                updates = orthogonal(torch.stack([self.nesterov(matrix) for matrix in matrices]))
                reach = RMS * max(matrices[0].shape) ** 0.5
                torch._foreach_sub_(matrices, list((updates * (group["lr"] * reach)).unbind(0)))

    def nesterov(self, matrix):
        """The momentum one step ahead, of the shape of `matrix`."""
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        momentum = state["momentum"].lerp_(matrix.grad, 1 - MOMENTUM)
        return matrix.grad.lerp(momentum, MOMENTUM)


def of_one_shape(matrices):
    groups = defaultdict(list)
    for matrix in matrices:
        groups[matrix.shape].append(matrix)
    return groups.values()


def orthogonal(matrices_NAB):
    """U V' of each U S V' [N, A, B], nearly (Newton-Schulz, in bfloat16): singular values of about 0.7 to 1.2."""
    x = matrices_NAB.bfloat16()
    is_tall = x.shape[1] > x.shape[2]
    x = x.mT if is_tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if is_tall else x).to(matrices_NAB.dtype)
