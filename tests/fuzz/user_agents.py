"""A user agent in each state that a message may find it in, and what must hold when all is over."""

import random
import re
from collections.abc import Callable

from tests.sip.message_text import SDP, request, response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import Incoming, ReferReceived, Replacing

HERE = Hop("UDP", "192.0.2.201", 5060)
THERE = Hop("UDP", "192.0.2.101", 5060)
SOUND = LocalMedia(HERE.host, 3456)
BOB = Account(1, "bob", THERE.host, password="sesame")

Names = dict[bytes, bytes]
"""What a message has to name to belong to the state: TAG, BRANCH, CALLID."""


def _agent() -> UserAgent:
    agent = UserAgent(HERE, "offhook/fuzz", random.Random(1))
    agent.add_account(BOB)
    return agent


def _idle(_agent: UserAgent) -> Names:
    return {}


def _ringing(agent: UserAgent) -> Names:
    agent.receive(request(body=SDP), THERE, 0.0)
    (call,) = agent.calls
    agent.ring(call, 0.0)
    return {b"TAG": agent.calls[call].local_tag.encode()}


def _talking(agent: UserAgent) -> Names:
    names = _ringing(agent)
    (call,) = agent.calls
    agent.answer(call, SOUND, 0.0)
    headers = {"To": f"Bob <sip:bob@192.0.2.201>;tag={names[b'TAG'].decode()}", "CSeq": "1 ACK"}
    headers["Via"] = "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKack"
    agent.receive(request("ACK", headers=headers), THERE, 0.0)
    return names


def _transferring(agent: UserAgent) -> Names:
    names = _talking(agent)
    (call,) = agent.calls
    agent.refer(call, "sip:carol@192.0.2.77", 0.0)
    return names


def _calling(agent: UserAgent) -> Names:
    agent.invite("out", BOB, "sip:alice@192.0.2.101", SOUND, 0.0)
    return _of_request(agent.outbox[-1].data)


def _called(agent: UserAgent) -> Names:
    agent.invite("out", BOB, "sip:alice@192.0.2.101", SOUND, 0.0)
    invite = agent.outbox[-1].data
    answer = response(invite, 200, tag="them", body=SDP, headers={"Contact": "<sip:alice@192.0.2.101>"})
    agent.receive(answer, THERE, 0.0)
    return _of_request(invite)


def _registering(agent: UserAgent) -> Names:
    agent.register(BOB.id, 0.0)
    return _of_request(agent.outbox[-1].data)


STATES: tuple[Callable[[UserAgent], Names], ...] = (
    _idle,
    _ringing,
    _talking,
    _transferring,
    _calling,
    _called,
    _registering,
)


def _of_request(data: bytes) -> Names:
    found = [re.search(pattern, data) for pattern in (rb"branch=(\S+?);", rb"Call-ID: (\S+)", rb";tag=(\S+)")]
    return {
        name: match[1] if match else b""
        for name, match in zip((b"BRANCH", b"CALLID", b"TAG"), found, strict=True)
    }


def hear(data: bytes) -> None:
    """The first octet picks the state, 0xFF parts one message from the next."""
    agent = _agent()
    names = STATES[data[0] % len(STATES)](agent) if data else {}
    agent.events.clear()
    source = Hop("TCP", "2001:db8::1", 40000) if data[:1] >= b"\x80" else THERE
    story = data[1:]
    for name, value in names.items():
        story = story.replace(name, value)
    for number, message in enumerate(story.split(b"\xff", 3)):
        agent.receive(message, source, number / 10)
        _behave(agent, number / 10)
    _end(agent)


def _behave(agent: UserAgent, now: float) -> None:
    """As a phone would: answer, follow, let itself be replaced."""
    for event in agent.events:
        match event:
            case Incoming(call) if call in agent.calls:
                agent.answer(call, SOUND, now)
            case Replacing(call, replaced):
                agent.answer(call, SOUND, now)
                agent.hang_up(replaced, now)
            case ReferReceived(call) if call in agent.calls:
                agent.accept_refer(call, f"followed at {now}", BOB, SOUND, now)
    _look_up(agent, now)
    agent.events.clear()
    agent.outbox.clear()


def _look_up(agent: UserAgent, now: float) -> None:
    """A name that somebody made up is none; an address with a zero too many is a name."""
    while agent.wanted:
        agent.not_located(agent.wanted.pop(0), "no such name", now)


def _end(agent: UserAgent) -> None:
    """Hang up, let time pass with nobody there, and see that nothing is left."""
    agent.hang_up_all(1.0)
    agent.unregister(BOB.id, 1.0)
    _look_up(agent, 1.0)
    for _ in range(1000):
        deadline = agent.deadline
        if deadline is None:
            break
        agent.tick(deadline)
        _look_up(agent, deadline)
        agent.outbox.clear()
    assert agent.deadline is None, "timers without end"
    assert not agent.calls, "a call is left"
    assert agent.layer.idle, "a transaction is left"
    assert not agent.dialogs, "a dialog is left"
    assert not agent._calls._invited, "an INVITE is left"
    assert not agent.layer._shares, "somebody's share is left"
