"""What holds, transfers and forwards between whole phones come to, at each of them."""

from offhook.phone.call import CallState
from offhook.phone.settings import Forwarding, ReferPolicy
from offhook.sip.media import Direction

from .desks import Desk, Office


class FirstLost:
    """Of the messages that begin so, as many as that never arrive."""

    def __init__(self, beginning: str, count: int) -> None:
        self.beginning = beginning.encode()
        self.left = count

    def __call__(self, data: bytes) -> bool:
        if not self.left or not data.startswith(self.beginning):
            return False
        self.left -= 1
        return True


def connect(office: Office, caller: Desk, callee: Desk) -> None:
    caller.dial(callee.number)
    office.run(1)
    callee.do("Answer")
    office.run(1)


def settle(office: Office) -> None:
    """Rests, and looks whether the ends agree."""
    office.run(10)
    office.look_at_rest()


def test_answered_and_held_at_once_is_held_once_a_lost_ack_has_come() -> None:
    with Office(2) as office:
        alice, bob = office.desks
        office.wire.lose = lose = FirstLost("ACK ", 3)
        alice.dial(bob.number)
        office.run(1)
        bob.do("Answer")
        bob.do("Hold")
        office.run(1)
        assert lose.left
        assert bob.with_(alice).state is CallState.HELD
        assert "INVITE" not in office.wire.ladder()[3:], "nothing is offered before the ACK"
        settle(office)
        assert not lose.left
        assert bob.direction(bob.with_(alice).id) is Direction.SENDONLY
        assert alice.with_(bob).held_by_peer
        office.clear()


def test_an_answered_call_can_be_transferred_before_its_ack_comes() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        alice.dial(bob.number)
        office.run(1)
        office.wire.lose = FirstLost("ACK ", 2)
        bob.do("Answer")
        bob.consult("Transfer", carol.number, "F1")
        office.run(5)
        carol.do("Answer")
        settle(office)
        assert not bob.phone.calls
        assert alice.with_(carol).state is carol.with_(alice).state is CallState.TALKING
        office.clear()


def test_who_takes_the_place_of_a_held_call_is_held() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        connect(office, carol, alice)
        alice.consult("Transfer", bob.number, "OK")
        office.run(1)
        bob.do("Answer")
        office.run(1)
        bob.do("Hold")
        office.run(1)
        alice.do("Transfer")
        settle(office)
        assert not alice.phone.calls
        call = bob.with_(carol)
        assert call.state is CallState.HELD
        assert bob.direction(call.id) is Direction.SENDONLY
        assert not bob.heard
        assert carol.with_(bob).held_by_peer
        assert carol.with_(bob).state is CallState.TALKING
        bob.do("UnHold")
        settle(office)
        assert bob.direction(call.id) is Direction.SENDRECV
        assert bob.heard == {call.id}
        office.clear()


def test_who_takes_the_place_of_a_talking_call_talks() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        connect(office, carol, alice)
        alice.consult("Transfer", bob.number, "OK")
        office.run(1)
        bob.do("Answer")
        office.run(1)
        alice.do("Transfer")
        settle(office)
        assert not alice.phone.calls
        assert bob.with_(carol).state is carol.with_(bob).state is CallState.TALKING
        assert bob.direction(bob.with_(carol).id) is Direction.SENDRECV
        office.clear()


def test_a_transfer_that_fails_leaves_both_ends_as_they_were() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        carol.phone.settings.dnd = True
        connect(office, alice, bob)
        alice.consult("Transfer", carol.number, "F1")
        settle(office)
        assert alice.with_(bob).state is CallState.HELD
        assert alice.with_(bob).transferring_to is None
        assert "486" in (alice.phone.notice or "")
        assert bob.with_(alice).state is CallState.TALKING
        assert bob.with_(alice).held_by_peer
        alice.do("UnHold")
        settle(office)
        assert alice.direction(alice.with_(bob).id) is Direction.SENDRECV
        office.clear()


def test_who_held_the_call_holds_it_still_when_the_target_could_not_be_reached() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        carol.phone.settings.dnd = True
        connect(office, alice, bob)
        bob.do("Hold")
        office.run(1)
        alice.consult("Transfer", carol.number, "F1")
        settle(office)
        assert bob.with_(alice).state is alice.with_(bob).state is CallState.HELD
        assert bob.direction(bob.with_(alice).id) is Direction.INACTIVE
        assert not bob.heard
        assert not alice.heard
        office.clear()


def test_a_transfer_that_fails_behind_a_conversation_leaves_it_alone() -> None:
    with Office(4) as office:
        alice, bob, carol, dave = office.desks
        connect(office, alice, bob)
        alice.consult("Transfer", carol.number, "F1")
        office.run(1)
        connect(office, dave, alice)
        talking = alice.with_(dave)
        carol.do("Reject")
        office.run(1)
        assert "was not transferred" in (alice.phone.notice or "")
        settle(office)
        assert alice.phone.focused is talking
        assert talking.state is CallState.TALKING
        assert alice.heard == {talking.id}
        assert alice.with_(bob).state is CallState.HELD
        assert bob.with_(alice).state is CallState.TALKING
        office.clear()


def test_a_call_that_is_forwarded_reaches_whom_it_is_forwarded_to() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        bob.phone.settings.forward[Forwarding.ALWAYS] = carol.number
        alice.dial(bob.number)
        office.run(2)
        assert not bob.phone.calls
        assert carol.phone.page == "ringing"
        carol.do("Answer")
        settle(office)
        assert alice.with_(carol).state is carol.with_(alice).state is CallState.TALKING
        office.clear()


def test_two_phones_that_forward_to_each_other_come_to_an_end() -> None:
    with Office(3) as office:
        alice, bob, carol = office.desks
        bob.phone.settings.forward[Forwarding.ALWAYS] = carol.number
        carol.phone.settings.forward[Forwarding.ALWAYS] = bob.number
        alice.dial(bob.number)
        settle(office)
        assert not any(desk.phone.calls for desk in office.desks)
        office.clear()


def test_who_hangs_up_on_a_transfer_that_was_asked_for_is_gone_at_the_other_end_too() -> None:
    """The NOTIFY that says so may not overtake the BYE, which would then be refused for its CSeq."""
    with Office(3) as office:
        alice, bob, carol = office.desks
        bob.phone.settings.refer = ReferPolicy.ASK
        connect(office, alice, bob)
        alice.consult("Transfer", carol.number, "F1")
        office.run(5)
        office.wire.lose = FirstLost("BYE ", 1)
        bob.do("CallEnd")
        settle(office)
        assert not alice.phone.calls
        office.clear()


def test_a_call_that_gets_no_port_leaves_nothing_behind() -> None:
    with Office(2, legs=1) as office:
        alice, bob = office.desks
        connect(office, alice, bob)
        alice.dial("1009")
        assert list(alice.phone.calls) == [alice.with_(bob).id]
        assert all(call in alice.phone.calls for _, call in alice.running if call is not None)
        settle(office)
        office.clear()
