"""What a mouth does while it says a phoneme."""

import numpy as np

RATE_HZ = 100
OPENING, WIDTH, TEETH, BLINK = range(4)
CHANNELS = 4
REST = (0.0, 0.45, 0.0)
BLINK_s = 0.2
PAUSE_s = 0.12  # a shorter one is part of the word
SMOOTH_s = 0.07  # coarticulation: a mouth that jumps between the phonemes is faster than the latents can hold

# espeak-ng's mnemonics by their beginning, the longest first: opening, width, teeth; diphthongs go from one
# shape to the other.
A, E, I, O, U, SCHWA = (
    (0.95, 0.5, 0.2),
    (0.62, 0.68, 0.4),
    (0.3, 0.88, 0.5),
    (0.68, 0.2, 0.1),
    (0.26, 0.02, 0.0),
    (0.42, 0.45, 0.2),
)
SHAPES = {
    "aI": (A, I), "aU": (A, U), "eI": (E, I), "OI": (O, I), "oU": (O, U), "@U": (SCHWA, U),
    "i@": (I, SCHWA), "e@": (E, SCHWA), "U@": (U, SCHWA), "A@": (A, SCHWA), "O@": (O, SCHWA), "o@": (O, SCHWA),
    "aa": (A,), "a": (A,), "A": (A,), "V": ((0.7, 0.5, 0.2),), "0": ((0.75, 0.3, 0.1),), "E": (E,), "e": (E,),
    "3": ((0.42, 0.25, 0.2),), "I2": ((0.34, 0.7, 0.45),), "I": ((0.34, 0.75, 0.45),), "i": (I,), "O": (O,),
    "o": (O,), "U": ((0.3, 0.1, 0.0),), "u": (U,), "@": (SCHWA,), "y": ((0.25, 0.05, 0.0),),
    "m": ((0.0, 0.45, 0.0),), "b": ((0.0, 0.45, 0.0),), "p": ((0.0, 0.45, 0.0),),
    "f": ((0.1, 0.5, 0.8),), "v": ((0.1, 0.5, 0.8),),
    "tS": ((0.22, 0.12, 0.9),), "dZ": ((0.22, 0.12, 0.9),), "S": ((0.22, 0.12, 0.9),), "Z": ((0.22, 0.12, 0.9),),
    "T": ((0.24, 0.5, 0.8),), "D": ((0.24, 0.5, 0.8),), "s": ((0.16, 0.72, 1.0),), "z": ((0.16, 0.72, 1.0),),
    "t": ((0.2, 0.6, 0.8),), "d": ((0.2, 0.6, 0.8),), "n": ((0.2, 0.55, 0.6),), "l": ((0.34, 0.55, 0.5),),
    "k": ((0.3, 0.48, 0.3),), "g": ((0.3, 0.48, 0.3),), "N": ((0.28, 0.48, 0.3),), "h": ((0.4, 0.48, 0.2),),
    "r": ((0.26, 0.15, 0.3),), "w": ((0.12, 0.0, 0.0),), "j": ((0.24, 0.85, 0.6),),
}  # fmt: skip
LONGEST = max(map(len, SHAPES))


def shape_of(phoneme):
    """A tuple of shapes; None for a pause, and for marks that are no sound."""
    for length in range(min(LONGEST, len(phoneme)), 0, -1):
        if phoneme[:length] in SHAPES:
            return SHAPES[phoneme[:length]]
    return None


def track_of(phonemes, samples, sample_rate):
    """[RATE_HZ * seconds, CHANNELS] in [0, 1] from [(first sample, phoneme)]."""
    length = int(samples / sample_rate * RATE_HZ)
    track = np.zeros((length, CHANNELS), np.float32)
    track[:, :3] = REST
    ends = [begin for begin, _ in phonemes[1:]] + [samples]
    pause_begin = 0
    for (begin, phoneme), end in zip(phonemes, ends):
        first, last = (int(sample / sample_rate * RATE_HZ) for sample in (begin, end))
        shapes = shape_of(phoneme)
        if shapes is None:
            continue
        for index, shape in enumerate(shapes):
            part = slice(
                first + (last - first) * index // len(shapes),
                first + (last - first) * (index + 1) // len(shapes),
            )
            track[part, :3] = shape
        add_blink(track, pause_begin, first)
        pause_begin = last
    add_blink(track, pause_begin, length)
    return smoothed(track)


def add_blink(track, begin, end):
    """The eyes close when a pause begins: what people do, and what can be learned from the sound."""
    if end - begin >= PAUSE_s * RATE_HZ and begin > 0:
        track[begin : begin + int(BLINK_s * RATE_HZ), BLINK] = 1


def smoothed(track):
    reach = int(3 * SMOOTH_s * RATE_HZ)
    place = np.arange(-reach, reach + 1) / RATE_HZ
    kernel = np.exp(-0.5 * (place / SMOOTH_s) ** 2)
    padded = np.pad(track, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, kernel / kernel.sum(), "valid") for c in padded.T], 1)
