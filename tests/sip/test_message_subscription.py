"""Waiting messages by SUBSCRIBE (RFC 3842, RFC 6665), against a registrar that the test plays."""

import random
from collections.abc import Mapping

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import BindingChanged, MessagesRefused, MessagesWaiting, UserAgentEvent
from offhook.sip.message_subscription import EXPIRES, GRACE, LONGEST_RETRY

from .message_text import read, request, response

PHONE = Hop("UDP", "192.0.2.201", 5060)
PBX = Hop("UDP", "192.0.2.1", 5060)
KIND = "application/simple-message-summary"
SUMMARY = "Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n"
CHALLENGE = {"WWW-Authenticate": 'Digest realm="pbx", nonce="n", algorithm=MD5, qop="auth"'}


class Desk:
    """A phone that registers at a PBX which the test plays."""

    def __init__(self, mwi: str = "yes") -> None:
        self.now = 0.0
        self.bob = UserAgent(PHONE, "offhook/test", random.Random(1))
        self.bob.add_account(Account(1, "bob", PBX.host, password="secret", mwi=mwi))  # type: ignore[arg-type]
        self.notified = 0

    def register(self, **headers: str) -> "Desk":
        self.bob.register(1, self.now)
        (register,) = self.sent("REGISTER")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        bound = {"Contact": "<sip:bob@192.0.2.201:5060>;expires=7200"}
        self.receive(response(register, 200, headers=bound | named))
        return self

    def receive(self, data: bytes) -> None:
        self.bob.receive(data, PBX, self.now)

    def sent(self, method: str) -> list[bytes]:
        """What of this method was sent; the rest is forgotten."""
        data = [transmit.data for transmit in self.bob.outbox]
        self.bob.outbox.clear()
        return [each for each in data if each.startswith(method.encode() + b" ")]

    def subscribe(self, within: float = 0.0) -> bytes:
        self.wait(within)
        (subscribe,) = self.sent("SUBSCRIBE")
        return subscribe

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.bob.deadline is not None and self.bob.deadline <= until:
            self.now = max(self.now, self.bob.deadline)
            self.bob.tick(self.now)
        self.now = until

    def answer(self, subscribe: bytes, code: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        contact = {"Contact": "<sip:mwi@192.0.2.1:5060>"} if code < 300 else {}
        self.receive(response(subscribe, code, tag="pbx", headers=contact | named))

    def accepted(self, **headers: str) -> bytes:
        subscribe = self.subscribe()
        self.answer(subscribe, 200, **({"Expires": "3600"} | headers))
        return subscribe

    def notify(
        self, subscribe: bytes, state: str = "active", body: str = SUMMARY, **headers: str | None
    ) -> int:
        """The code that answers a NOTIFY within the subscription."""
        self.notified += 1
        asked = read(subscribe)
        own: Mapping[str, str | None] = {
            "Via": f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKn{self.notified}",
            "From": asked.headers["To"] + ";tag=pbx",
            "To": asked.headers["From"],
            "Call-ID": asked.headers["Call-ID"],
            "CSeq": f"{self.notified} NOTIFY",
            "Contact": "<sip:mwi@192.0.2.1:5060>",
            "Event": "message-summary",
            "Subscription-State": state,
            "Content-Type": KIND,
        }
        self.bob.outbox.clear()
        self.receive(request("NOTIFY", "sip:bob@192.0.2.201:5060", body=body, headers={**own, **headers}))
        answers = [each for each in self.bob.outbox if each.data.startswith(b"SIP/2.0")]
        for answer in answers:
            self.bob.outbox.remove(answer)
        (answered,) = (read(answer.data) for answer in answers)
        assert isinstance(answered, Response)
        return answered.code

    def told(self) -> list[UserAgentEvent]:
        told = [event for event in self.bob.events if not isinstance(event, BindingChanged)]
        self.bob.events.clear()
        return told

    def next_after(self) -> float:
        """Seconds until it subscribes again, -1 for never."""
        return self.next()[0]

    def next(self) -> tuple[float, bytes]:
        before = self.now
        for _ in range(200):
            if sent := self.sent("SUBSCRIBE"):
                assert len(sent) == 1
                return self.now - before, sent[0]
            if self.bob.deadline is None or self.bob.deadline - before > 2 * LONGEST_RETRY:
                break
            self.wait(self.bob.deadline - self.now)
            for register in [each for each in self.bob.outbox if each.data.startswith(b"REGISTER")]:
                self.bob.outbox.remove(register)
                granted = {"Contact": "<sip:bob@192.0.2.201:5060>;expires=7200"}
                self.receive(response(register.data, 200, headers=granted))
        return -1.0, b""


def test_asked_and_told() -> None:
    desk = Desk().register()
    subscribe = desk.accepted()
    asked = read(subscribe)
    assert isinstance(asked, Request)
    assert str(asked.uri) == "sip:bob@192.0.2.1"
    named = {name: asked.headers[name] for name in ("Event", "Accept", "Expires", "Contact", "To")}
    assert named == {
        "Event": "message-summary",
        "Accept": KIND,
        "Expires": str(EXPIRES),
        "Contact": "<sip:bob@192.0.2.201:5060>",
        "To": "<sip:bob@192.0.2.1>",
    }
    assert desk.notify(subscribe) == 200
    assert desk.told() == [MessagesWaiting(1, 2, 8)]
    assert not desk.bob.busy


def test_the_first_notify_may_overtake_the_200() -> None:
    desk = Desk().register()
    subscribe = desk.subscribe()
    assert desk.notify(subscribe, "active;expires=600") == 200
    assert desk.told() == [MessagesWaiting(1, 2, 8)]
    desk.answer(subscribe, 202, Expires="600")
    assert desk.notify(subscribe) == 200
    assert 250 < desk.next_after() < 320


def test_it_is_refreshed_in_its_dialog_before_it_lapses() -> None:
    desk = Desk().register()
    subscribe = desk.accepted(Expires="600")
    desk.notify(subscribe)
    after, again = desk.next()
    assert 250 < after < 320
    first, refresh = read(subscribe), read(again)
    assert isinstance(refresh, Request)
    assert refresh.headers["Call-ID"] == first.headers["Call-ID"]
    assert refresh.headers["To"] == first.headers["To"] + ";tag=pbx"
    assert (refresh.headers["CSeq"], str(refresh.uri)) == ("2 SUBSCRIBE", "sip:mwi@192.0.2.1:5060")
    assert refresh.headers["Expires"] == str(EXPIRES)
    desk.answer(again, 200, Expires="600")
    assert 250 < desk.next_after() < 320


def test_a_challenge() -> None:
    desk = Desk().register()
    desk.answer(desk.subscribe(), 401, **CHALLENGE)
    again = desk.subscribe()
    assert b"CSeq: 2 SUBSCRIBE" in again
    assert b'Authorization: Digest username="bob"' in again
    desk.answer(again, 200, Expires="3600")
    assert desk.notify(again) == 200


def test_longer_was_wanted() -> None:
    desk = Desk().register()
    desk.answer(desk.subscribe(), 423, Min_Expires="7200")
    assert b"Expires: 7200" in desk.subscribe()


def test_it_ends_with_the_registration() -> None:
    desk = Desk().register()
    subscribe = desk.accepted()
    desk.notify(subscribe)
    desk.told()
    desk.bob.unregister(1, desk.now)
    (last,) = desk.sent("SUBSCRIBE")
    assert read(last).headers["Expires"] == "0"
    assert desk.bob.busy
    desk.answer(last, 200, Expires="0")
    assert desk.notify(subscribe, "terminated;reason=timeout") == 200
    assert desk.told() == []
    assert desk.next_after() == -1


@pytest.mark.parametrize(
    ("state", "least", "most"),
    [
        ("terminated;reason=deactivated", 0, 0),
        ("terminated;reason=Timeout", 0, 0),
        ("terminated;reason=probation", 1, 2),
        ("terminated;reason=probation;retry-after=90", 90, 90),
        ("terminated;reason=giveup;retry-after=40", 40, 40),
        ("terminated;reason=giveup;retry-after=999999999", LONGEST_RETRY, LONGEST_RETRY),
        ("terminated;reason=rejected", -1, -1),
        ("terminated;reason=noresource", -1, -1),
        ("terminated;reason=invariant", -1, -1),
        ("terminated", 1, 2),
        ("terminated;reason=whatever", 1, 2),
    ],
)
def test_ended_from_there(state: str, least: float, most: float) -> None:
    desk = Desk().register()
    subscribe = desk.accepted()
    assert desk.notify(subscribe, state) == 200
    assert least <= desk.next_after() <= most


def test_a_server_that_ends_each_at_once_is_asked_less_and_less_often() -> None:
    desk = Desk().register()
    waits = []
    subscribe = desk.accepted()
    for _ in range(6):
        desk.notify(subscribe, "terminated;reason=deactivated")
        after, subscribe = desk.next()
        waits.append(after)
        desk.answer(subscribe, 200, Expires="3600")
    assert waits[0] == 0
    assert all(2 ** (number - 1) <= wait for number, wait in enumerate(waits[1:], 1))


def test_one_that_is_not_known_any_more_is_made_anew() -> None:
    desk = Desk().register()
    subscribe = desk.accepted(Expires="600")
    _, refresh = desk.next()
    desk.answer(refresh, 481)
    anew = desk.subscribe()
    assert read(anew).headers["Call-ID"] != read(subscribe).headers["Call-ID"]
    assert desk.notify(subscribe) == 481
    desk.answer(anew, 200, Expires="600")
    assert desk.notify(anew) == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Event": "presence"}, 489),
        ({"From": "<sip:bob@192.0.2.1>;tag=another"}, 481),
        ({"Call-ID": "another"}, 481),
        ({"Content-Type": "text/plain"}, 415),
        ({"CSeq": "0 NOTIFY"}, 500),
    ],
)
def test_what_does_not_belong_there(headers: dict[str, str], code: int) -> None:
    desk = Desk().register()
    subscribe = desk.accepted()
    desk.notify(subscribe)
    desk.told()
    assert desk.notify(subscribe, **headers) == code
    assert desk.told() == []


def test_it_goes_with_its_account() -> None:
    desk = Desk().register()
    desk.accepted()
    desk.bob.remove_account(1, desk.now)
    assert len(desk.sent("SUBSCRIBE")) == 1, "the one that ends it"
    assert desk.bob.deadline is not None
    desk.wait(100)
    assert not desk.bob.busy
    assert desk.bob.deadline is None


# --- whether to ask at all


def test_nothing_is_asked_where_the_account_does_not_want_it() -> None:
    assert Desk("no").register().next_after() == -1


def test_an_exchange_that_tells_by_itself_is_not_asked() -> None:
    desk = Desk("auto").register()
    headers = {"Event": "message-summary", "Content-Type": KIND, "Subscription-State": "active"}
    desk.receive(request("NOTIFY", "sip:bob@192.0.2.201", body=SUMMARY, headers=headers))
    assert desk.told() == [MessagesWaiting(1, 2, 8)]
    assert desk.next_after() == -1


def test_one_that_says_nothing_is_asked_once_and_believed() -> None:
    desk = Desk("auto").register()
    subscribe = desk.subscribe(within=GRACE)
    desk.answer(subscribe, 405)
    assert desk.told() == []
    assert desk.next_after() == -1


def test_a_moment_of_trouble_is_not_an_answer() -> None:
    desk = Desk("auto").register()
    desk.answer(desk.subscribe(within=GRACE), 503, Retry_After="30")
    assert desk.next_after() == 30


def test_it_is_asked_by_the_route_that_the_registrar_wants_now() -> None:
    desk = Desk("yes").register(Service_Route="<sip:192.0.2.1;x=1;lr>")
    subscribe = desk.subscribe()
    assert read(subscribe).headers["Route"] == "<sip:192.0.2.1;x=1;lr>"
    desk = Desk("auto").register(Service_Route="<sip:192.0.2.1;x=1;lr>")
    desk.wait(GRACE / 2)
    desk.register(Service_Route="<sip:192.0.2.1;x=2;lr>")
    assert read(desk.subscribe(within=GRACE / 2)).headers["Route"] == "<sip:192.0.2.1;x=2;lr>"


def test_a_refusal_is_told_to_who_wanted_it() -> None:
    desk = Desk("yes").register()
    desk.answer(desk.subscribe(), 489)
    assert desk.told() == [MessagesRefused(1, "489 Because")]
    assert 150 <= desk.next_after() <= 300
