"""The figures of a phone, as Prometheus reads them."""

import asyncio
import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from offhook import __version__
from offhook.flash.flash import NotSaved
from offhook.histogram import Histogram
from offhook.phone.events import Function, Key, KeyDown, MakeCall, Perform
from offhook.rtp.call_quality import CallQuality
from offhook.sip.traffic import OTHER
from offhook.sound_figures import SoundFigures
from offhook.station import Station
from offhook.web.exposition import CONTENT_TYPE, Metric, Sample, exposition

from ..life.phones import said, until
from ..sip.message_text import request
from .browser import ELSEWHERE, Browser, a_phone

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Figures:
    """By what Prometheus' own library makes of it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(figures: Figures, name: str, /, **labels: str) -> float | None:
    return figures.get((name, frozenset(labels.items())))


async def scraped(station: Station) -> Figures:
    answer = await Browser(station, program=True).get("/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    return read(answer.text)


def test_the_format():
    histogram = Histogram((0.1, 1.0))
    for each in (0.05, 0.1, 0.5, 7.0):
        histogram.add(each)
    text = exposition(
        [
            Metric.of("things_total", "Things.", 3),
            Metric.by("odd", "Odd labels.", [Sample({"a": 'back\\slash "quote"\nline'}, 0.25)]),
            Metric.distribution("took_seconds", "How long.", histogram),
            Metric.distribution("idle_seconds", "Nothing yet.", Histogram((1.0,))),
            Metric.by("none_total", "There are none.", []),
        ]
    ).decode()
    figures = read(text)
    assert value(figures, "things_total") == 3
    assert value(figures, "odd", a='back\\slash "quote"\nline') == 0.25
    buckets = [value(figures, "took_seconds_bucket", le=le) for le in ("0.1", "1", "+Inf")]
    assert buckets == [2, 3, 4]
    assert value(figures, "took_seconds_count") == 4
    assert math.isclose(value(figures, "took_seconds_sum") or 0, 7.65)
    assert value(figures, "idle_seconds_count") == 0
    assert "# TYPE things_total counter\n" in text
    assert "# TYPE odd gauge\n" in text


def test_a_phone_tells_what_was_asked_of_it_and_what_calls_there_were(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            await said(station.press(Perform(Function.DND_ON)))
            await said(station.press(KeyDown(Key.POUND)))
            await said(station.press(KeyDown(Key.CANCEL)))
            assert (await said(station.press(Perform(Function.HOLD)))).verdict.name == "NOT_NOW"
            await said(station.press(MakeCall(f"x@127.0.0.1:{station.device.sip_port}")))
            figures = await scraped(station)
            assert value(figures, "offhook_calls", state="calling") == 1
            await said(station.press(Perform(Function.CALL_END)))
            figures = await scraped(station)
            assert value(figures, "offhook_calls", state="calling") == 0
            assert value(figures, "offhook_calls_ended_total", direction="out", outcome="unanswered") == 1
            assert value(figures, "offhook_dnd") == 1
            assert value(figures, "offhook_account_state", account="1", state="direct") == 1
            assert value(figures, "offhook_account_state", account="1", state="failed") == 0
            pressed = "offhook_presses_total"
            assert value(figures, pressed, what="DNDOn", verdict="done") == 1
            assert value(figures, pressed, what="KeyDown", verdict="done") == 2
            assert value(figures, pressed, what="Hold", verdict="not_now") == 1
            assert value(figures, pressed, what="MakeCall", verdict="done") == 1
            assert value(figures, "offhook_sip_requests_total", direction="out", method="INVITE") == 1
            assert value(figures, "offhook_phone_info", name="phone", **info(station)) == 1
            assert value(figures, "offhook_http_requests_total", status="200") == 1, "the one before"
            assert (value(figures, "process_resident_memory_bytes") or 0) > 1e6

    asyncio.run(run())


def info(station: Station) -> dict[str, str]:
    return {"version": __version__, "mac": station.options.mac}


def test_nobody_on_the_network_makes_the_series_more(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            before = set(await scraped(station))
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=("127.0.0.1", station.device.sip_port)
            )
            for number in range(20):
                transport.sendto(request(f"MAKEUP{number}", "sip:1001@127.0.0.1"))
                transport.sendto(f"rubbish {number}".encode())
            await until(lambda: station.device.traffic.dropped.get("unreadable", 0) >= 20)
            browser = Browser(station)
            for number in range(20):
                await browser.get(f"/nowhere/{number}", x_number=str(number))
                await browser.get("/fcgi/do?keydown=OK", host=f"host{number}.example")
            figures = await scraped(station)
            more = set(figures) - before
            assert {name for name, _ in more} <= {
                "offhook_sip_requests_total",
                "offhook_sip_responses_total",
                "offhook_sip_dropped_total",
                "offhook_http_requests_total",
                "offhook_presses_total",
            }
            assert len(more) < 10
            assert value(figures, "offhook_sip_requests_total", direction="in", method=OTHER) == 20
            assert value(figures, "offhook_sip_responses_total", direction="out", **{"class": "5"}) == 20
            transport.close()

    asyncio.run(run())


def test_what_was_not_saved_is_counted(tmp_path, monkeypatch):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            monkeypatch.setattr(
                "offhook.flash.flash._commit",
                lambda _connection, changes: [OSError("disk full")] * len(changes),
            )
            with pytest.raises(NotSaved):
                await station.change({"calls.reject_code": 603})
            assert value(await scraped(station), "offhook_saves_failed_total") == 1
            health = await Browser(station, program=True).get("/health")
            assert (health.status, health.text) == (
                200,
                "degraded: what was to be saved last was not: disk full\n",
            )
            monkeypatch.undo()
            await station.change({"calls.reject_code": 603})
            assert (await Browser(station, program=True).get("/health")).text == "ok\n"

    asyncio.run(run())


def quality(lost: int, mos: float | None = 4.0) -> CallQuality:
    return CallQuality("PCMU", 100, 90, lost, 1, 5.0, 2.0, 8.0, mos, None, None, None, None)


def test_lost_packets_never_come_back():
    figures = SoundFigures()
    figures.add(quality(2))
    assert figures.packets([]) == (100, 90, 3, 0)
    assert figures.packets([quality(10)]) == (200, 180, 14, 0)
    # What was late and not lost is no reason to count backwards: Prometheus would take it for a restart.
    assert figures.packets([quality(4)]) == (200, 180, 14, 0)
    figures.add(quality(4))
    assert figures.packets([]) == (200, 180, 14, 0)
    assert figures.packets([quality(9)]) == (300, 270, 18, 0)
    assert (len(figures.mos), figures.jitter.sum) == (2, 0.004)


def test_who_may_see_them(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            for path in ("/metrics", "/health", "/health/ready"):
                assert (await Browser(station, program=True).get(path)).status == 200
                assert (await Browser(station, ELSEWHERE, program=True).get(path)).status == 403

    asyncio.run(run())
