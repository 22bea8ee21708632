"""What of a picture is to be learned."""

import torch

MOUTH_WEIGHT, EYES_WEIGHT = 20.0, 4.0


def weights_of(look, side):
    """The mouth is a fiftieth of the picture and nearly all of what is to be learned: it weighs as much as
    the rest. [B, side, side], 1 on the average."""
    line = (torch.arange(side, device=look["x"].device) + 0.5) * (2 / side) - 1

    def near(height, reach):
        x = (line.view(1, 1, -1) - look["x"].view(-1, 1, 1)) / (reach * look["size"]).view(-1, 1, 1)
        y = (line.view(1, -1, 1) - (look["y"] + height * look["size"]).view(-1, 1, 1)) / (
            0.35 * look["size"]
        ).view(-1, 1, 1)
        return torch.exp(-(x**2) - y**2)

    weight = 1 + MOUTH_WEIGHT * near(look["mouth_y"] + 0.12, 0.45) + EYES_WEIGHT * near(look["eye_y"], 0.6)
    return weight / weight.mean((1, 2), keepdim=True)
