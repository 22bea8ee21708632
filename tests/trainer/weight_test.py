"""Whose mouths are hard to see.

    PYTHONPATH=rank python3 tests/trainer/weight_test.py
"""

import unittest

import torch

from trainer.faces import look as looks
from trainer.faces.weight import contrast, faintness, hardest_of

PEOPLE, HARDEST = 400, 80


class Weight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.crowd = looks.people(PEOPLE, torch.Generator().manual_seed(9))
        cls.hairy = looks.has_hair_at_the_mouth(cls.crowd)
        cls.hardest = hardest_of(cls.crowd, HARDEST)

    def test_the_hardest_are_faint_or_bearded_and_each_is_there_once(self):
        usual = contrast(self.crowd).median()
        self.assertEqual(len(set(self.hardest.tolist())), HARDEST)
        for person in self.hardest.tolist():
            self.assertTrue(self.hairy[person] == 1 or contrast(self.crowd)[person] < usual)
        self.assertGreater(self.hairy[self.hardest].mean(), self.hairy.mean() + 0.2)

    def test_nobody_who_is_left_out_is_fainter_in_the_same_hair(self):
        chosen = torch.zeros(PEOPLE, dtype=torch.bool)
        chosen[self.hardest] = True
        for kind in (0, 1):
            of_kind = self.hairy == kind
            inside, outside = (contrast(self.crowd)[of_kind & mask] for mask in (chosen, ~chosen))
            self.assertGreater(len(inside), 0)
            self.assertLessEqual(inside.max(), outside.min())

    def test_fainter_mouths_weigh_more(self):
        order = contrast(self.crowd).argsort()
        self.assertTrue((faintness(self.crowd)[order].diff() <= 0).all())

    def test_only_bearded_people_never_wear_lipstick(self):
        hairy = self.hairy == 1
        self.assertEqual(self.crowd["lipstick"][hairy].sum(), 0)
        self.assertAlmostEqual(self.crowd["lipstick"][~hairy].mean(), looks.CHANCES["lipstick"], delta=0.08)


if __name__ == "__main__":
    unittest.main()
