"""What the evaluation measures in drawings themselves, where the answer is known.

    PYTHONPATH=rank python3 tests/trainer/evaluation_test.py
"""

import unittest

import torch

from trainer.evaluation import cast, figures, page
from trainer.measure import openings_of
from trainer.speech.sounds import correlation

FRAMES = 60


class Evaluation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.speaker = cast.short_speakers(1)[0]
        cls.film = figures.drawn(cls.speaker, 0, FRAMES)

    def test_the_opening_of_a_drawing_is_its_own(self):
        pose = figures.pose_of(self.speaker, 0, FRAMES)
        told = openings_of(self.film, self.speaker.look, pose)
        self.assertGreater(correlation(told, pose["opening"]), 0.999)
        self.assertLess((told - pose["opening"]).abs().max(), 0.05)

    def test_a_mouth_that_is_late_is_found_out(self):
        pose = figures.pose_of(self.speaker, 0, FRAMES)
        told = openings_of(self.film.roll(5, 0), self.speaker.look, pose)
        self.assertLess(correlation(told, pose["opening"]), 0.7)

    def test_a_mouth_that_lies_a_little_lower_is_as_open(self):
        pose = figures.pose_of(self.speaker, 0, FRAMES)
        told = openings_of(self.film.roll(2, 2), self.speaker.look, pose)
        self.assertGreater(correlation(told, pose["opening"]), 0.999)
        in_place = openings_of(self.film.roll(2, 2), self.speaker.look, pose, aside=0)
        self.assertLess(correlation(in_place, pose["opening"]), 0.99)

    def test_the_still_part_is_blind_to_the_mouth(self):
        mask = figures.still_part(self.speaker.look)
        open_wide = {**figures.pose_of(self.speaker, 0, 1), "opening": torch.ones(1)}
        shut = {**open_wide, "opening": torch.zeros(1)}
        a, b = (figures.draw(self.speaker.look, pose, 128) for pose in (open_wide, shut))
        self.assertGreater(figures.psnr(a, b, mask), 45)
        self.assertLess(figures.psnr(a, b), 45)

    def test_the_long_film_says_the_same_at_the_clips_that_are_looked_at(self):
        speaker = cast.long_speaker("long", 13)
        self.assertEqual(speaker.frames, 13 * cast.CLIP_FRAMES)
        self.assertEqual(len(speaker.samples), 13 * cast.CLIP_FRAMES * cast.SAMPLE_RATE_HZ // cast.FPS)
        tenth = 9 * cast.CLIP_FRAMES
        first, later = (speaker.pose["opening"][begin : begin + cast.CLIP_FRAMES] for begin in (0, tenth))
        self.assertTrue(torch.allclose(first, later))

    def test_a_film_without_joints_has_no_ratio(self):
        self.assertEqual(page.told({"joints": 0, "median": None, "most": None}, "{:.2f}"), "no joint")


if __name__ == "__main__":
    unittest.main()
