"""Transfers on the wire, each part played by this phone: who sends away, who is sent, who is called."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest

from . import scripted
from .baresip import Baresip
from .offhook_phone import OffhookRun, Phone, call, lines
from .ports import HOST, free_port
from .scripted import Play, Script, from_phone, only, until_said
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

TARGET = "2002"


@pytest.fixture(scope="module")
def target_port() -> int:
    """Where the phone finds the numbers that it calls."""
    return free_port()


@pytest.fixture(scope="module")
def _lasting_phone(tmp_path_factory: pytest.TempPathFactory, target_port: int) -> Iterator[Phone]:
    account = f"sip:1001@{HOST}:{target_port};register=no"
    with OffhookRun(tmp_path_factory.mktemp("phone") / "run", "--account", account) as offhook:
        yield offhook.phone


def press(phone: Phone, keys: str) -> None:
    """Digits, and `T` for `action=Transfer`, `O` for `OK`."""
    named = {"T": "action=Transfer", "O": "keydown=OK"}
    for key in keys:
        phone.do(named.get(key, f"keydown={key}"))


def call_sipp(phone: Phone, peer: Sipp) -> None:
    phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{peer.port}")
    phone.until_page("talking")


def is_held() -> Script:
    """Somebody who was called, and is put on hold for what comes."""
    return Script.called().ring().answer().is_changed("recvonly")


# --- this phone sends the other party away


def test_blind(phone: Phone, play: Play, target_port: int) -> None:
    script = (
        is_held().expect("REFER").respond(202)
        .notify("100 Trying").notify("180 Ringing").notify("200 OK", "terminated;reason=noresource")
        .is_hung_up_on()
    )  # fmt: skip
    peer = play(script)
    call_sipp(phone, peer)
    phone.do("action=Transfer")
    assert phone.state()["screen"]["page"] == "transfer"
    press(phone, f"{TARGET}T")
    phone.until_idle(f"transferred callee to {TARGET}")
    peer.until_done()
    refer = only(peer, "REFER")
    assert refer.header("Refer-To") == f"<sip:{TARGET}@{HOST}:{target_port}>"
    assert refer.header("Referred-By") == f"<sip:1001@{HOST}>"


@pytest.mark.parametrize(
    ("refer", "why"),
    [
        (lambda: is_held().expect("REFER").respond(405), "405 Method Not Allowed"),
        (lambda: is_held().expect("REFER").respond(603), "603 Decline"),
        (
            lambda: is_held().expect("REFER").respond(202).notify("100 Trying")
            .notify("486 Busy Here", "terminated;reason=noresource"),
            "486 Busy Here",
        ),
    ],
)  # fmt: skip
def test_blind_that_fails_brings_the_call_back_held(
    phone: Phone, play: Play, refer: Callable[[], Script], why: str
) -> None:
    peer = play(refer().is_changed("sendrecv").is_hung_up_on())
    call_sipp(phone, peer)
    press(phone, f"T{TARGET}T")
    notice = f"callee was not transferred to {TARGET}: {why}"
    back = phone.until(lambda state: lines(state)[0] == notice, notice)
    assert (call(back)["state"], call(back)["transferring_to"]) == ("held", None)
    assert back["screen"]["page"] == "held"
    phone.do("action=UnHold")
    until_said(peer, "ACK", 3)
    phone.do("action=CallEnd")
    peer.until_done()


def test_blind_of_which_nothing_is_heard_again_waits(phone: Phone, play: Play) -> None:
    """Half a minute long, which is not waited for here; meanwhile the far end may hang up."""
    peer = play(is_held().expect("REFER").respond(202).wait(300).hang_up())
    call_sipp(phone, peer)
    press(phone, f"T{TARGET}T")
    assert call(phone.state())["transferring_to"] == TARGET
    status, refusal = phone.get("/fcgi/do?action=UnHold")
    assert (status, "is being transferred" in refusal) == (409, True)
    phone.until_idle(f"callee hung up before the transfer to {TARGET} was confirmed")
    peer.until_done()


def test_attended(phone: Phone, play: Play, target_port: int) -> None:
    """Refer-To names the target itself, and the very dialog that is to be replaced."""
    first = play(
        is_held()
        .expect("REFER")
        .respond(202)
        .notify("200 OK", "terminated;reason=noresource")
        .is_hung_up_on()
    )
    second = play(Script.called().ring().answer().is_hung_up_on(), port=target_port)
    call_sipp(phone, first)
    press(phone, f"T{TARGET}O")
    phone.until_page("talking")
    press(phone, "T")
    phone.until_idle(f"transferred callee to {TARGET}")
    first.until_done()
    second.until_done()
    referred = re.fullmatch(r"<(.*)\?Replaces=(.*)>", only(first, "REFER").header("Refer-To"))
    assert referred
    assert referred[1] == f"sip:sipp@{HOST}:{second.port}"
    call_id, *tags = unquote(referred[2]).split(";")
    acknowledged = only(second, "ACK")
    assert call_id == acknowledged.header("Call-ID")
    tag = {name: acknowledged.header(name).partition(";tag=")[2] for name in ("From", "To")}
    assert sorted(tags) == [f"from-tag={tag['From']}", f"to-tag={tag['To']}"]


def test_semi_attended(phone: Phone, play: Play, target_port: int) -> None:
    """The target still rings: its call is cancelled, and the REFER is a plain one (RFC 3891 §3)."""
    first = play(
        is_held()
        .expect("REFER")
        .respond(202)
        .notify("200 OK", "terminated;reason=noresource")
        .is_hung_up_on()
    )
    ringing = Script.called().ring().expect("CANCEL").respond(200)
    second = play(ringing.refuse(487, to="first"), port=target_port)
    call_sipp(phone, first)
    press(phone, f"T{TARGET}O")
    phone.until(lambda state: state["screen"]["title"] == "Ringing", "the target to ring")
    press(phone, "T")
    phone.until_idle(f"transferred callee to {TARGET}")
    first.until_done()
    second.until_done()
    assert only(first, "REFER").header("Refer-To") == f"<sip:{TARGET}@{HOST}:{target_port}>"


# --- this phone is sent away


def sends_away(target: str) -> Script:
    """Calls, refers the phone to the target upon a cue, as Ann wanted it; hears of it, and is held for it."""
    script = Script.calling().is_answered().cue().refer(target, {"Referred-By": "<sip:ann@example.com>"})
    return script.expect(202).is_notified().is_changed("recvonly")


def be_called(phone: Phone) -> None:
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")


def notified(peer: Sipp) -> list[tuple[str, str]]:
    """What the phone says of the call that it was sent to, and whether more will come."""
    found = from_phone(peer, "NOTIFY")
    assert {message.header("Event").partition(";")[0] for message in found} == {"refer"}
    assert {message.header("Content-Type").partition(";")[0] for message in found} == {"message/sipfrag"}
    return [(message.body, message.header("Subscription-State").partition(";")[0]) for message in found]


def test_sent_away_by_sipp(phone: Phone, play: Play, run_phone: Callable[..., OffhookRun]) -> None:
    """The call that sends it away is held meanwhile, and hears what comes of it."""
    target = run_phone("--account", f"sip:{TARGET}@{HOST};register=no").phone
    script = sends_away(f"sip:{TARGET}@{HOST}:{target.sip}").is_notified().is_notified()
    peer = play(script.hang_up(), to=phone.sip, user="1001")
    be_called(phone)
    phone.do("keydown=1")
    ringing = target.until_page("ringing")
    assert call(ringing)["remote"] == f"sip:1001@{HOST}"
    calling = phone.until(lambda state: state["screen"]["title"] == "Ringing", "the target to ring")
    assert "transferred by ann" in lines(calling)
    assert [each["state"] for each in calling["calls"]] == ["held", "calling"]
    until_said(peer, "NOTIFY", 2)
    target.do("keydown=OK")
    peer.until_done()
    talking = phone.until(lambda state: len(state["calls"]) == 1, "the first call to end")
    assert call(talking) | {"state": "talking", "remote": f"sip:{TARGET}@{HOST}:{target.sip}"} == call(
        talking
    )
    target.do("action=CallEnd")
    phone.until_idle()
    assert notified(peer) == [
        ("SIP/2.0 100 Trying", "active"),
        ("SIP/2.0 180 Ringing", "active"),
        ("SIP/2.0 200 OK", "terminated"),
    ]


def test_sent_to_somebody_who_rejects(phone: Phone, play: Play, run_phone: Callable[..., OffhookRun]) -> None:
    """The call that sent this phone away comes back."""
    target = run_phone("--account", f"sip:{TARGET}@{HOST};register=no").phone
    script = sends_away(f"sip:{TARGET}@{HOST}:{target.sip}").is_notified().is_notified()
    peer = play(script.is_changed("sendrecv").is_hung_up_on(), to=phone.sip, user="1001")
    be_called(phone)
    phone.do("keydown=1")
    until_said(peer, "NOTIFY", 2)
    target.do("keydown=Cancel")
    notice = f"{TARGET} is busy (486 Busy Here)"
    back = phone.until(lambda state: lines(state)[0] == notice, notice)
    assert call(back)["state"] == back["screen"]["page"] == "talking"
    until_said(peer, "ACK", 2)
    phone.do("action=CallEnd")
    peer.until_done()
    assert notified(peer) == [
        ("SIP/2.0 100 Trying", "active"),
        ("SIP/2.0 180 Ringing", "active"),
        ("SIP/2.0 486 Busy Here", "terminated"),
    ]


def test_nobody_who_is_not_in_a_call_sends_this_phone_away(phone: Phone, play: Play) -> None:
    headers = {"Refer-To": f"<sip:{TARGET}@{HOST}>"}
    play(Script.asking("REFER", headers).expect(603), to=phone.sip, user="1001").until_done()
    assert phone.state()["calls"] == []


# --- another call takes the place of one that is up


def replacing(peer: Sipp) -> str:
    """The Replaces of an INVITE that is to replace the call that this one has with the phone."""
    accepted = only(peer, "200 INVITE")
    ours, theirs = (accepted.header(name).partition(";tag=")[2] for name in ("To", "From"))
    return f"{accepted.header('Call-ID')};to-tag={ours};from-tag={theirs}"


def test_a_call_that_replaces_another(phone: Phone, play: Play) -> None:
    first = play(Script.calling().is_answered().is_hung_up_on(), to=phone.sip, user="1001")
    be_called(phone)
    [old] = phone.state()["calls"]
    script = Script.calling({"Replaces": replacing(first)}).is_answered().is_hung_up_on()
    second = play(script, to=phone.sip, user="1001")
    first.until_done()
    state = phone.until_page("talking")
    assert lines(state)[0] == "Sip Pea took the place of Sip Pea"
    assert call(state)["id"] != old["id"]
    phone.do("action=CallEnd")
    second.until_done()


def test_a_call_that_replaces_none_of_ours(phone: Phone, play: Play) -> None:
    first = play(Script.calling().is_answered().is_hung_up_on(), to=phone.sip, user="1001")
    be_called(phone)
    replaces = replacing(first).replace("from-tag=", "from-tag=not")
    second = Script.calling({"Replaces": replaces}).is_refused(481)
    play(second, to=phone.sip, user="1001").until_done()
    assert phone.state()["screen"]["page"] == "talking"
    phone.do("action=CallEnd")
    first.until_done()


# --- baresip


def test_baresip_is_sent_away(phone: Phone, baresip: Baresip, play: Play, target_port: int) -> None:
    target = play(Script.called().ring().answer().is_hung_up_on(), port=target_port)
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    press(phone, f"T{TARGET}T")
    phone.until_idle(f"transferred {baresip.user} to {TARGET}")
    baresip.command("hangup")
    target.until_done()
    assert only(target, "INVITE").header("From").startswith(f"<sip:{baresip.user}@")


def test_baresip_is_sent_to_somebody_who_is_busy(
    phone: Phone, baresip: Baresip, play: Play, target_port: int
) -> None:
    target = play(Script.called().refuse(486), port=target_port)
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    press(phone, f"T{TARGET}T")
    notice = f"{baresip.user} was not transferred to {TARGET}: 486"
    back = phone.until(lambda state: lines(state)[0].startswith(notice), notice)
    assert call(back)["state"] == "held"
    target.until_done()
    phone.do("action=UnHold")
    phone.until_page("talking")


def test_sent_away_by_baresip(phone: Phone, baresip: Baresip, play: Play) -> None:
    """Which hangs up as soon as a NOTIFY tells it that the target has answered."""
    target = play(Script.called().ring().answer().is_hung_up_on())
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    baresip.until_event("CALL_ESTABLISHED")
    baresip.command("transfer", f"sip:{TARGET}@{HOST}:{target.port}")
    baresip.until_event("CALL_CLOSED")
    talking = phone.until(lambda state: len(state["calls"]) == 1, "baresip to leave")
    assert call(talking)["remote"] == f"sip:{TARGET}@{HOST}:{target.port}"
    phone.do("action=CallEnd")
    target.until_done()
