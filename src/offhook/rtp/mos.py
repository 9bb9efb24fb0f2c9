"""How a call sounds to who listens, from 1 (bad) to 4.5: ITU-T G.107's E-model, as far as RTP tells it.

What is not known of a call has G.107's default, and with those 93.2 is the rating. From that go what delay
takes where there is no echo (§7.4), and what lost packets take (§7.5). The figures of the codec are those of
G.711 that conceals what is lost (G.113, appendix I). For G.722 and Opus there are none on this scale, which
knows narrow band only; without loss they are no worse on it, and so G.711's stand in.
"""

import math

_DEFAULT_RATING = 93.2
_IE, _BPL = 0.0, 25.1


def mean_opinion_score(loss: float, delay: float) -> float:
    """`loss` is the share of packets that are not heard, 0 to 1, `delay` milliseconds from mouth to ear."""
    rating = _DEFAULT_RATING - _delay_impairment(delay) - _loss_impairment(loss * 100)
    if rating <= 0:
        return 1.0
    # Annex B; near zero its curve dips below 1.
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def _delay_impairment(delay: float) -> float:
    if delay <= 100:
        return 0.0
    x = math.log2(delay / 100)
    return 25 * (math.pow(1 + x**6, 1 / 6) - 3 * math.pow(1 + (x / 3) ** 6, 1 / 6) + 2)


def _loss_impairment(percent: float) -> float:
    """With losses that come by chance, not in bursts."""
    return _IE + (95 - _IE) * percent / (percent + _BPL)
