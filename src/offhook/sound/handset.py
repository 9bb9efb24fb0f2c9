"""The end of the sound that a person has in the hand."""

from offhook.sound.room import Member
from offhook.sound.samples import Samples
from offhook.sound.tone import Tone

NO_TONE = "none"


class Handset:
    """An end behind its microphone switch, with the phone's own tone in its ear alone (`room.Member`)."""

    def __init__(self, end: Member) -> None:
        self.end = end
        self.microphone = False
        self._tone_name = NO_TONE
        self._tone: Tone | None = None

    @property
    def rate(self) -> int:
        return self.end.rate

    def sound(self, tone: str) -> None:
        """Begins a tone, or ends it with "none"."""
        if tone != self._tone_name:
            self._tone_name = tone
            self._tone = None if tone == NO_TONE else Tone(tone, self.end.rate)

    def speak(self) -> Samples | None:
        said = self.end.speak()
        return said if self.microphone else None

    def listen(self, samples: Samples) -> None:
        self.end.listen(samples + self._tone.next() if self._tone else samples)
