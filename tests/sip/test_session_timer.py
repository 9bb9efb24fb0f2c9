"""Session timers (RFC 4028), between two phones and against a peer played message by message."""

import random
import re
from collections.abc import Mapping

import pytest
from sipmessage import Request, Response

from offhook.sip import Account
from offhook.sip.events import Answered, ChangeRefused, Ended, Failed
from offhook.sip.session_expires import Refresher, SessionExpires

from .message_text import SDP, request, response
from .parties import Parties, Party
from .test_user_agent import ALICE, SOUND, Stage, within

CONTACT = {"Contact": "<sip:alice@192.0.2.101>"}
UPDATES = {"Allow": "INVITE, ACK, BYE, UPDATE"}
TIMERS = {"Supported": "timer"}


# --- reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1800", SessionExpires(1800)),
        ("1800;refresher=uac", SessionExpires(1800, Refresher.UAC)),
        ("90 ; Refresher=UAS;x=1", SessionExpires(90, Refresher.UAS)),
        ("1800;refresher=me", SessionExpires(1800)),
        ("", None),
        ("x", None),
        ("-1", None),
        ("1800;;", None),
        ("9999999999", None),
    ],
)
def test_session_expires(text: str, expected: SessionExpires | None) -> None:
    message = Request("UPDATE", Request.parse(request()).uri)  # type: ignore[union-attr]
    message.headers.set("Session-Expires", text)
    assert SessionExpires.of(message) == expected
    if expected is not None:
        message.headers.set("Session-Expires", str(expected))
        assert SessionExpires.of(message) == expected


# --- between two phones


class Talk(Parties):
    def __init__(self, **network: object) -> None:
        super().__init__(**network)
        self.here = self.alice.call(self.bob)
        self.there = self.bob.calls[0]

    def since(self, before: int) -> list[str]:
        return self.between(self.alice, self.bob)[before:]


def test_the_one_who_was_called_refreshes_at_half_the_interval() -> None:
    talk = Talk()
    (invite,) = talk.sent(talk.alice, "INVITE")
    assert "\r\nSession-Expires: 1800\r\n" in invite
    accepted = next(data for _, _, data in talk.network.log if data.startswith(b"SIP/2.0 200"))
    assert b"\r\nSession-Expires: 1800;refresher=uas\r\n" in accepted
    assert b"\r\nRequire: timer\r\n" in accepted
    before = len(talk.network.log)
    talk.network.run(890)
    assert talk.since(before) == []
    talk.network.run(20)
    assert talk.since(before) == ["<UPDATE", "200"]
    (update,) = talk.sent(talk.bob, "UPDATE")
    assert "\r\nSession-Expires: 1800;refresher=uac\r\n" in update
    assert "Content-Length: 0" in update
    talk.network.run(9000)
    assert talk.since(before) == ["<UPDATE", "200"] * 11
    assert talk.alice.of(Ended) == talk.bob.of(Ended) == []
    talk.alice.hang_up(talk.here)
    talk.assert_nothing_is_left()


def test_hold_is_a_refresh_too_and_leaves_the_refresher() -> None:
    talk = Talk()
    talk.network.run(800)
    before = len(talk.network.log)
    talk.alice.hold(talk.here)
    assert "Session-Expires: 1800;refresher=uas" in talk.sent(talk.alice, "INVITE")[-1]
    talk.network.run(800)
    assert talk.since(before) == ["INVITE", "<200", "ACK"]
    talk.network.run(200)
    assert talk.since(before)[3:] == ["<UPDATE", "200"]


@pytest.mark.parametrize("who", [0, 1])
def test_one_that_is_gone_without_a_word_ends_the_call_at_the_other(who: int) -> None:
    """The one refreshes and gets no answer; the other waits for a refresh, and no longer than §10 has it."""
    talk = Talk()
    one, other = (talk.bob, talk.alice) if who else (talk.alice, talk.bob)
    talk.network.lose = lambda data: True
    began = talk.network.now
    while other.agent.calls and talk.network.now < 2000:
        talk.network.run(1)
    lasted = talk.network.now - began
    (ended,) = other.of(Ended)
    assert isinstance(ended, Ended)
    if other is talk.bob:
        assert 900 <= lasted <= 1000
        assert ended.reason == f"no answer from {one.hop}"
    else:
        assert 1760 <= lasted <= 1810
        assert ended.reason == "the far end refreshed the call no more"


def restarted(party: Party) -> None:
    """It forgets everything."""
    fresh = Parties().everybody[0].agent.__class__(party.hop, party.name, random.Random(9))
    fresh.add_account(party.account)
    party.agent = party.network.add(fresh)


@pytest.mark.parametrize("how", ["hold", "digit", "refresh"])
def test_one_that_starts_anew_in_a_call_ends_it_at_the_other(how: str) -> None:
    talk = Talk()
    restarted(talk.alice)
    if how == "hold":
        talk.bob.hold(talk.there)
    elif how == "digit":
        talk.bob.agent.send_digit_info(talk.there, "1", talk.network.now)
    else:
        talk.network.run(1000)
    talk.network.run(1)
    (ended,) = talk.bob.of(Ended)
    assert isinstance(ended, Ended)
    assert "481" in ended.reason
    assert not talk.bob.agent.calls
    assert not talk.alice.agent.calls


def test_one_that_starts_anew_while_it_is_answered_leaves_nothing_behind() -> None:
    """Nobody acknowledges: a response to a request that was forgotten is nobody's, and a BYE ends it."""
    parties = Parties()
    parties.bob.on_incoming = lambda _call: None
    parties.alice.call(parties.bob)
    restarted(parties.alice)
    parties.bob.answer(parties.bob.calls[0])
    parties.network.run(40)
    assert parties.between(parties.alice, parties.bob)[-2:] == ["<BYE", "481"]
    assert not parties.bob.agent.calls


def test_a_lossy_network_does_not_end_a_session() -> None:
    talk = Talk(rng=random.Random(3), loss=0.4, duplication=0.2, jitter=0.3)
    talk.network.run(20000)
    assert talk.alice.of(Ended) == talk.bob.of(Ended) == []
    talk.alice.hang_up(talk.here)
    talk.network.run(100)
    talk.assert_nothing_is_left()


# --- message by message


class Up(Stage):
    """A call of ours that is up; `headers` are those of the 2xx."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.invite = self.calling()
        (self.ack,) = self.accepted(self.invite, headers)
        self.told()

    def accepted(
        self, invite: bytes, headers: Mapping[str, str], now: float = 0.0
    ) -> list[Request | Response]:
        return self.receive(response(invite, 200, tag="a", body=SDP, headers={**CONTACT, **headers}), now)

    def at(self, when: float) -> list[Request]:
        """The requests that are sent until then."""
        while self.bob.deadline is not None and self.bob.deadline <= when:
            self.bob.tick(self.bob.deadline)
        return [message for message in self.sent() if isinstance(message, Request)]

    def answers(self, to: Request, code: int, now: float, **headers: str) -> list[Request]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = self.receive(response(bytes(to), code, headers=named), now)
        return [message for message in sent if isinstance(message, Request)]


def test_a_far_end_without_timers_is_refreshed_and_gone_when_it_does_not_answer() -> None:
    up = Up({})
    assert up.at(899) == []
    (refresh,) = up.at(900)
    assert refresh.method == "INVITE"
    assert "m=audio" in refresh.body.decode()
    assert refresh.headers["Session-Expires"] == "1800;refresher=uac"
    (ack,) = up.accepted(bytes(refresh), {}, 900.0)
    assert isinstance(ack, Request)
    versions = [re.search(rb"o=- \d+ (\d+)", message)[1] for message in (up.invite, refresh.body)]  # type: ignore[index]
    assert versions[0] == versions[1], "the description is the one that was"
    assert up.told() == []
    (refresh,) = (each for each in up.at(1800) if each.method == "INVITE")
    sent = up.at(1840)
    assert sent[-1].method == "BYE"
    assert up.told() == [Ended("c", "no answer from 192.0.2.101:5060")]


@pytest.mark.parametrize("code", [488, 500, 405, 403, 503, 603])
def test_a_far_end_without_timers_that_refuses_is_there_after_all(code: int) -> None:
    up = Up({})
    (refresh,) = up.at(900)
    up.answers(refresh, code, 900.0)
    assert up.at(1799) == []
    assert up.told() == [], "nobody asked for a change"
    (refresh,) = up.at(1800)
    assert refresh.method == "INVITE"


@pytest.mark.parametrize("code", [408, 481])
@pytest.mark.parametrize("headers", [{}, UPDATES, {"Session-Expires": "1800;refresher=uac", **UPDATES}])
def test_a_far_end_that_knows_nothing_of_the_call(headers: dict[str, str], code: int) -> None:
    up = Up(headers)
    (refresh,) = up.at(900)
    assert refresh.method == ("UPDATE" if "Allow" in headers else "INVITE")
    sent = up.answers(refresh, code, 900.0)
    assert sent[-1].method == "BYE"
    assert [type(event) for event in up.told()] == [Ended]


@pytest.mark.parametrize("code", [405, 501, 420])
def test_an_update_that_is_unknown_after_all(code: int) -> None:
    up = Up({"Session-Expires": "600;refresher=uac", **UPDATES})
    (update,) = up.at(300)
    assert (update.method, update.headers["Contact"]) == ("UPDATE", "<sip:192.0.2.201:5060>")
    (invite,) = up.answers(update, code, 300.0)
    assert invite.method == "INVITE"
    up.accepted(bytes(invite), {"Session-Expires": "600;refresher=uac"}, 300.0)
    (invite,) = up.at(600)
    assert invite.method == "INVITE", "not tried again"


def test_a_refused_refresh_is_tried_again_and_ends_in_time() -> None:
    up = Up({"Session-Expires": "600;refresher=uac", **UPDATES})
    moments = []
    for second in range(300, 569):
        for update in up.at(second):
            if update.method == "UPDATE":
                moments.append(second)
                up.answers(update, 500, second)
            else:
                assert (update.method, second) == ("BYE", 568), "600 less 32 s (§10)"
    assert moments[0] == 300
    assert 4 <= len(set(moments)) <= 8
    assert up.told() == [Ended("c", "the far end let the call be refreshed no more")]


def test_a_far_end_that_refreshes() -> None:
    up = Up({"Session-Expires": "90;refresher=uas", "Require": "timer"})
    assert up.at(59) == []
    in_time = {"Session-Expires": "90;refresher=uac", **TIMERS}
    from_there = {"From": up.ack.headers["To"], "To": up.ack.headers["From"]}
    from_there |= {"Call-ID": up.ack.headers["Call-ID"], "CSeq": "1 UPDATE"}
    (ok,) = up.receive(request("UPDATE", "sip:192.0.2.201:5060", headers={**in_time, **from_there}), 59.0)
    assert isinstance(ok, Response)
    assert (ok.code, ok.headers["Session-Expires"]) == (200, "90;refresher=uac")
    assert up.at(118) == []
    (bye,) = up.at(119)
    assert bye.method == "BYE", "90 less a third"
    assert up.told() == [Ended("c", "the far end refreshed the call no more")]


def test_422_to_the_invite() -> None:
    stage = Stage()
    invite = stage.calling()
    ack, again = stage.receive(response(invite, 422, tag="p", headers={"Min-SE": "3600"}))
    assert isinstance(again, Request)
    assert (again.headers["Session-Expires"], again.headers["Min-SE"]) == ("3600", "3600")
    assert again.headers["CSeq"] == "2 INVITE"
    assert stage.told() == []
    stage.receive(response(bytes(again), 200, tag="a", body=SDP, headers=CONTACT))
    assert isinstance(stage.told()[-1], Answered)
    assert isinstance(ack, Request)


@pytest.mark.parametrize("least", ["", "90", "1800", "x", "999999999"])
def test_422_that_leaves_nothing_to_ask_for(least: str) -> None:
    stage = Stage()
    stage.receive(response(stage.calling(), 422, tag="p", headers={"Min-SE": least}))
    (failed,) = stage.told()
    assert isinstance(failed, Failed)
    assert failed.code == 422


def test_422_to_a_hold_and_to_a_refresh() -> None:
    up = Up({"Session-Expires": "1800;refresher=uac", **UPDATES})
    up.bob.hold("c", 10.0)
    (hold,) = up.at(10)
    sent = up.answers(hold, 422, 10.0, Min_SE="2000")
    assert [message.method for message in sent] == ["ACK", "INVITE"]
    assert sent[1].headers["Session-Expires"] == "2000;refresher=uac"
    assert b"a=sendonly" in sent[1].body
    agreed = {**UPDATES, "Session-Expires": "2000;refresher=uac"}
    up.receive(response(bytes(sent[1]), 200, body=SDP, headers=agreed), 10.0)
    (update,) = up.at(1010)
    assert update.method == "UPDATE"
    (again,) = up.answers(update, 422, 1010.0, Min_SE="4000")
    assert again.headers["Min-SE"] == "4000"
    assert not any(isinstance(event, ChangeRefused) for event in up.told())


# --- as the server


@pytest.mark.parametrize(
    ("asked", "answered", "required"),
    [
        ({}, "1800;refresher=uas", False),
        ({**TIMERS}, "1800;refresher=uas", True),
        ({"Require": "timer", "Session-Expires": "900"}, "900;refresher=uas", True),
        ({**TIMERS, "Session-Expires": "900;refresher=uac"}, "900;refresher=uac", True),
        ({**TIMERS, "Session-Expires": "900;refresher=uas"}, "900;refresher=uas", True),
        ({**TIMERS, "x": "900;refresher=uac"}, "900;refresher=uac", True),
        ({**TIMERS, "Session-Expires": "7200"}, "1800;refresher=uas", True),
        ({**TIMERS, "Session-Expires": "7200", "Min-SE": "3600"}, "3600;refresher=uas", True),
        ({"Session-Expires": "30"}, "90;refresher=uas", False),
        ({"Session-Expires": "30;refresher=uac"}, "90;refresher=uas", False),
    ],
)
def test_what_is_answered(asked: dict[str, str], answered: str, required: bool) -> None:
    """Table 2 of §9."""
    stage = Stage()
    stage.receive(request(body=SDP, headers=asked))
    (call,) = stage.bob.calls
    stage.bob.answer(call, SOUND, 0.0)
    (accepted,) = stage.sent()
    assert accepted.headers["Session-Expires"] == answered
    assert ("Require" in accepted.headers.keys()) == required  # noqa: SIM118 - no mapping


def test_too_small_an_interval_is_refused_without_a_trace() -> None:
    stage = Stage()
    (refused,) = stage.receive(request(body=SDP, headers={**TIMERS, "Session-Expires": "89"}))
    assert isinstance(refused, Response)
    assert (refused.code, refused.headers["Min-SE"]) == (422, "90")
    assert stage.bob.layer.idle
    assert stage.told() == []


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_too_small_an_interval_in_a_call(method: str) -> None:
    stage = Stage()
    call, tag = stage.talking()
    (refused,) = stage.receive(within(method, tag, 2, SDP, {**TIMERS, "Session-Expires": "60"}))
    assert isinstance(refused, Response)
    assert (refused.code, refused.headers["Min-SE"]) == (422, "90")
    assert call in stage.bob.calls


def test_who_is_called_refreshes_by_re_invite_where_update_is_not_allowed() -> None:
    stage = Stage()
    _, tag = stage.talking()
    stage.bob.tick(899)
    assert stage.sent() == []
    stage.bob.tick(900)
    (refresh,) = stage.sent()
    assert isinstance(refresh, Request)
    assert refresh.method == "INVITE"
    stage.bob.receive(response(bytes(refresh), 491), ALICE, 900.0)
    stage.sent()
    stage.bob.tick(905)
    (refresh,) = (each for each in stage.sent() if isinstance(each, Request))
    assert refresh.method == "INVITE", "glare is tried again"
    assert tag in refresh.headers["From"]


def test_a_re_invite_of_theirs_while_a_refresh_waits() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.bob.tick(900)
    (refresh,) = stage.sent()
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP), 900.0)
    assert isinstance(answer, Response)
    assert answer.code == 491
    stage.receive(response(bytes(refresh), 200, body=SDP), 901.0)
    assert stage.told() == []
    assert call in stage.bob.calls


def test_no_timer_is_left_of_a_call_that_is_over() -> None:
    up = Up({"Session-Expires": "1800;refresher=uac", **UPDATES})
    up.bob.hang_up("c", 1.0)
    (bye,) = up.at(1)
    up.answers(bye, 200, 1.0)
    up.at(100)
    assert up.bob.deadline is None
    assert up.bob.layer.idle


def test_an_account_that_wants_no_refresh() -> None:
    """Where the far end wants one it gets one."""
    for asked in ({}, {"Session-Expires": "600;refresher=uas", **TIMERS}):
        stage = Stage()
        stage.bob.add_account(Account(1, "bob", "192.0.2.201", refresh=0))
        stage.receive(request(body=SDP, headers=asked))
        (call,) = stage.bob.calls
        stage.bob.answer(call, SOUND, 0.0)
        (accepted,) = stage.sent()
        tag = accepted.headers["To"].partition("tag=")[2]
        stage.receive(within("ACK", tag, 1))
        while stage.bob.deadline is not None and stage.bob.deadline < 2000:
            stage.bob.tick(stage.bob.deadline)
        assert ("Session-Expires" in accepted.headers.keys()) == bool(asked)  # noqa: SIM118 - no mapping
        refreshes = [message for message in stage.sent() if isinstance(message, Request)]
        assert bool(refreshes) == bool(asked)
        if asked:
            assert refreshes[0].headers["Session-Expires"] == "600;refresher=uac"


def test_an_account_with_an_interval_of_its_own() -> None:
    stage = Stage()
    account = Account(5, "bob", "192.0.2.201", refresh=600)
    stage.bob.add_account(account)
    stage.bob.invite("c", account, "sip:alice@192.0.2.101", SOUND, 0.0)
    (invite,) = stage.sent()
    assert invite.headers["Session-Expires"] == "600"
