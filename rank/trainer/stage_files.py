"""Where the stages leave what they made, so that a stage can go on, and the next begin, in another run."""

import os

import torch


def path_of(folder, stage):
    return folder / f"{stage}.pt"


def save(folder, stage, state):
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{stage}.part"
    torch.save(state, part)
    os.replace(part, path_of(folder, stage))


def load(folder, stage, device):
    """None when the stage has left nothing. A stage that was cut short has left its `spent_s`."""
    path = path_of(folder, stage)
    return torch.load(path, map_location=device) if path.exists() else None


def needed(folder, stage, device):
    state = load(folder, stage, device)
    if state is None or "spent_s" in state:
        raise SystemExit(f"{path_of(folder, stage)} is missing or unfinished: run the stage '{stage}' first")
    return state


def fill(module, weights, heads):
    """`heads`: beginnings of names that an exported checkpoint does not have, as only training needs them."""
    lacking = module.load_state_dict(weights, strict=False)
    wrong = [name for name in lacking.missing_keys if not name.startswith(heads)] + lacking.unexpected_keys
    if wrong:
        raise SystemExit(f"the weights of an earlier stage are of another model: {wrong[0]} does not match")
