"""The rows of the matrix: what is tried with every peer that can do it.

A row says what is done at the phone and at the peer, and what must come of it at both ends.
"""

import re
from collections.abc import Mapping
from functools import partial

from ..offhook_phone import OffhookRun, Phone, call, lines
from ..ports import HOST, free_port
from ..waiting import until
from .bench import Bench, answered, called, dial, held_by_peer, number, ringing_there, talking
from .peer import USER, Row, Telephone, Transport, Wish

ANOTHER_LOOPBACK = "127.0.0.2"
OTHER = "1003"
"""The second phone of ours, where there are two."""
INTERVAL = 90
"""Seconds."""
HEARD = 20
"""Packets of sound that came since sound was agreed on."""


def carried(_message: str, _inward: bool) -> bool:
    """Nothing is kept."""
    return False


def over(phone: Phone, peer: Telephone) -> None:
    phone.until_idle()
    peer.until_over()


def hang_up(phone: Phone, peer: Telephone) -> None:
    phone.do("action=CallEnd")
    over(phone, peer)


def press(phone: Phone, keys: str) -> None:
    """Digits, and `T` for `action=Transfer`, `O` for `OK`."""
    for key in keys:
        phone.do({"T": "action=Transfer", "O": "keydown=OK"}.get(key, f"keydown={key}"))


# --- reached, and called


def options(bench: Bench) -> None:
    raise NotImplementedError("a row of sipsak's own")


def register(bench: Bench) -> None:
    raise NotImplementedError("a row of registrars' own")


def call_out(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    called(phone, peer)
    hang_up(phone, peer)


def call_in(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    peer.dial(number(phone))
    answered(phone)
    talking(phone, peer)
    peer.hang_up()
    over(phone, peer)


def refused_there(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    dial(phone, peer.uri)
    peer.until_called()
    peer.hang_up()
    over(phone, peer)


def refused_here(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    peer.dial(number(phone))
    phone.until_page("ringing")
    phone.do("keydown=Cancel")
    over(phone, peer)


# --- hold


def held_by_the_phone(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    called(phone, peer)
    for _ in range(2):
        phone.do("action=Hold")
        phone.until_page("held")
        phone.do("action=UnHold")
        phone.until_page("talking")
    hang_up(phone, peer)


def held_by_the_peer(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    called(phone, peer)
    for _ in range(2):
        peer.hold()
        held_by_peer(phone)
        peer.resume()
        held_by_peer(phone, held=False)
    hang_up(phone, peer)


# --- transfer


def two_phones(bench: Bench, *, first_dials_second: bool) -> tuple[Phone, Phone]:
    """The second is the target of a transfer, or is sent there; numbers of the first go to it."""
    second = bench.phone(user=OTHER)
    first = bench.phone(at=second.sip if first_dials_second else None)
    return first, second


def blind_by_the_peer(bench: Bench) -> None:
    phone, target = two_phones(bench, first_dials_second=False)
    peer = bench.peer()
    called(phone, peer)
    peer.transfer(number(target, user=OTHER))
    answered(target)
    phone.until(lambda state: len(state["calls"]) == 1 and call(state)["state"] == "talking", "the new call")
    peer.until_over()
    target.do("action=CallEnd")
    phone.until_idle()


def blind_of_the_peer(bench: Bench) -> None:
    phone, target = two_phones(bench, first_dials_second=True)
    peer = bench.peer()
    called(phone, peer)
    press(phone, f"T{OTHER}T")
    answered(target)
    phone.until_idle("transferred")
    hang_up(target, peer)


def blind_to_the_peer(bench: Bench) -> None:
    peer = bench.peer()
    phone, sent = bench.phone(at=port_of(peer)), bench.phone(user=OTHER)
    dial(phone, number(sent, user=OTHER))
    answered(sent)
    phone.until_page("talking")
    press(phone, f"T{USER}T")
    peer.until_called()
    peer.answer()
    phone.until_idle("transferred")
    talking(sent, peer)
    hang_up(sent, peer)


def attended_by_the_peer(bench: Bench) -> None:
    phone, target = two_phones(bench, first_dials_second=False)
    peer = bench.peer()
    called(phone, peer)
    peer.consult(number(target, user=OTHER))
    answered(target)
    peer.until_talking()
    held_by_peer(phone)
    peer.join()
    peer.until_over()
    until(lambda: "1001" in call(target.state())["remote"], "the target to have the phone")
    phone.until(lambda state: len(state["calls"]) == 1 and call(state)["state"] == "talking", "the new call")
    target.do("action=CallEnd")
    phone.until_idle()
    target.until_idle()


def attended_of_the_peer(bench: Bench) -> None:
    phone, target = two_phones(bench, first_dials_second=True)
    peer = bench.peer()
    called(phone, peer)
    press(phone, f"T{OTHER}O")
    answered(target)
    phone.until_page("talking")
    press(phone, "T")
    phone.until_idle("transferred")
    until(lambda: USER in call(target.state())["remote"], "the target to have the peer")
    hang_up(target, peer)


def attended_to_the_peer(bench: Bench) -> None:
    peer = bench.peer()
    phone, sent = bench.phone(at=port_of(peer)), bench.phone(user=OTHER)
    dial(phone, number(sent, user=OTHER))
    answered(sent)
    phone.until_page("talking")
    press(phone, f"T{USER}O")
    peer.until_called()
    peer.answer()
    talking(phone, peer)
    press(phone, "T")
    phone.until_idle("transferred")
    sent.until(lambda state: len(state["calls"]) == 1 and call(state)["state"] == "talking", "the new call")
    hang_up(sent, peer)


def port_of(peer: Telephone) -> int:
    return int(peer.uri.partition("@")[2].partition(";")[0].rpartition(":")[2])


# --- digits and sound


def digits_to_the_peer(bench: Bench, way: str) -> None:
    phone, peer = bench.phone(f";dtmf={way}"), bench.peer(Wish(dtmf="info" if way == "info" else "rtp"))
    called(phone, peer)
    for digit in "1#":
        phone.do("keydown=Pound" if digit == "#" else f"keydown={digit}")
        peer.until_pressed(digit)
    hang_up(phone, peer)


def digits_from_the_peer(bench: Bench, way: str) -> None:
    phone, peer = bench.phone(), bench.peer(Wish(dtmf="info" if way == "info" else "rtp"))
    called(phone, peer)
    heard(phone)
    for said in ("5", "5#"):
        peer.press(said[-1])
        phone.until(lambda state, said=said: call(state)["digits_received"] == said, f"the digits {said}")  # type: ignore[misc]
    hang_up(phone, peer)


def heard(phone: Phone) -> None:
    """Sound comes, and is understood."""
    began = phone.until(lambda state: call(state).get("quality"), "sound to be agreed on")
    before = call(began)["quality"]["received"]
    phone.until(lambda state: call(state)["quality"]["received"] >= before + HEARD, "sound")


def codec(bench: Bench, name: str) -> None:
    """Both ways of calling. The digits say that the peer hears."""
    phone, peer = bench.phone(f";codecs={name}"), bench.peer(Wish(codec=name))
    called(phone, peer)
    heard(phone)
    assert call(phone.state())["quality"]["codec"].lower() == name
    hang_up(phone, peer)
    peer.dial(number(phone))
    answered(phone)
    heard(phone)
    assert call(phone.state())["quality"]["codec"].lower() == name
    hang_up(phone, peer)


# --- transports


def over_transport(bench: Bench, transport: Transport) -> None:
    phone, peer = bench.phone(), bench.peer(Wish(transport=transport))
    called(phone, peer)
    hang_up(phone, peer)
    peer.dial(number(phone, f";transport={transport}"))
    answered(phone)
    talking(phone, peer)
    peer.hang_up()
    over(phone, peer)


def secured(bench: Bench) -> Telephone:
    shows = bench.authority.certificate(HOST)
    return bench.peer(Wish(transport="tls", certificate=shows, ca=bench.authority.file))


def tls(bench: Bench) -> None:
    """Each end shows a certificate and believes the other's CA."""
    port = free_port()
    phone = bench.phone(
        "", "--sip-tls-port", str(port), "--tls-ca", str(bench.authority.file),
        "--tls-certificate", str(bench.authority.certificate(HOST)),
    )  # fmt: skip
    peer = secured(bench)
    called(phone, peer)
    hang_up(phone, peer)
    peer.dial(f"sip:1001@{HOST}:{port};transport=tls")
    answered(phone)
    talking(phone, peer)
    peer.hang_up()
    over(phone, peer)


def tls_of_a_wrong_ca(bench: Bench) -> None:
    """The phone trusts another CA than that of the peer."""
    other = type(bench.authority)(bench.directory("other"), "Another CA")
    not_believed(bench, "--tls-ca", str(other.file))


def tls_without_a_ca(bench: Bench) -> None:
    """The phone trusts those of the system."""
    not_believed(bench)


def not_believed(bench: Bench, *options: str) -> None:
    phone, peer = bench.phone("", *options), secured(bench)
    status, text = phone.get(f"/fcgi/do?action=MakeCall&number={peer.uri}")
    assert status == 409
    assert "is from a CA that is not trusted here (--tls-ca)" in text


def ipv6(bench: Bench) -> None:
    phone, peer = bench.phone(host="::1"), bench.peer(Wish(host="::1"))
    called(phone, peer)
    hang_up(phone, peer)
    peer.dial(f"sip:1001@[::1]:{phone.sip}")
    answered(phone)
    talking(phone, peer)
    peer.hang_up()
    over(phone, peer)


# --- SRTP: what we want, what the peer wants, and whether the sound is encrypted; None: no call at all

Want = tuple[str, str, bool | None]


def srtp(bench: Bench, want: Want) -> None:
    ours, theirs, encrypted = want
    assert theirs in {"no", "optional", "required"}
    phone, peer = bench.phone(f";srtp={ours}"), bench.peer(Wish(srtp=theirs))  # type: ignore[arg-type]
    if encrypted is None:
        dial(phone, peer.uri)
        assert "488" in "".join(lines(phone.until_idle("488")))
        peer.dial(number(phone))
        over(phone, peer)
        return
    state = called(phone, peer)
    assert bool(state["srtp"]) is encrypted
    hang_up(phone, peer)
    peer.dial(number(phone))
    answered(phone)
    talking(phone, peer)
    assert bool(call(phone.state())["srtp"]) is encrypted
    hang_up(phone, peer)


# --- before the answer, and instead of it


def early_media(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer(Wish(early=True))
    dial(phone, peer.uri)
    phone.until(lambda state: state["calls"] and call(state)["early_media"], "early media")
    peer.answer()
    talking(phone, peer)
    hang_up(phone, peer)


def reliable_responses(bench: Bench) -> None:
    """The peer asks for them as callee and as caller, and without a PRACK there would be no answer."""
    phone, peer = bench.phone(), bench.peer(Wish(reliable=True))
    there, here = bench.gate(port_of(peer), carried), bench.gate(phone.sip, carried)
    dial(phone, f"sip:{USER}@{HOST}:{there.port}")
    peer.until_called()
    peer.answer()
    talking(phone, peer)
    hang_up(phone, peer)
    peer.dial(f"sip:1001@{HOST}:{here.port}")
    answered(phone)
    talking(phone, peer)
    hang_up(phone, peer)
    assert re.search(rb"(?im)^RSeq:", b"".join(there.said)), there.passed
    if any(b"\r\nRequire: 100rel" in each for each in here.said if each.startswith(b"INVITE")):
        assert re.search(rb"(?im)^RSeq:", b"".join(here.said)), here.passed


def given_up_by_the_phone_unheard(bench: Bench) -> None:
    """No response has come yet, so CANCEL waits for one (RFC 3261 §9.1)."""
    phone, peer = bench.phone(), bench.peer()
    gate = bench.gate(port_of(peer), lambda message, inward: not inward and message.endswith(" INVITE"))
    dial(phone, f"sip:{USER}@{HOST}:{gate.port}")
    peer.until_called()
    phone.do("action=CallEnd")
    assert "CANCEL" not in gate.passed
    gate.let_go()
    over(phone, peer)
    assert "CANCEL" in gate.passed
    gate.until_passed("487 INVITE")


def given_up_by_the_phone_ringing(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    dial(phone, peer.uri)
    ringing_there(phone)
    phone.do("action=CallEnd")
    over(phone, peer)


def given_up_by_the_phone_answered(bench: Bench) -> None:
    """The 200 is on its way: it is acknowledged, and the call ended by BYE (RFC 3261 §15)."""
    phone, peer = bench.phone(), bench.peer()
    gate = bench.gate(port_of(peer), lambda message, inward: message == "200 INVITE")
    dial(phone, f"sip:{USER}@{HOST}:{gate.port}")
    peer.until_called()
    ringing_there(phone)
    peer.answer()
    gate.until_kept("200 INVITE")
    phone.do("action=CallEnd")
    gate.until_passed("CANCEL")
    gate.let_go()
    over(phone, peer)


def given_up_by_the_peer_unheard(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    gate = bench.gate(phone.sip, lambda message, inward: not inward and message.endswith(" INVITE"))
    peer.dial(f"sip:1001@{HOST}:{gate.port}")
    phone.until_page("ringing")
    peer.hang_up()
    gate.let_go()
    over(phone, peer)


def given_up_by_the_peer_ringing(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    gate = bench.gate(phone.sip, carried)
    peer.dial(f"sip:1001@{HOST}:{gate.port}")
    phone.until_page("ringing")
    gate.until_passed("180 INVITE")
    peer.hang_up()
    over(phone, peer)


def given_up_by_the_peer_answered(bench: Bench) -> None:
    phone, peer = bench.phone(), bench.peer()
    gate = bench.gate(phone.sip, lambda message, inward: message == "200 INVITE")
    peer.dial(f"sip:1001@{HOST}:{gate.port}")
    phone.until_page("ringing")
    gate.until_passed("180 INVITE")
    phone.do("keydown=OK")
    gate.until_kept("200 INVITE")
    peer.hang_up()
    gate.until_passed("CANCEL")
    gate.let_go()
    over(phone, peer)


# --- in a call


def glare(bench: Bench) -> None:
    """Both put the call on hold at once, and both take it back: in the end both talk (RFC 3261 §14.1)."""
    phone, peer = bench.phone("", "--public-address", ANOTHER_LOOPBACK), bench.peer()
    held_back = False
    gate = bench.gate(
        phone.sip, lambda message, inward: held_back and message == "INVITE", (ANOTHER_LOOPBACK, phone.sip)
    )
    called(phone, peer)
    until(lambda: settled(gate.said), "the call to be settled")
    held_back = True
    peer.hold()
    gate.until_kept("INVITE")
    with peer.program.frozen():
        phone.do("action=Hold")
        gate.let_go()
        gate.until_passed("491 INVITE")
    phone.until_page("held")
    held_by_peer(phone)
    peer.resume()
    held_by_peer(phone, held=False)
    phone.do("action=UnHold")
    phone.until_page("talking")
    hang_up(phone, peer)


def settled(said: list[bytes]) -> bool:
    """No re-INVITE of the peer is under way, as far as was seen. Repeated messages are the same ones."""
    invites, acks = (sum(each.startswith(method) for each in set(said)) for method in (b"INVITE ", b"ACK "))
    return invites == acks


def the_peer_starts_anew(bench: Bench) -> None:
    """It says so as soon as the phone asks anything of the call, which then is over (RFC 3261 §12.2.1.2)."""
    phone, peer = bench.phone(), bench.peer()
    called(phone, peer)
    peer.die()
    peer.start()
    phone.do("action=Hold")
    phone.until_idle()
    called(phone, peer)
    hang_up(phone, peer)


def the_phone_starts_anew(bench: Bench) -> None:
    port = free_port()
    account = f"sip:1001@{HOST};register=no"
    first, peer = bench.run(account, sip_port=port), bench.peer()
    called(first.phone, peer)
    first.kill()
    phone: OffhookRun = bench.run(account, sip_port=port)
    peer.hang_up()
    peer.until_over()
    called(phone.phone, peer)
    hang_up(phone.phone, peer)


def session_timer(bench: Bench) -> None:
    """The peer asks for one, as caller, and has it."""
    phone, peer = bench.phone(), bench.peer(Wish(refresh=INTERVAL))
    gate = bench.gate(phone.sip, carried)
    peer.dial(f"sip:1001@{HOST}:{gate.port}")
    answered(phone)
    talking(phone, peer)
    hang_up(phone, peer)
    agreed = [each for each in gate.said if b"\r\nSession-Expires: %d" % INTERVAL in each]
    assert [each.split(b" ")[0] for each in agreed[:2]] == [b"INVITE", b"SIP/2.0"], gate.said


ROWS: Mapping[str, Row] = {
    "OPTIONS": options,
    "register": register,
    "call out": call_out,
    "call in": call_in,
    "refused by the peer": refused_there,
    "refused by the phone": refused_here,
    "hold and resume by the phone": held_by_the_phone,
    "hold and resume by the peer": held_by_the_peer,
    "blind transfer by the peer": blind_by_the_peer,
    "blind transfer of the peer": blind_of_the_peer,
    "blind transfer to the peer": blind_to_the_peer,
    "attended transfer by the peer": attended_by_the_peer,
    "attended transfer of the peer, which sends Replaces": attended_of_the_peer,
    "attended transfer to the peer, which takes Replaces": attended_to_the_peer,
    "digits to the peer, RFC 4733": partial(digits_to_the_peer, way="rtp"),
    "digits from the peer, RFC 4733": partial(digits_from_the_peer, way="rtp"),
    "digits to the peer, INFO": partial(digits_to_the_peer, way="info"),
    "digits from the peer, INFO": partial(digits_from_the_peer, way="info"),
    "PCMU": partial(codec, name="pcmu"),
    "PCMA": partial(codec, name="pcma"),
    "G.722": partial(codec, name="g722"),
    "Opus": partial(codec, name="opus"),
    "TCP": partial(over_transport, transport="tcp"),
    "TLS, the right CA": tls,
    "TLS, a wrong CA": tls_of_a_wrong_ca,
    "TLS, no CA": tls_without_a_ca,
    "SRTP, optional here and none there": partial(srtp, want=("optional", "no", False)),
    "SRTP, optional here and there": partial(srtp, want=("optional", "optional", True)),
    "SRTP, required here and there": partial(srtp, want=("required", "required", True)),
    "SRTP, required here and none there": partial(srtp, want=("required", "no", None)),
    "IPv6": ipv6,
    "early media": early_media,
    "100rel": reliable_responses,
    "given up by the phone before a response": given_up_by_the_phone_unheard,
    "given up by the phone while it rings": given_up_by_the_phone_ringing,
    "given up by the phone as it is answered": given_up_by_the_phone_answered,
    "given up by the peer before a response": given_up_by_the_peer_unheard,
    "given up by the peer while it rings": given_up_by_the_peer_ringing,
    "given up by the peer as it is answered": given_up_by_the_peer_answered,
    "glare": glare,
    "the peer starts anew in a call": the_peer_starts_anew,
    "the phone starts anew in a call": the_phone_starts_anew,
    "session timer": session_timer,
}
