"""The optimizer of the transformer.

    PYTHONPATH=rank python3 tests/trainer/muon_test.py
"""

import unittest

import torch

from trainer.muon import RMS, Muon, of_one_shape, orthogonal


class Orthogonal(unittest.TestCase):
    def test_keeps_directions_and_makes_them_equally_long(self):
        torch.manual_seed(0)
        for shape in ((2, 48, 16), (2, 16, 48)):
            matrices = torch.randn(shape)
            u, _, v = torch.linalg.svd(matrices, full_matrices=False)
            along = torch.einsum("nai,nab,nib->ni", u, orthogonal(matrices), v)
            self.assertGreater(along.min().item(), 0.5)  # rough by design: the iteration ends early
            self.assertLess(along.max().item(), 1.4)

    def test_does_not_depend_on_the_length_of_a_gradient(self):
        torch.manual_seed(1)
        matrix = torch.randn(1, 8, 8)
        difference = orthogonal(matrix) - orthogonal(1000 * matrix)
        self.assertLess(difference.abs().max().item(), 0.1)


class Step(unittest.TestCase):
    def test_moves_every_shape_as_far_as_adam_would(self):
        torch.manual_seed(2)
        matrices = [torch.nn.Parameter(torch.randn(shape)) for shape in ((16, 16), (16, 16), (32, 16))]
        before = [matrix.detach().clone() for matrix in matrices]
        for matrix in matrices:
            matrix.grad = torch.randn_like(matrix)
        Muon(matrices, torch.tensor(0.01)).step()
        self.assertEqual(sorted(len(group) for group in of_one_shape(matrices)), [1, 2])
        for matrix, old in zip(matrices, before):
            reach = (matrix.detach() - old).square().mean().sqrt().item() / 0.01
            self.assertLess(abs(reach - RMS), 0.06)

    def test_finds_the_least_of_a_badly_scaled_sum_of_squares(self):
        torch.manual_seed(3)
        wanted, scale = torch.randn(12, 12), torch.logspace(0, -2, 12)
        matrix, rate = torch.nn.Parameter(torch.zeros(12, 12)), torch.tensor(0.0)
        muon = Muon([matrix], rate)

        def loss():
            return ((matrix - wanted) * scale).square().mean()

        first = loss().item()
        for step in range(300):
            muon.zero_grad()
            loss().backward()
            rate.fill_(0.1 * (1 - step / 300))
            muon.step()
        self.assertLess(loss().item(), 1e-3 * first)


if __name__ == "__main__":
    unittest.main()
