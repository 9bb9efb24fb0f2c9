"""Whatever arrives: the user agent never raises, and keeps no state of what it refused."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.sip import Account
from offhook.sip.events import ReferReceived
from offhook.sip.hop import Hop

from .message_text import SDP, request, response
from .test_user_agent import ALICE, BOB, SOUND, Stage, within

REFER_TO = "<sip:c@192.0.2.77;method=INVITE?Replaces=1%40x%3Bto-tag%3Db%3Bfrom-tag%3Dc&Require=replaces>"
FRAGMENT = {
    "Event": "refer",
    "Subscription-State": "terminated;reason=noresource",
    "Content-Type": "message/sipfrag;version=2.0",
}
SUMMARY = {"Event": "message-summary", "Content-Type": "application/simple-message-summary"}

VALID = [
    request(body=SDP),
    request(body=SDP, headers={"Record-Route": '<sip:a;lr>, "x, y" <sip:b;lr>', "Expires": "30"}),
    request("OPTIONS"),
    request("BYE"),
    request("CANCEL"),
    request("ACK"),
    within("INFO", "TAG", 2, "Signal=5\r\nDuration=160", {"Content-Type": "application/dtmf-relay"}),
    within("INVITE", "TAG", 2, SDP + "a=sendonly\r\n"),
    within("INVITE", "TAG", 2),
    within("UPDATE", "TAG", 2, SDP + "a=inactive\r\n"),
    within("REFER", "TAG", 2, headers={"Refer-To": REFER_TO, "Referred-By": "<sip:b@x>;cid=1"}),
    within("NOTIFY", "TAG", 2, "SIP/2.0 200 OK\r\n", FRAGMENT),
    within("NOTIFY", "TAG", 2, "Messages-Waiting: yes\r\nVoice-Message: 1/2\r\n", SUMMARY),
    request("NOTIFY", body="Messages-Waiting: yes\r\nVoice-Message: 1/2\r\n", headers=SUMMARY),
    request("NOTIFY", headers={"Event": "check-sync;reboot=true"}),
    request(body=SDP, headers={"Replaces": "3848276298220188511@192.0.2.101;to-tag=TAG;from-tag=9fxced76sl"}),
    request(body=SDP, headers={"Call-Info": "<sip:x>;answer-after=0", "Alert-Info": "info=alert-autoanswer"}),
    within("BYE", "TAG", 3, headers={"Reason": 'SIP;cause=200;text="Call completed elsewhere"'}),
    within("ACK", "TAG", 1, SDP),
]
PIECES = [
    b'\r\n', b'\r\n\r\n', b'\r\n ', b':', b';', b',', b'<', b'>', b'"', b'\\', b'=', b'%', b'%0d%0a',
    b'@', b'[', b']', b'?', b'sip:', b'tel:', b'\x00', b'\xff', b' ', b'\t', b';tag=',
    b';branch=z9hG4bK', b';self=1', b';rport', b';lr', b'Via: ', b'v:', b'To: ', b'Contact: *',
    b'Require: x', b'Content-Length: ', b'l: 0', b'99999999999999999999', b'-1', b'SIP/2.0', b'INVITE',
    b'CSeq: 1 INVITE', b'\xd9\xa1', b'Record-Route: ', b'WWW-Authenticate: Digest ',
]  # fmt: skip

edits = st.lists(
    st.tuples(
        st.integers(0, 2000), st.integers(0, 40), st.one_of(st.sampled_from(PIECES), st.binary(max_size=8))
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for position, length, piece in changes:
        at = position % (len(data) + 1)
        data = data[:at] + piece + data[at + length :]
    return data


def let_all_time_pass(stage: Stage) -> None:
    for _ in range(2000):
        while stage.bob.wanted:
            name = stage.bob.wanted.pop(0)
            if len(name.host) % 2:
                stage.bob.located(name, [ALICE], 1.0)
            else:
                stage.bob.not_located(name, "it has no address", 1.0)
        deadline = stage.bob.deadline
        if deadline is None:
            return
        stage.bob.tick(deadline)
        stage.bob.outbox.clear()
    raise AssertionError("timers without end")


@given(st.binary(max_size=400))
def test_random_bytes_do_nothing(data: bytes) -> None:
    stage = Stage()
    stage.bob.receive(data, ALICE, 0.0)
    assert not stage.bob.outbox
    assert stage.bob.layer.idle
    assert not stage.bob.calls


@given(st.sampled_from(VALID), edits, st.sampled_from([ALICE, Hop("TCP", "2001:db8::1", 40000)]))
def test_mutated_requests_never_raise_and_what_is_refused_leaves_nothing(
    data: bytes, changes: list[tuple[int, int, bytes]], source: Hop
) -> None:
    stage = Stage()
    stage.bob.receive(mutated(data, changes), source, 0.0)
    if not stage.bob.events:
        assert not stage.bob.calls
        assert stage.bob.layer.idle
    for call in list(stage.bob.calls):
        stage.bob.answer(call, SOUND, 0.0)
    let_all_time_pass(stage)
    assert not stage.bob.calls
    assert stage.bob.layer.idle
    assert not stage.bob.dialogs


@given(st.lists(st.tuples(st.sampled_from(VALID), edits), max_size=4), st.booleans())
def test_a_call_that_is_up_survives_or_ends(
    messages: list[tuple[bytes, list[tuple[int, int, bytes]]]], mutate: bool
) -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.bob.refer(call, "sip:carol@192.0.2.77", 0.5)
    for number, (data, changes) in enumerate(messages):
        data = data.replace(b"TAG", tag.encode())  # noqa: PLW2901 - the dialog's own tag
        stage.bob.receive(mutated(data, changes) if mutate else data, ALICE, 1.0)
        if any(isinstance(event, ReferReceived) for event in stage.told()):
            stage.bob.accept_refer(call, f"followed {number}", None, SOUND, 1.0)
        if number == 1 and call in stage.bob.calls:
            stage.bob.hold(call, 1.0)
        stage.bob.outbox.clear()
    if call in stage.bob.calls:
        stage.bob.hang_up(call, 2.0)
    for other in list(stage.bob.calls):
        stage.bob.hang_up(other, 2.0)
    let_all_time_pass(stage)
    assert not stage.bob.calls
    assert not stage.bob.dialogs


@given(
    st.lists(
        st.tuples(
            st.sampled_from([100, 180, 183, 200, 302, 401, 407, 486]),
            st.sampled_from("ab"),
            st.booleans(),
            edits,
        ),
        max_size=5,
    )
)
def test_mutated_responses_never_raise_and_every_call_ends(
    answers: list[tuple[int, str, bool, list[tuple[int, int, bytes]]]],
) -> None:
    stage = Stage()
    account = Account(5, "bob", "192.0.2.101", password="x")
    stage.bob.add_account(account)
    stage.bob.invite("c", account, "alice", SOUND, 0.0)
    invite = stage.bob.outbox[0].data
    for code, tag, mutate, changes in answers:
        headers = {
            "Contact": "<sip:alice@192.0.2.101>",
            "Record-Route": "<sip:p1;lr>",
            "WWW-Authenticate": 'Digest realm="r", nonce="n"',
        }
        data = response(invite, code, tag=tag, body=SDP if code in {183, 200} else "", headers=headers)
        stage.bob.receive(mutated(data, changes) if mutate else data, ALICE, 0.0)
        invite = next((t.data for t in stage.bob.outbox[::-1] if t.data.startswith(b"INVITE")), invite)
    if "c" in stage.bob.calls:
        stage.bob.hang_up("c", 1.0)
    let_all_time_pass(stage)
    assert not stage.bob.calls
    assert stage.bob.layer.idle
    assert not stage.bob.dialogs
    assert stage.bob.contact == BOB
