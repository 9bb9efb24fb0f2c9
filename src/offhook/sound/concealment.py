"""What is heard in place of lost sound: the last of it, over and over, and fading."""

import numpy as np

from offhook.sound.samples import Samples

_SHORTEST_PERIOD, _LONGEST_PERIOD = 2.5, 15.0
"""Milliseconds: 400 to 66 Hz, the voices G.711's appendix I looks for; higher tones have multiples there."""
_COMPARED = 10.0
_BLEND = 4.0
_STEADY, _GONE = 10.0, 60.0
"""Milliseconds: until then at full level, from then on silence."""


class Concealment:
    """Listens to what is played at `rate` Hz, and goes on with it when there is no more."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._ms = rate // 1000
        self._shortest = int(_SHORTEST_PERIOD * self._ms)
        self._longest = int(_LONGEST_PERIOD * self._ms)
        self._compared = int(_COMPARED * self._ms)
        self._history = np.zeros(self._longest + self._compared, np.float32)
        self._cycle: Samples | None = None
        self._made = int(_GONE * self._ms)

    @property
    def silent(self) -> bool:
        """What it would make is silence."""
        return self._made >= _GONE * self._ms

    def heard(self, samples: Samples) -> Samples:
        """Takes in what arrived and gives it back, joined smoothly to what was made up before it."""
        if self._made:
            blend = min(int(_BLEND * self._ms), len(samples))
            rising = np.linspace(0, 1, blend, dtype=np.float32)
            joined = samples.copy()
            joined[:blend] = samples[:blend] * rising + self.conceal(blend) * (1 - rising)
            samples = joined
            self._made, self._cycle = 0, None
        self._history = np.concatenate((self._history, samples))[-len(self._history) :]
        return samples

    def conceal(self, count: int) -> Samples:
        """The next `count` samples, made up."""
        if self.silent:
            return np.zeros(count, np.float32)
        if self._cycle is None:
            self._cycle = self._history[-self.period() :]
        at = np.arange(self._made, self._made + count)
        fading = np.clip((_GONE * self._ms - at) / ((_GONE - _STEADY) * self._ms), 0, 1)
        self._made += count
        made: Samples = self._cycle[at % len(self._cycle)] * fading.astype(np.float32)
        return made

    def period(self) -> int:
        """Samples after which the sound just played is most like itself."""
        history = self._history
        recent = history[-self._compared :]
        before = history[: -self._shortest]
        likeness = np.correlate(before, recent, "valid")
        energy = np.concatenate(([0.0], np.cumsum(before**2, dtype=np.float64)))
        energy = energy[self._compared :] - energy[: -self._compared]
        best = int(np.argmax(likeness / np.sqrt(energy + 1)))
        return len(before) - self._compared - best + self._shortest
