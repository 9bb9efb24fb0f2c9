"""What is told of a call's sound, against a network that loses what the test says."""

import asyncio

import pytest

from offhook.rtp import rtcp_session
from offhook.rtp.call_quality import call_quality
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.mos import mean_opinion_score

from .bad_relay import BadRelay
from .far_end import open_leg, start, until

# Annex B of G.107 has 4.41 for its defaults; the others are the formulas worked by hand.
SCORES = [
    (0.0, 0, 4.41),
    (0.0, 100, 4.41),
    (0.01, 40, 4.33),
    (0.05, 40, 3.92),
    (0.1, 40, 3.41),
    (0.2, 40, 2.63),
    (0.0, 400, 3.55),
    (0.1, 400, 2.17),
    (1.0, 0, 1.18),
    (1.0, 5000, 1.0),
]


@pytest.mark.parametrize(("loss", "delay", "score"), SCORES)
def test_scores(loss: float, delay: float, score: float) -> None:
    assert mean_opinion_score(loss, delay) == pytest.approx(score, abs=0.02)


def test_more_loss_and_more_delay_never_sound_better() -> None:
    scores = [[mean_opinion_score(loss / 100, delay) for loss in range(101)] for delay in range(0, 2000, 50)]
    assert all(row == sorted(row, reverse=True) for row in scores)
    assert all(list(column) == sorted(column, reverse=True) for column in zip(*scores, strict=True))
    assert all(1 <= score <= 4.5 for row in scores for score in row)


def test_both_ends_tell_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tenth packet from here to there."""
    monkeypatch.setattr(rtcp_session, "INTERVAL", 0.3)

    async def scenario() -> None:
        clock = MediaClock()
        here, there = open_leg(clock), open_leg(clock)
        assert call_quality(here) is None
        relay = BadRelay(there.port, lambda number: "lose" if number % 10 == 5 else "pass")
        start(here, relay.port, rtcp_port=there.port + 1, ptime=10)
        start(there, here.port, sending=False)
        fresh = call_quality(here)
        assert fresh is not None
        assert (fresh.received, fresh.mos, fresh.remote_lost, fresh.remote_mos) == (0, None, None, None)
        await until(lambda: relay.done["lose"] >= 15)
        before = relay.done["lose"]
        # A report or two later all of that is known here too.
        await until(lambda: (here.stats().remote_lost or 0) >= before)
        heard, told = call_quality(there), call_quality(here)
        for end in (here, there):
            end.close()
        relay.close()
        assert heard is not None
        assert told is not None
        assert heard.loss == pytest.approx(10, abs=1.5)
        assert heard.mos == pytest.approx(mean_opinion_score(0.1, 45), abs=0.15)
        assert told.remote_loss == pytest.approx(10, abs=2)
        assert told.remote_mos == pytest.approx(heard.mos, abs=0.3)
        assert (told.received, told.loss, told.mos) == (0, 0, None)
        assert told.round_trip is not None
        assert told.round_trip < 50
        assert str(told).startswith("PCMU, received ")

    asyncio.run(scenario())
