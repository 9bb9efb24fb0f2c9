"""What comes unasked: waiting messages (RFC 3842), check-sync, callers who ask to be answered at once."""

import pytest
from sipmessage import Response

from offhook.sip import Account, Hop
from offhook.sip.destination import Destination
from offhook.sip.events import CheckSync, Ended, Incoming, MessagesWaiting, UserAgentEvent
from offhook.sip.message_summary import MessageSummary

from .message_text import SDP, request
from .test_user_agent import Stage, within

REGISTRAR = Hop("TCP", "192.0.2.201", 34567)
KIND = "application/simple-message-summary"
SUMMARY = "Messages-Waiting: yes\r\nMessage-Account: sip:bob@x\r\nVoice-Message: 4/8 (1/2)\r\n"
BY_ACCOUNT = SUMMARY.replace("sip:bob@x", "<sip:bob@Biloxi.example.com>")


def notify(event: str, body: str = "", kind: str = KIND, uri: str = "sip:bob@192.0.2.201") -> bytes:
    headers = {"Event": event, "Content-Type": kind, "Subscription-State": "active"}
    return request("NOTIFY", uri, body=body, headers={**headers, "To": f"<{uri}>"})


@pytest.mark.parametrize(
    ("data", "code", "event"),
    [
        (notify("message-summary", SUMMARY), 403, None),
        (notify("message-summary", SUMMARY, uri="sip:192.0.2.201"), 403, None),
        (notify("message-summary", SUMMARY, uri="sip:carol@192.0.2.201"), 404, None),
        (notify("message-summary"), 200, None),
        (notify("message-summary", "rubbish"), 400, None),
        (notify("message-summary", SUMMARY, "text/plain"), 415, None),
        (notify("check-sync"), 403, None),
        (notify("refer", "SIP/2.0 200 OK\r\n", "message/sipfrag"), 489, None),
        (notify("presence"), 489, None),
        (notify(""), 489, None),
    ],
)
def test_from_a_stranger(data: bytes, code: int, event: UserAgentEvent | None) -> None:
    stage = Stage()
    (answer,) = stage.receive(data)
    assert isinstance(answer, Response)
    assert answer.code == code
    assert stage.told() == ([event] if event else [])
    assert stage.bob.layer.idle, "a flood of them leaves nothing"
    if code == 489:
        assert "message-summary" in answer.headers["Allow-Events"]
    if code == 415:
        assert answer.headers["Accept"] == KIND


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (notify("message-summary", SUMMARY), MessagesWaiting(1, 4, 8)),
        (notify("Message-Summary;id=1", SUMMARY), MessagesWaiting(1, 4, 8)),
        (notify("message-summary", SUMMARY, uri="sip:192.0.2.201"), MessagesWaiting(None, 4, 8)),
        (notify("message-summary", BY_ACCOUNT, uri="sip:192.0.2.201"), MessagesWaiting(2, 4, 8)),
    ],
)
def test_the_registrar_tells_of_waiting_messages(data: bytes, event: UserAgentEvent) -> None:
    stage = Stage()
    (answer,) = stage.receive(data, source=REGISTRAR)
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert stage.told() == [event]


@pytest.mark.parametrize(
    ("event", "reboot"),
    [("check-sync", False), ("check-sync;reboot=true", True), ("check-sync;reboot=false", False)],
)
@pytest.mark.parametrize("uri", ["sip:bob@192.0.2.201", "sip:192.0.2.201"])
def test_the_registrar_asks_to_fetch_the_configuration(event: str, reboot: bool, uri: str) -> None:
    stage = Stage()
    (answer,) = stage.receive(notify(event, uri=uri), source=REGISTRAR)
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert stage.told() == [CheckSync(1 if "bob" in uri else None, reboot)]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (Hop("TLS", "192.0.2.201", 5061, "biloxi.example.com"), 200),
        (Hop("TLS", "192.0.2.201", 5061, accepted=True), 403),
        (Hop("UDP", "192.0.2.201", 5060), 403),
    ],
)
def test_a_registrar_that_is_reached_over_tls_asks_by_the_connection_to_it(source: Hop, code: int) -> None:
    stage = Stage()
    stage.bob.change_account(Account(1, "bob", "192.0.2.201", 5061, "TLS"), 0.0)
    stage.bob.change_account(Account(2, "bob", "biloxi.example.com", transport="TLS"), 0.0)
    found = Hop("TLS", "192.0.2.201", 5061, "biloxi.example.com")
    stage.bob.located(Destination("biloxi.example.com", transport="TLS"), [found], 0.0)
    (answer,) = stage.receive(notify("check-sync;reboot=true", uri="sip:192.0.2.201"), source=source)
    assert isinstance(answer, Response)
    assert answer.code == code


def test_within_a_call() -> None:
    stage = Stage()
    _, tag = stage.talking()
    headers = {"Event": "message-summary", "Content-Type": KIND}
    (answer,) = stage.receive(within("NOTIFY", tag, 2, SUMMARY, headers), source=REGISTRAR)
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert stage.told() == [MessagesWaiting(1, 4, 8)]
    (answer,) = stage.receive(within("NOTIFY", tag, 3, SUMMARY, {**headers, "Content-Type": "text/plain"}))
    assert isinstance(answer, Response)
    assert (answer.code, answer.headers["Accept"]) == (415, KIND)


@pytest.mark.parametrize("up", [False, True], ids=["ringing", "talking"])
@pytest.mark.parametrize(("event", "body"), [("check-sync;reboot=true", ""), ("message-summary", SUMMARY)])
def test_a_stranger_has_no_news_within_a_call_either(event: str, body: str, up: bool) -> None:
    stage = Stage()
    if up:
        _, tag = stage.talking()
    else:
        ringing = stage.receive(request(body=SDP))[-1]
        tag = ringing.headers["To"].partition("tag=")[2]
    stage.told()
    (answer,) = stage.receive(within("NOTIFY", tag, 2, body, {"Event": event, "Content-Type": KIND}))
    assert isinstance(answer, Response)
    assert answer.code == 403
    assert stage.told() == []


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n", (2, 8)),
        ("messages-waiting:no\nvoice-message : 0 / 3 (0/0)\n", (0, 3)),
        ("Messages-Waiting: yes\r\n", (1, 0)),
        ("Messages-Waiting: no\r\n", (0, 0)),
        ("Messages-Waiting: yes\r\nFax-Message: 2/8\r\n", (1, 0)),
        ("Message-Account: sip:x\r\nMessages-Waiting: Yes\r\nVoice-Message: 1/0 (0/0)", (1, 0)),
        ("Messages-Waiting: yes\r\nVoice-Message: 99999999999/1\r\n", (1, 0)),
    ],
)
def test_message_summary(body: str, summary: tuple[int, int]) -> None:
    read = MessageSummary.parse(body.encode())
    assert (read.new, read.old) == summary


@pytest.mark.parametrize("body", ["", "Voice-Message: 1/2", "Messages-Waiting: perhaps", "x" * 10000])
def test_no_message_summary(body: str) -> None:
    with pytest.raises(ValueError, match="yes or no"):
        MessageSummary.parse(body.encode())


@pytest.mark.parametrize(
    ("name", "value", "asked"),
    [
        ("Call-Info", "<sip:x>;answer-after=0", True),
        ("Call-Info", ";answer-after=0", True),
        ("Call-Info", "answer-after=0", True),
        ("Call-Info", "<sip:x>; Answer-After = 0", True),
        ("Call-Info", "<http://x/y.png>;purpose=icon, <sip:z>;answer-after=0", True),
        ("Call-Info", "<http://x/y.png>;purpose=icon", False),
        ("Call-Info", "<sip:x>;no-answer-after=0", False),
        ("Alert-Info", "info=alert-autoanswer", True),
        ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0", True),
        ("Alert-Info", "Auto Answer", True),
        ("Alert-Info", "<http://x>;info=Ring Answer", True),
        ("Alert-Info", "<urn:alert:service:normal>", False),
        ("Alert-Info", "<http://x/auto.wav>", False),
        ("Answer-Mode", "Auto", True),
        ("Answer-Mode", "auto;require", True),
        ("Answer-Mode", "Manual", False),
        ("Priv-Answer-Mode", "Auto", True),
        ("Subject", "answer-after=0", False),
    ],
)
def test_callers_that_ask_to_be_answered(name: str, value: str, asked: bool) -> None:
    stage = Stage()
    stage.receive(request(body=SDP, headers={name: value}), source=REGISTRAR)
    (event,) = stage.told()
    assert isinstance(event, Incoming)
    assert event.answer_after is asked


@pytest.mark.parametrize(
    ("source", "heard"),
    [
        (Hop("UDP", "127.0.0.1", 5070), True),
        (Hop("UDP", "198.51.100.7", 5060), False),
    ],
)
def test_no_stranger_is_answered_because_he_asks_for_it(source: Hop, heard: bool) -> None:
    stage = Stage()
    stage.receive(request(body=SDP, headers={"Answer-Mode": "Auto"}), source=source)
    (event,) = stage.told()
    assert isinstance(event, Incoming)
    assert event.answer_after is heard
    assert event.stranger is not heard


@pytest.mark.parametrize(
    ("value", "reason", "elsewhere"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', "Call completed elsewhere", True),
        ("SIP ;cause=200", "the caller gave up", True),
        ('Q.850;cause=16;text="Terminated", SIP;cause=200', "Terminated", True),
        ('SIP;text="Call Completed Elsewhere"', "Call Completed Elsewhere", True),
        ('SIP;cause=600;text="Busy \\"here\\", there"', 'Busy "here", there', False),
        ("Q.850;cause=200", "the caller gave up", False),
        ('SIP;cause=200;text="', "the caller gave up", False),
        ("", "the caller gave up", False),
    ],
)
def test_why_a_call_was_cancelled(value: str, reason: str, elsewhere: bool) -> None:
    stage = Stage()
    call = stage.incoming()
    stage.receive(request("CANCEL", headers={"Reason": value}))
    assert stage.told() == [Ended(call, reason, elsewhere)]


def test_why_a_call_was_ended() -> None:
    stage = Stage()
    stage.bob.add_account(Account(3, "x", "y"))
    call, tag = stage.talking()
    stage.receive(within("BYE", tag, 2, headers={"Reason": 'SIP;cause=200;text="Call completed elsewhere"'}))
    assert stage.told() == [Ended(call, "Call completed elsewhere", elsewhere=True)]
