"""Who calls, who sent the call on, whom an exchange connects, who does not want to be known: with SIPp."""

from collections.abc import Callable

import pytest

from . import scripted
from .offhook_phone import OffhookRun, Phone, call
from .ports import HOST
from .scripted import Play, Script, only
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

REGISTRAR = f"sip:1001@{HOST}"
"""SIPp's own address is that of the account, so that it is believed."""


def rings(play: Play, phone: Phone, headers: dict[str, str]) -> tuple[Sipp, dict[str, object], list[str]]:
    peer = play(Script.calling(headers).is_refused(486), to=phone.sip, user="1001")
    ringing = phone.until_page("ringing")
    return peer, call(ringing), ringing["screen"]["lines"]


@pytest.mark.parametrize(
    ("headers", "name", "line"),
    [
        ({"P-Asserted-Identity": '"Carol" <sip:1003@pbx.example>'}, "Carol", "sip:1003@pbx.example"),
        ({"Remote-Party-ID": '"Carol" <sip:1003@pbx>;party=calling;privacy=off'}, "Carol", "sip:1003@pbx"),
        (
            {"P-Asserted-Identity": '"Carol" <sip:1003@pbx.example>', "Privacy": "id"},
            "Anonymous",
            "sip:anonymous@anonymous.invalid",
        ),
        (
            {"Diversion": '"Reception" <sip:1000@pbx>;reason=no-answer'},
            "Sip Pea",
            "forwarded by Reception (no answer)",
        ),
        (
            {"History-Info": "<sip:1000@pbx>;index=1, <sip:1001@pbx;cause=302>;index=1.1;mp=1"},
            "Sip Pea",
            "forwarded by 1000",
        ),
    ],
)
def test_who_calls(play: Play, phone: Phone, headers: dict[str, str], name: str, line: str) -> None:
    peer, shown, lines = rings(play, phone, headers)
    phone.do("keydown=Cancel")
    peer.until_done()
    assert shown["remote_name"] == lines[0] == name
    assert shown["anonymous"] is (name == "Anonymous")
    assert line in lines


def test_an_exchange_connects_somebody_else(play: Play, phone: Phone) -> None:
    carol = {"P-Asserted-Identity": '"Carol" <sip:1003@pbx.example>'}
    script = Script.calling().is_answered().request("UPDATE", carol).expect(200)
    peer = play(script.is_hung_up_on(), to=phone.sip, user="1001")
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until(lambda state: call(state)["remote_name"] == "Carol", "Carol")
    phone.do("action=CallEnd")
    peer.until_done()


def test_a_call_that_is_sent_on_says_who_did_and_why(play: Play, phone: Phone) -> None:
    peer = play(Script.calling().is_refused(302), to=phone.sip, user="1001")
    phone.until_page("ringing")
    for key in ("Forward", "9", "OK"):
        phone.do(f"keydown={key}")
    peer.until_done()
    moved = only(peer, "302 INVITE")
    assert moved.header("Diversion") == f"<{REGISTRAR}>;reason=deflection"
    assert moved.header("Contact") == f"<sip:9@{HOST}>"


def test_a_call_from_somebody_who_does_not_say_who(play: Play, run_phone: Callable[..., OffhookRun]) -> None:
    peer = play(Script.called().refuse(486))
    account = f"sip:1001@{HOST}:{peer.port};register=no;privacy=yes;name=Anna"
    phone = run_phone("--account", account).phone
    phone.do("action=MakeCall&number=1002")
    phone.until_idle("is busy")
    peer.until_done()
    invite = only(peer, "INVITE")
    assert invite.header("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
    assert invite.header("Privacy") == "id"
    assert invite.header("P-Preferred-Identity") == f'"Anna" <{REGISTRAR}>'
    assert invite.header("Contact") == f"<sip:{HOST}:{phone.sip}>"


def test_strangers_are_not_heard(play: Play, run_phone: Callable[..., OffhookRun]) -> None:
    account = "sip:1001@127.0.0.9;register=no"
    phone = run_phone("--account", account, "--callers", "registrar").phone
    peer = play(Script.calling().is_refused(403), to=phone.sip, user="1001")
    peer.until_done()
    assert phone.state()["missed"] == 0


def test_waiting_messages_are_subscribed_to(
    sipp: Callable[..., Sipp], run_phone: Callable[..., OffhookRun]
) -> None:
    registrar = sipp("tells_of_messages_when_asked", calls=2)
    registrar.until_ready()
    phone = run_phone("--account", f"sip:1001@{HOST}:{registrar.port};mwi=yes").phone
    state = phone.until(lambda state: state["messages"] == 3, "three messages")
    assert state["accounts"][0]["messages"] == 3
    assert "message" in state["screen"]["icons"]
    registrar.until_done()
