"""`GET /metrics`: the figures of one phone, for Prometheus.

Names follow https://prometheus.io/docs/practices/naming/. No label has a value that somebody on the network
could make up, so that nobody can make the series of a phone more.
"""

from collections.abc import Iterable, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from offhook import __version__
from offhook.autop.outcome import Result
from offhook.device import Device
from offhook.phone.call import CallState
from offhook.phone.events import Registration
from offhook.rtp.call_quality import CallQuality
from offhook.station import BOOTING, Booting, Station
from offhook.tallies import ANSWERED, OUTCOMES

from .desk import desk
from .exposition import CONTENT_TYPE, Metric, Sample, exposition
from .process_figures import process_figures


def routes() -> list[BaseRoute]:
    return [Route("/metrics", _metrics)]


async def _metrics(request: Request) -> Response:
    station = desk(request).station
    told = [*of_the_phone(station), *of_its_web(station)]
    if station.first and station.device is not None:
        told += await process_figures(station.device.clock)
    return Response(exposition(told), headers={"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE})


def of_the_phone(station: Station) -> Iterator[Metric]:
    """Raises Booting."""
    device = station.device
    if device is None:
        raise Booting(BOOTING)
    yield from _phone(station, device)
    yield from _accounts(device)
    yield from _calls(station, device)
    yield from _sound(device)
    yield from _sip(device)


def of_its_web(station: Station) -> Iterator[Metric]:
    yield Metric.by(
        "offhook_presses_total",
        "Keys, calls and functions that were asked for, by URL, panel or program, by what became of it.",
        (
            Sample({"what": what, "verdict": verdict.name.lower()}, count)
            for (what, verdict), count in station.tallies.presses.items()
        ),
    )
    yield Metric.by(
        "offhook_http_requests_total",
        "HTTP requests by the status of their answer.",
        _counted("status", station.site.answered),
    )


def _phone(station: Station, device: Device) -> Iterator[Metric]:
    phone = device.phone
    yield Metric.of(
        "offhook_phone_info",
        "Which phone this is; always 1.",
        1,
        version=__version__,
        mac=station.options.mac,
        name=station.options.name,
    )
    yield Metric.of(
        "offhook_boot_time_seconds", "When the phone booted, since the epoch.", round(station.up_since, 3)
    )
    yield Metric.of("offhook_dnd", "Whether Do Not Disturb is on.", phone.settings.dnd)
    yield Metric.of("offhook_missed_calls", "Missed calls that nobody has looked at.", phone.log.unseen)
    yield Metric.of(
        "offhook_saves_failed_total", "What was to be saved and was not.", station.memory.saves_failed
    )
    yield Metric.by(
        "offhook_autop_checks_total",
        "Looks for a new configuration, by what came of them.",
        (
            Sample({"result": result.replace(" ", "_")}, station.autop.results.get(result, 0))
            for result in Result
        ),
    )
    last = station.autop.last
    yield Metric.of(
        "offhook_autop_last_check_time_seconds",
        "When the configuration was looked for last, since the epoch; 0 for never.",
        round(last.at, 3) if last else 0,
    )


def _accounts(device: Device) -> Iterator[Metric]:
    accounts = device.phone.accounts.values()
    yield Metric.by(
        "offhook_account_info",
        "The accounts; always 1.",
        (
            Sample({"account": str(each.id), "user": each.username, "domain": each.domain}, 1)
            for each in accounts
        ),
    )
    yield Metric.by(
        "offhook_account_state",
        "The registration of each account: 1 for the state that it is in. One can call from registered and "
        "direct accounts.",
        (
            Sample({"account": str(each.id), "state": state}, each.state is state)
            for each in accounts
            for state in Registration
        ),
    )
    yield Metric.by(
        "offhook_messages_waiting",
        "New voice messages; those of account 0 are nobody's.",
        (
            Sample({"account": str(account)}, waiting)
            for account, waiting in {**{each.id: 0 for each in accounts}, **device.phone.messages}.items()
        ),
    )


def _calls(station: Station, device: Device) -> Iterator[Metric]:
    states = [call.state for call in device.phone.calls.values()]
    yield Metric.by(
        "offhook_calls",
        "Calls that are up, by their state.",
        (Sample({"state": state}, states.count(state)) for state in CallState),
    )
    outcomes = [*OUTCOMES.values(), ("in", ANSWERED), ("out", ANSWERED)]
    yield Metric.by(
        "offhook_calls_ended_total",
        "Calls that are over.",
        (
            Sample(
                {"direction": direction, "outcome": outcome},
                station.tallies.calls.get((direction, outcome), 0),
            )
            for direction, outcome in outcomes
        ),
    )
    yield Metric.distribution(
        "offhook_call_duration_seconds",
        "From the answer to the end, of calls that are over.",
        station.tallies.duration,
    )


def _sound(device: Device) -> Iterator[Metric]:
    up, figures = device.legs.qualities(), device.legs.figures
    packets = figures.packets(up)
    yield Metric.by(
        "offhook_rtp_packets_total",
        "Packets of sound.",
        _both_ways(packets.received, packets.sent),
    )
    yield Metric.by(
        "offhook_rtp_packets_lost_total",
        "Packets of sound that were not heard; of those that went out, as far as the far end reports it.",
        _both_ways(packets.lost, packets.remote_lost),
    )
    yield from _of_calls_up(up)
    yield Metric.distribution(
        "offhook_call_mos", "How ended calls sounded here, 1 (bad) to 4.5, by an estimate.", figures.mos
    )
    yield Metric.distribution(
        "offhook_call_jitter_seconds", "Jitter of what was received, of ended calls.", figures.jitter
    )
    yield Metric.distribution(
        "offhook_call_loss_ratio", "The share that was not heard, of ended calls.", figures.loss
    )
    yield Metric.distribution(
        "offhook_call_round_trip_seconds", "To the far end and back, of ended calls.", figures.round_trip
    )


def _of_calls_up(up: Iterable[CallQuality]) -> Iterator[Metric]:
    """The worst of them: calls come and go, and none has a series of its own."""
    heard = [each for each in up if each.mos is not None]
    trips = [each.round_trip / 1000 for each in up if each.round_trip is not None]
    yield Metric.by(
        "offhook_worst_mos",
        "How the worst of the calls sounds that are up; none without a call.",
        [Sample({}, min(each.mos or 0 for each in heard))] if heard else (),
    )
    yield Metric.by(
        "offhook_worst_jitter_seconds",
        "The most jitter of the calls that are up; none without a call.",
        [Sample({}, max(each.jitter for each in heard) / 1000)] if heard else (),
    )
    yield Metric.by(
        "offhook_worst_round_trip_seconds",
        "The longest way to a far end and back of the calls that are up; none without a call.",
        [Sample({}, max(trips))] if trips else (),
    )


def _sip(device: Device) -> Iterator[Metric]:
    traffic = device.traffic
    yield Metric.by(
        "offhook_sip_requests_total",
        "SIP requests, each of those sent once.",
        [
            *_counted("method", traffic.requests_in, direction="in"),
            *_counted("method", traffic.requests_out, direction="out"),
        ],
    )
    yield Metric.by(
        "offhook_sip_responses_total",
        "SIP responses by the first digit of their code.",
        [
            *_counted("class", traffic.responses_in, direction="in"),
            *_counted("class", traffic.responses_out, direction="out"),
        ],
    )
    yield Metric.of(
        "offhook_sip_retransmissions_total",
        "How often a SIP message was sent again, for nothing came back.",
        traffic.repeated,
    )
    yield Metric.by(
        "offhook_sip_dropped_total",
        "What came over SIP and was not looked at further.",
        _counted("reason", traffic.dropped),
    )


def _both_ways(received: int, sent: int) -> tuple[Sample, Sample]:
    return Sample({"direction": "in"}, received), Sample({"direction": "out"}, sent)


def _counted(label: str, counts: Mapping[str, int] | Mapping[int, int], **labels: str) -> Iterator[Sample]:
    return (Sample({**labels, label: str(what)}, count) for what, count in counts.items())
