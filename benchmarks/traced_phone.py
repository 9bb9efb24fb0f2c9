"""`offhook` with its command line, that notes when it passes from one room to the next.

On SIGTERM the notes go to stderr, one JSON list of [label, perf_counter_ns] a line for each call placed.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from offhook import cli
from offhook.action_uri import endpoint as action_uri
from offhook.device import Device
from offhook.http_front.protocol import HttpConnection
from offhook.http_front.site import Site
from offhook.phone import Phone
from offhook.rtp.spare_leg import SpareLeg
from offhook.sip.endpoint import Endpoint
from offhook.sip.udp import UdpSocket
from offhook.sip.user_agent import UserAgent

PASSED: list[tuple[Any, str, str, str]] = [
    (HttpConnection, "connection_made", "accepted", "connection set up"),
    (HttpConnection, "data_received", "readable", ""),
    (HttpConnection, "answer_at_once", "parsed", ""),
    (Site, "admit", "request made", "admitted"),
    (action_uri, "parse", "parameters read", "understood"),
    (Device, "press", "pressed", "answered"),
    (Phone, "handle", "phone asked", "phone decided"),
    (SpareLeg, "take", "leg asked for", "leg open"),
    (UserAgent, "invite", "invite asked for", "invite built"),
    (UdpSocket, "send", "sending", "sent"),
    (Endpoint, "_set_timer", "told", "timer set"),
    (HttpConnection, "_write", "reply made", "reply written"),
]
"""Owner, name, and what having entered and having left it is called."""

_notes: list[list[tuple[str, int]]] = [[]]


def _noting(function: Callable[..., Any], entered: str, left: str) -> Callable[..., Any]:
    def noting(*arguments: Any, **named: Any) -> Any:
        note = _notes[-1].append
        note((entered, time.perf_counter_ns()))
        try:
            return function(*arguments, **named)
        finally:
            note((left, time.perf_counter_ns()))

    return noting


def main() -> None:
    for owner, name, entered, left in PASSED:
        found = vars(owner)[name]
        bound = isinstance(found, classmethod)
        noting = _noting(found.__func__ if bound else found, entered, left)
        setattr(owner, name, classmethod(noting) if bound else noting)
    accept = HttpConnection.connection_made

    def accepted(*arguments: Any) -> None:
        _notes.append([])
        accept(*arguments)

    HttpConnection.connection_made = accepted
    try:
        cli.main()
    finally:
        for notes in _notes[1:]:
            print(json.dumps(notes), file=sys.stderr)


if __name__ == "__main__":
    main()
