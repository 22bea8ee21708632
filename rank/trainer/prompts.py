"""Prompts and what they change: the wall behind the person, and the expression."""

import random

import torch

from .faces.look import BACKGROUNDS

SUBJECTS = """A cartoon person speaks to the camera;A news anchor speaks slowly with clear articulation;
A woman is talking;A man is talking;A friendly presenter explains something;A teacher gives a lesson;
An old woman tells a story;A young man reads the news;The host of a show welcomes the audience;
A person with glasses speaks calmly;Someone talks in a studio;A cartoon character is speaking;
A portrait of a person who speaks;A speaker gives a talk about music;A doctor answers a question;
A man with a beard talks about his work;A woman with long hair speaks to the viewer;
A calm voice reads a book aloud;Two hosts take turns, now one of them speaks;A reporter stands in the city at night"""
WALLS = """on a {} background;in front of a {} wall;the background is {};with a {} background;against a {} backdrop;
{} background"""
SMILING = "smiling;with a big smile;happy;looking cheerful;smiles warmly;with a happy face"
SERIOUS = "serious;with a serious face;looking sad;sad;with a stern look;without a smile"
ENDINGS = """slowly;with clear articulation;in a quiet voice;facing the camera;the camera is still;high quality;
in a simple cartoon style;with natural movements;in soft light;looking at the viewer"""
NEUTRAL, HAPPY, SAD = 0, 1, 2
SMILE_CHANGE = {NEUTRAL: 0.0, HAPPY: 0.12, SAD: -0.13}
BROW_CHANGE = {NEUTRAL: 0.0, HAPPY: 0.05, SAD: -0.12}


def pick(draw, choices):
    return draw.choice([choice.strip() for choice in choices.split(";")])


def prompt(draw):
    """The text, the index of the named background or -1, and the expression."""
    parts, wall, mood = [pick(draw, SUBJECTS)], -1, NEUTRAL
    if draw.random() < 0.45:
        wall = draw.randrange(len(BACKGROUNDS))
        parts.append(pick(draw, WALLS).format(list(BACKGROUNDS)[wall]))
    chance = draw.random()
    if chance < 0.4:
        mood = HAPPY if chance < 0.2 else SAD
        parts.append(pick(draw, SMILING if mood == HAPPY else SERIOUS))
    if draw.random() < 0.4:
        parts.append(pick(draw, ENDINGS))
    draw.shuffle(parts)
    text = draw.choice([", ", ", ", ". "]).join(parts)
    text = text if draw.random() < 0.2 else text[0].upper() + text[1:]
    return text + draw.choice(["", ".", "."]), wall, mood


def corpus(count, seed):
    draw = random.Random(seed)
    return [prompt(draw) for _ in range(count)]


def changed_look(look, moods):
    """`moods` [count] on the look's device."""
    changed = dict(look)
    happy, sad = (moods == HAPPY).float(), (moods == SAD).float()
    changed["smile"] = look["smile"] + SMILE_CHANGE[HAPPY] * happy + SMILE_CHANGE[SAD] * sad
    changed["brow_tilt"] = look["brow_tilt"] + BROW_CHANGE[SAD] * sad + BROW_CHANGE[HAPPY] * happy
    return changed


def train_tokenizer(prefix, vocabulary):
    """Writes `prefix`.model: umT5's ids for padding and the end of a sentence, bytes for all other text."""
    import sentencepiece

    texts = [text for text, _, _ in corpus(20000, 3)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_prefix=str(prefix), vocab_size=vocabulary, model_type="unigram",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, byte_fallback=True, character_coverage=1.0,
        hard_vocab_limit=True, normalization_rule_name="identity", minloglevel=2,
    )  # fmt: skip


class Tokens:
    """Ids as the engine's tokenizer gives them, padded with zeros."""

    def __init__(self, model, longest):
        import sentencepiece

        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        self.longest = longest

    def of(self, texts, device):
        ids = [self.pieces.encode(" ".join(text.split()))[: self.longest - 1] + [1] for text in texts]
        length = max(map(len, ids))
        padded = torch.tensor([row + [0] * (length - len(row)) for row in ids], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids], device=device)
        return padded, mask
