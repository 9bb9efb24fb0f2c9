"""What is told of a call's sound: what came here, and what the far end reports of what it was sent."""

from dataclasses import dataclass

from offhook.rtp.leg import Leg
from offhook.rtp.mos import mean_opinion_score

_BUFFERED = 40.0
"""Milliseconds from a packet's first sample to its playing, without any jitter: the packet, and a margin."""


@dataclass(frozen=True, slots=True)
class CallQuality:
    """Packets, percent of them, and milliseconds; None for what is not known (yet).

    `late` came when they could not be played any more: of a call that nobody listens to, none. `loss` is of
    both, those lost and those late. `remote_…` are of the sound that is sent, as RTCP tells them.
    """

    codec: str
    sent: int
    received: int
    lost: int
    late: int
    loss: float
    jitter: float
    round_trip: float | None
    mos: float | None
    remote_lost: int | None
    remote_loss: float | None
    remote_jitter: float | None
    remote_mos: float | None

    def __str__(self) -> str:
        heard = f"{self.codec}, received {self.received}, lost {self.lost + self.late} ({self.loss:g} %)"
        if self.mos is not None:
            heard += f", jitter {self.jitter:g} ms, MOS {self.mos:g}"
        there = f"sent {self.sent}"
        if self.remote_lost is not None:
            there += f", lost {self.remote_lost} ({self.remote_loss:g} %), jitter {self.remote_jitter:g} ms"
            there += f", MOS {self.remote_mos:g}"
        trip = "" if self.round_trip is None else f"; round trip {self.round_trip:g} ms"
        return f"{heard}; {there}{trip}"


def call_quality(leg: Leg) -> CallQuality | None:
    """None before it is agreed what is sent."""
    if leg.codec_name is None:
        return None
    stats = leg.stats()
    way = (stats.round_trip or 0) / 2 + _BUFFERED
    expected = stats.received + stats.lost
    loss = min((stats.lost + stats.late) / expected, 1.0) if expected else 0.0
    remote_loss = remote_mos = None
    if stats.remote_lost is not None and stats.remote_jitter is not None:
        # Those that came twice make it negative (RFC 3550 §6.4.1).
        remote_loss = min(max(stats.remote_lost, 0) / max(stats.sent, 1), 1.0)
        remote_mos = mean_opinion_score(remote_loss, way + 2 * stats.remote_jitter)
    return CallQuality(
        codec=leg.codec_name,
        sent=stats.sent,
        received=stats.received,
        lost=stats.lost,
        late=stats.late,
        loss=round(loss * 100, 2),
        jitter=round(stats.jitter, 1),
        round_trip=_rounded(stats.round_trip, 1),
        mos=round(mean_opinion_score(loss, way + 2 * stats.jitter), 2) if stats.received else None,
        remote_lost=stats.remote_lost,
        remote_loss=None if remote_loss is None else round(remote_loss * 100, 2),
        remote_jitter=_rounded(stats.remote_jitter, 1),
        remote_mos=_rounded(remote_mos, 2),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
