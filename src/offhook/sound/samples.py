"""Sound as the mixer has it."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""One channel in units of 16-bit PCM; sums may go beyond them until they are encoded."""

FRAME_MS = 20
"""What is mixed at a time."""

LOUDEST = 32767


def to_pcm16(samples: Samples) -> NDArray[np.int16]:
    """Rounded, and cut off where they are too loud."""
    return np.rint(np.clip(samples, -LOUDEST - 1, LOUDEST)).astype(np.int16)
