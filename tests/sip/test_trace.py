"""The ring of traced messages, as text and as a capture file that Wireshark's own program reads."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.sip.hop import Hop
from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import MAX_MESSAGES, MAX_OCTETS, Trace, Traced

from .message_text import SDP, request, response

HERE = Hop("UDP", "192.0.2.201", 5060)
THERE = Hop("UDP", "192.0.2.101", 5062)
NOON = 1_700_000_000.25


def test_the_oldest_go_when_there_are_too_many() -> None:
    trace = Trace()
    for number in range(MAX_MESSAGES + 5):
        trace.keep(Traced.of(number, b"x", sent=True, here=HERE, there=THERE))
    assert [traced.at for traced in trace][0::999] == [5, 1004]


def test_the_oldest_go_when_they_are_too_long() -> None:
    trace = Trace()
    for number in range(40):
        trace.keep(Traced.of(number, b"x" * 65535, sent=False, here=HERE, there=THERE))
    assert sum(len(traced.data) for traced in trace) <= MAX_OCTETS
    assert [*trace][-1].at == 39


def test_as_text() -> None:
    trace = Trace()
    trace.keep(Traced.of(NOON, request("OPTIONS"), sent=False, here=HERE, there=THERE))
    trace.keep(
        Traced.of(NOON + 1, b"\x1b[2J\xff\r\n", sent=True, here=HERE, there=Hop("TLS", "2001:db8::1", 5061))
    )
    first, second = str(trace).split("\n\n2023", 1)
    assert first.startswith("2023-11-14T22:13:20.250000+00:00 UDP 192.0.2.201:5060 <- 192.0.2.101:5062 ")
    assert "\nOPTIONS sip:bob@192.0.2.201 SIP/2.0\n" in first
    assert "TLS 192.0.2.201:5060 -> [2001:db8::1]:5061 7 bytes\n\n\\x1b[2J\\xff\n" in second
    assert "\x1b" not in str(trace)


def test_what_is_kept_is_redacted() -> None:
    trace = Trace()
    trace.keep(Traced.of(NOON, request(uri="sip:bob:sesame@pbx"), sent=True, here=HERE, there=THERE))
    (traced,) = trace
    assert b"sesame" not in traced.data
    assert b"sesame" not in frame(traced)


@pytest.mark.peer
@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
@pytest.mark.parametrize(
    ("here", "there", "address"),
    [
        ("192.0.2.201", "192.0.2.101", "ip"),
        ("2001:db8::201", "2001:db8::101", "ipv6"),
        ("phone.example", "192.0.2.101", "ip"),
        ("192.0.2.201", "pbx.example", "ip"),
    ],
)
@pytest.mark.parametrize("port", [5060, 34567])
def test_wireshark_reads_it_as_sip(
    require_peer: Callable[[str], str],
    tmp_path: Path,
    transport: str,
    here: str,
    there: str,
    address: str,
    port: int,
) -> None:
    trace = Trace()
    invite = request(body=SDP)
    here_hop = Hop("UDP", here, port)
    there_hop = Hop(transport, there, port + 1)  # type: ignore[arg-type]
    trace.keep(Traced.of(NOON, invite, sent=False, here=here_hop, there=there_hop))
    trace.keep(Traced.of(NOON + 0.5, response(invite, 486), sent=True, here=here_hop, there=there_hop))
    capture = tmp_path / "phone.pcap"
    capture.write_bytes(HEADER + b"".join(map(frame, trace)))
    fields = [
        "frame.time_epoch",
        f"{address}.src",
        "udp.dstport",
        "sip.Method",
        "sip.Status-Code",
        "sdp.media",
    ]
    shown = subprocess.run(
        [require_peer("tshark"), "-r", capture, "-o", "udp.check_checksum:TRUE", "-T", "fields"]
        + [argument for field in (*fields, "udp.checksum.status") for argument in ("-e", field)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    first, second = (line.split("\t") for line in shown.splitlines())
    caller = there if there[0].isdigit() else "0.0.0.0"
    phone = here if here[0].isdigit() else "0.0.0.0"
    assert first[1:] == [caller, str(port), "INVITE", "", "audio 49172 RTP/AVP 0", "1"]
    assert second[1:] == [phone, str(port + 1), "", "486", "", "1"]
    assert float(second[0]) - float(first[0]) == pytest.approx(0.5)
