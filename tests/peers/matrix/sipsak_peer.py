"""Debian's sipsak: it asks whether somebody is there, over each transport."""

from pathlib import Path

from ..ports import HOST, free_port
from ..program import Program
from .bench import Bench
from .peer import Fault, Peer
from .rows import ROWS

NO_CALLS = "it makes no calls: its one way to, -I, ends with a segmentation fault (0.9.8.1)"
ASKS = ("OPTIONS", "TCP", "TLS, the right CA", "TLS, a wrong CA", "IPv6")


def asked(bench: Bench, uri: str, *options: str) -> tuple[int, str]:
    """Its exit status, and what it printed, of an OPTIONS to this phone."""
    sipsak = Program([bench.require("sipsak"), "-vv", *options, "-s", uri], bench.directory("sipsak"))
    with sipsak:
        status = sipsak.exit_status()
    return status, sipsak.printed


def is_there(bench: Bench, uri: str, *options: str) -> None:
    status, printed = asked(bench, uri, *options)
    assert status == 0, printed
    assert "SIP/2.0 200 OK" in printed, printed


def options(bench: Bench) -> None:
    is_there(bench, f"sip:1001@{HOST}:{bench.phone().sip}")


def tcp(bench: Bench) -> None:
    is_there(bench, f"sip:1001@{HOST}:{bench.phone().sip}", "-E", "tcp")


def over_tls(bench: Bench, ca: Path) -> tuple[int, str]:
    """The phone shows it a certificate."""
    port = free_port()
    shows = bench.authority.certificate(HOST)
    bench.phone("", "--sip-tls-port", str(port), "--tls-certificate", str(shows))
    return asked(bench, f"sip:1001@{HOST}:{port}", "-E", "tls", f"--tls-ca-cert={ca}")


def tls(bench: Bench) -> None:
    status, printed = over_tls(bench, bench.authority.file)
    assert status == 0, printed
    assert "SIP/2.0 200 OK" in printed, printed


def tls_of_a_wrong_ca(bench: Bench) -> None:
    """It is sipsak that does not believe."""
    other = type(bench.authority)(bench.directory("other"), "Another CA")
    status, printed = over_tls(bench, other.file)
    assert status != 0, printed
    assert "SIP/2.0 200 OK" not in printed, printed


OWN = {
    "OPTIONS": options,
    "TCP": tcp,
    "TLS, the right CA": tls,
    "TLS, a wrong CA": tls_of_a_wrong_ca,
}

CANNOT = {
    **{row: NO_CALLS for row in ROWS if row not in ASKS},
    "register": "a client, no registrar",
    "TLS, no CA": "what it then trusts are the system's CAs, of which a test has no certificate",
    "IPv6": "it has no IPv6: it looks up addresses of IPv4 only",
}


FAULTS = {
    "TLS, the right CA": Fault(
        "sipsak takes the session ticket that comes before the answer for an error and gives up; "
        "with a server that goes no further than TLS 1.2 it hears the answer",
        "sipsak's: RFC 8446 §4.6.1",
    ),
}


class SipsakPeer(Peer):
    name = "sipsak"
    made_by = "debian:sipsak"
    quick = "OPTIONS"
    how = "asks with OPTIONS, as monitoring does"
    cannot = CANNOT
    own = OWN
    faults = FAULTS
