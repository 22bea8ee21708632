"""espeak-ng through its library: samples, and the phonemes with the sample at which each begins."""

import ctypes
from array import array

SYNCHRONOUS, PHONEME_EVENTS = 2, 1
PHONEME = 7  # type of an event
RATE, PITCH, RANGE = 1, 3, 4  # parameters


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """One per process: the library has global state."""

    def __init__(self):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.sample_rate = self.library.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS | 0x8000)
        if self.sample_rate <= 0:
            raise RuntimeError("espeak-ng does not start: is Debian's espeak-ng-data installed?")
        self.callback = _CALLBACK(self._on_sound)
        self.library.espeak_SetSynthCallback(self.callback)

    def _on_sound(self, samples, count, events):
        if samples:
            self.samples.extend(samples[:count])
        index = 0
        while events[index].type != 0:
            event = events[index]
            if event.type == PHONEME:
                self.phonemes.append((event.sample, event.id.string.decode("utf-8", "replace")))
            index += 1
        return 0

    def say(self, text, voice, words_per_minute, pitch, pitch_range):
        """16-bit samples and [(first sample, phoneme)]."""
        self.samples, self.phonemes = array("h"), []
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((RATE, words_per_minute), (PITCH, pitch), (RANGE, pitch_range)):
            self.library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self.library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        self.library.espeak_Synchronize()
        return self.samples, self.phonemes
