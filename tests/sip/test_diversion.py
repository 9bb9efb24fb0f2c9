"""Who sent a call on: Diversion (RFC 5806) and History-Info (RFC 7044, 4244, 4458) as exchanges write it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.diversion import MAX_ENTRIES, REASONS, Diversion
from offhook.sip.events import Incoming

from .message_text import SDP, read, request

D, H = "Diversion", "History-Info"


def of(headers: dict[str, str]) -> Diversion | None:
    message = read(request(headers=headers))
    assert isinstance(message, Request)
    return Diversion.of(message)


@pytest.mark.parametrize(
    ("headers", "diversion"),
    [
        ({}, None),
        ({D: "<sip:1001@pbx>;reason=user-busy"}, ("sip:1001@pbx", "", "user-busy")),
        # Cisco, Broadsoft, Asterisk.
        (
            {D: '"Reception" <sip:1001@pbx>;privacy=off;reason=no-answer;counter=1;screen=no'},
            ("sip:1001@pbx", "Reception", "no-answer"),
        ),
        ({D: "<tel:+4930>;reason=unconditional"}, ("tel:+4930", "", "unconditional")),
        ({D: '"R" <sip:1001@pbx>;reason="call forwarded"'}, ("sip:1001@pbx", "R", "unknown")),
        ({D: "sip:1001@pbx"}, ("sip:1001@pbx", "", "unknown")),
        ({D: "<sip:2@b>;reason=Deflection, <sip:1@a>;reason=no-answer"}, ("sip:2@b", "", "deflection")),
        (
            {D: '"R" <sip:1@a>;privacy=full;reason=away'},
            ("sip:anonymous@anonymous.invalid", "Anonymous", "away"),
        ),
        ({D: "rubbish <"}, None),
        ({D: "rubbish <>, <sip:1@a>"}, ("sip:1@a", "", "unknown")),
        # RFC 7044 §5 and its cause by RFC 4458.
        (
            {H: "<sip:1@a>;index=1, <sip:2@a;cause=486>;index=1.1;mp=1"},
            ("sip:1@a", "", "user-busy"),
        ),
        (
            {H: "<sip:1@a>;index=1, <sip:b@c>;index=1.1;rc=1, <sip:2@a;cause=302>;index=1.2;mp=1"},
            ("sip:1@a", "", "unconditional"),
        ),
        # RFC 4244: the reason is that of the one who forwarded.
        (
            {H: '"R" <sip:1@a?Reason=SIP%3Bcause%3D408>;index=1,<sip:2@a>;index=1.1'},
            ("sip:1@a", "R", "no-answer"),
        ),
        (
            {H: "<sip:1@a?Privacy=history&Reason=SIP%3Bcause%3D302>;index=1,<sip:2@a>;index=1.1"},
            ("sip:anonymous@anonymous.invalid", "Anonymous", "unconditional"),
        ),
        ({H: "<sip:1@a>;index=1,<sip:2@a>;index=1.1;mp=1"}, ("sip:1@a", "", "unknown")),
        # A contact that was looked up is no diversion.
        ({H: "<sip:1@a>;index=1, <sip:1@10.0.0.1>;index=1.1;rc=1"}, None),
        ({H: "<sip:1@a>;index=1"}, None),
        ({H: "<sip:1@a>;index=x,<sip:2@a>;index=1.1;mp=9.9"}, ("sip:1@a", "", "unknown")),
        ({D: "<sip:3@a>", H: "<sip:1@a>;index=1,<sip:2@a>;index=1.1;mp=1"}, ("sip:3@a", "", "unknown")),
    ],
)
def test_who_sent_the_call_on(headers: dict[str, str], diversion: tuple[str, str, str] | None) -> None:
    found = of(headers)
    assert (found and (found.uri, found.name, found.reason)) == diversion


@given(
    name=st.sampled_from([D, H]),
    value=st.lists(
        st.sampled_from(["<sip:a@b>", *'<>",;%', "index=1", "mp=1", ";reason=", "?cause=302"])
    ).map("".join),
)
def test_whatever_is_written_there(name: str, value: str) -> None:
    message = Request("INVITE", read(request()).uri)  # type: ignore[union-attr]
    message.headers.add(name, value)
    found = Diversion.of(message)
    assert found is None or found.reason in REASONS


def test_a_flood_is_not_read_to_its_end() -> None:
    assert of({D: ", ".join(["rubbish <>"] * MAX_ENTRIES + ["<sip:1@a>"])}) is None


def test_our_own() -> None:
    ua = UserAgent(Hop("UDP", "192.0.2.201", 5060), "offhook/test", random.Random(1))
    ua.add_account(Account(1, "bob", "pbx.example"))
    ua.receive(request(body=SDP), Hop("UDP", "192.0.2.101", 5060), 0.0)
    (event,) = ua.events
    assert isinstance(event, Incoming)
    ua.outbox.clear()
    ua.refuse(event.call, 302, 0.0, contact="sip:1009@pbx.example", diverted="no-answer")
    answer = read(ua.outbox[0].data)
    assert answer.headers["Contact"] == "<sip:1009@pbx.example>"
    assert answer.headers["Diversion"] == "<sip:bob@pbx.example>;reason=no-answer"
