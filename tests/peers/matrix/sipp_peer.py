"""SIPp, one scripted call for each row."""

import re
from urllib.parse import unquote

from ..offhook_phone import Phone, call, lines
from ..ports import HOST, free_port
from ..scripted import Script, from_phone, only, until_said
from ..sipp import Sipp
from .bench import Bench, answered, dial, held_by_peer, number, ringing_there
from .peer import USER, Peer
from .rows import ROWS, press

RELAY = {"Content-Type": "application/dtmf-relay"}
TIMERS = {"Supported": "timer", "Session-Expires": "90;refresher=uac"}


def play(bench: Bench, script: Script, **keys: object) -> Sipp:
    path = bench.directory("script")
    path.with_suffix(".xml").write_text(script.xml)
    return bench.stack.enter_context(Sipp(bench.require("sipp"), bench.directory("sipp"), str(path), **keys))  # type: ignore[arg-type]


def called(bench: Bench, script: Script, **keys: object) -> tuple[Phone, Sipp]:
    """The phone calls SIPp."""
    peer = play(bench, script, **keys)
    phone = bench.phone()
    dial(phone, f"sip:{USER}@{HOST}:{peer.port}")
    return phone, peer


def calling(bench: Bench, script: Script, phone: Phone | None = None, **keys: object) -> tuple[Phone, Sipp]:
    """SIPp calls the phone."""
    phone = phone or bench.phone()
    return phone, play(bench, script, to=phone.sip, user="1001", **keys)


def hang_up(phone: Phone, *peers: Sipp) -> None:
    phone.do("action=CallEnd")
    phone.until_idle()
    for peer in peers:
        peer.until_done()


def options(bench: Bench) -> None:
    _, peer = calling(bench, Script.asking("OPTIONS", {}).expect(200))
    peer.until_done()


def register(bench: Bench) -> None:
    """A registrar that takes whoever comes."""
    script = Script("", "", "", 0).expect("REGISTER", {"contact": "Contact"})
    peer = play(bench, script.respond(200, {"Contact": "[$contact];expires=600"}))
    phone = bench.run(f"sip:1001@{HOST}:{peer.port}").phone
    phone.until_account("registered")
    peer.until_done()


def call_out(bench: Bench) -> None:
    phone, peer = called(bench, Script.called().ring().answer().is_hung_up_on())
    phone.until_page("talking")
    hang_up(phone, peer)


def call_in(bench: Bench) -> None:
    phone, peer = calling(bench, Script.calling().is_answered().hang_up())
    phone.until_page("ringing")
    phone.do("keydown=OK")
    peer.until_done()
    phone.until_idle()


def refused_there(bench: Bench) -> None:
    phone, peer = called(bench, Script.called().ring().refuse(486))
    phone.until_idle("is busy")
    peer.until_done()


def refused_here(bench: Bench) -> None:
    phone, peer = calling(bench, Script.calling().is_refused(486))
    phone.until_page("ringing")
    phone.do("keydown=Cancel")
    phone.until_idle()
    peer.until_done()


def held_by_the_phone(bench: Bench) -> None:
    held = Script.called().ring().answer().is_changed("recvonly").is_changed("sendrecv")
    phone, peer = called(bench, held.is_hung_up_on())
    phone.until_page("talking")
    phone.do("action=Hold")
    phone.until_page("held")
    phone.do("action=UnHold")
    phone.until_page("talking")
    hang_up(phone, peer)
    directions = [message.direction for message in from_phone(peer, "INVITE")]
    assert directions == ["sendrecv", "sendonly", "sendrecv"]


def holds(bench: Bench) -> None:
    script = Script.calling().is_answered().change("sendonly").cue().change("sendrecv").is_hung_up_on()
    phone, peer = calling(bench, script)
    answered(phone)
    held_by_peer(phone)
    phone.do("keydown=1")
    held_by_peer(phone, held=False)
    hang_up(phone, peer)


def blind_by_the_peer(bench: Bench) -> None:
    target = bench.phone()
    script = Script.calling().is_answered().cue().refer(number(target)).expect(202)
    script.is_notified().is_changed("recvonly").is_notified().is_notified().hang_up()
    phone, peer = calling(bench, script)
    answered(phone)
    phone.do("keydown=1")
    answered(target)
    peer.until_done()
    phone.until(lambda state: len(state["calls"]) == 1, "the first call to end")
    told = [message.body for message in from_phone(peer, "NOTIFY")]
    assert told == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]
    target.do("action=CallEnd")
    phone.until_idle()


def sent_away(milliseconds: int = 0) -> Script:
    """So long it takes to get there."""
    script = Script.called().ring().answer().is_changed("recvonly").expect("REFER").respond(202)
    return (
        script.notify("100 Trying")
        .wait(milliseconds)
        .notify("200 OK", "terminated;reason=noresource")
        .is_hung_up_on()
    )


def blind_of_the_peer(bench: Bench) -> None:
    phone, peer = called(bench, sent_away())
    phone.until_page("talking")
    press(phone, "T1003T")
    phone.until_idle("transferred")
    peer.until_done()
    assert only(peer, "REFER").header("Refer-To") == f"<sip:1003@{HOST}>"


def target_script() -> Script:
    return Script.called().ring().answer().is_hung_up_on()


def blind_to_the_peer(bench: Bench) -> None:
    peer = play(bench, target_script())
    phone, sent = bench.phone(at=peer.port), bench.phone()
    dial(phone, number(sent))
    answered(sent)
    phone.until_page("talking")
    press(phone, f"T{USER}T")
    phone.until_idle("transferred")
    hang_up(sent, peer)


def attended_of_the_peer(bench: Bench) -> None:
    """One SIPp is sent to the target; another calls it as that says."""
    target = bench.phone()
    peer = play(bench, sent_away(2000))
    phone = bench.phone(at=target.sip)
    dial(phone, f"sip:{USER}@{HOST}:{peer.port}")
    phone.until_page("talking")
    press(phone, "T1001O")
    answered(target)
    phone.until_page("talking")
    [consulted] = target.state()["calls"]
    press(phone, "T")
    until_said(peer, "REFER")
    asked = re.fullmatch(r"<(.*)\?Replaces=(.*)>", only(peer, "REFER").header("Refer-To"))
    assert asked
    script = Script.calling({"Replaces": unquote(asked[2])}).is_answered().is_hung_up_on()
    _, second = calling(bench, script, target)
    target.until(
        lambda state: [each["id"] for each in state["calls"]] != [consulted["id"]], "the call to be replaced"
    )
    peer.until_done()
    phone.until_idle()
    hang_up(target, second)


def digits_to_the_peer(bench: Bench) -> None:
    phone, peer = called(bench, Script.called().ring().answer().cue().cue().is_hung_up_on())
    phone.until_page("talking")
    phone.do("keydown=5")
    phone.do("keydown=Pound")
    until_said(peer, "INFO", 2)
    hang_up(phone, peer)
    assert [message.body.split()[0] for message in from_phone(peer, "INFO")] == ["Signal=5", "Signal=#"]


def digits_from_the_peer(bench: Bench) -> None:
    script = Script.calling().is_answered().request("INFO", RELAY, "Signal=*\nDuration=160").expect(200)
    phone, peer = calling(bench, script.is_hung_up_on())
    answered(phone)
    phone.until(lambda state: call(state)["digits_received"] == "*", "the digit")
    hang_up(phone, peer)


def early_media(bench: Bench) -> None:
    phone, peer = called(bench, Script.called().progress(1, to="first").wait(500).answer(to="first"))
    phone.until(lambda state: state["calls"] and call(state)["early_media"], "early media")
    phone.until_page("talking")
    peer.until_done()


def reliable(bench: Bench) -> None:
    """SIPp requires it."""
    script = Script.calling({"Require": "100rel", "Supported": "100rel"}).expect(100, optional=True)
    script.expect(180, {"rseq": "RSeq"}).request("PRACK", {"RAck": "[$rseq] 1 INVITE"}).expect(200)
    phone, peer = calling(bench, script.expect(200).acknowledge().is_hung_up_on())
    until_said(peer, "200 PRACK")
    answered(phone)
    hang_up(phone, peer)


def given_up_unheard(bench: Bench) -> None:
    script = Script.called().wait(500).ring().expect("CANCEL").respond(200).refuse(487, to="first")
    phone, peer = called(bench, script)
    until_said(peer, "INVITE")
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_done()


def given_up_ringing(bench: Bench) -> None:
    phone, peer = called(bench, Script.called().ring().expect("CANCEL").respond(200).refuse(487, to="first"))
    ringing_there(phone)
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_done()


def given_up_answered(bench: Bench) -> None:
    """SIPp answers although the CANCEL has come: their ways have crossed."""
    script = Script.called().ring().expect("CANCEL").respond(200).answer(to="first").is_hung_up_on()
    phone, peer = called(bench, script)
    ringing_there(phone)
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_done()


def given_up_there(bench: Bench) -> None:
    script = Script.calling().expect(100, optional=True).expect(180).give_up().expect(200).expect(487)
    phone, peer = calling(bench, script.acknowledge(refused=True))
    phone.until_idle("missed")
    peer.until_done()


def given_up_there_answered(bench: Bench) -> None:
    """The 200 is on its way, and answers the call none the less: it is acknowledged and ended by BYE."""
    phone = bench.phone()
    gate = bench.gate(phone.sip, lambda message, inward: message == "200 INVITE")
    script = Script.calling().expect(100, optional=True).expect(180).wait(1000).give_up().expect(200)
    peer = play(bench, script.expect(200).acknowledge().hang_up(), to=gate.port, user="1001")
    phone.until_page("ringing")
    phone.do("keydown=OK")
    gate.until_kept("200 INVITE")
    gate.until_passed("CANCEL")
    gate.let_go()
    peer.until_done()
    phone.until_idle()


def by_tcp() -> dict[str, object]:
    port = free_port()
    return {"transport": "t1", "port": port, "contact_port": f"{port};transport=tcp"}


def tcp(bench: Bench) -> None:
    phone, caller = calling(bench, Script.calling().is_answered().is_hung_up_on(), **by_tcp())
    answered(phone)
    hang_up(phone, caller)
    called = play(bench, target_script(), **by_tcp())
    dial(phone, f"sip:{USER}@{HOST}:{called.port};transport=tcp")
    phone.until_page("talking")
    hang_up(phone, called)


def glare(bench: Bench) -> None:
    """SIPp refuses the phone's hold with 491 and holds itself; the phone asks again (RFC 3261 §14.1)."""
    script = Script.called().ring().answer().expect("INVITE").refuse(491).change("sendonly")
    phone, peer = called(bench, script.is_changed("inactive").is_hung_up_on())
    phone.until_page("talking")
    phone.do("action=Hold")
    held_by_peer(phone)
    phone.until_page("held")
    until_said(peer, "INVITE", 3)
    until_said(peer, "ACK", 3)
    hang_up(phone, peer)


def the_peer_starts_anew(bench: Bench) -> None:
    """It knows nothing of the call (RFC 3261 §12.2.1.2)."""
    script = Script.called().ring().answer().expect("INVITE").respond(481, again=True).expect("ACK")
    phone, peer = called(bench, script.expect("BYE").respond(481))
    phone.until_page("talking")
    phone.do("action=Hold")
    assert "481" in lines(phone.until_idle("is gone"))[0]
    peer.until_done()


def the_phone_starts_anew(bench: Bench) -> None:
    port, account = free_port(), f"sip:1001@{HOST};register=no"
    first = bench.run(account, sip_port=port)
    script = Script.calling().is_answered().wait(3000).request("BYE").expect(481)
    phone, peer = calling(bench, script, first.phone)
    answered(phone)
    until_said(peer, "200 INVITE")
    first.kill()
    bench.run(account, sip_port=port)
    peer.until_done()


def session_timer(bench: Bench) -> None:
    """SIPp asks for one and refreshes by UPDATE."""
    script = Script.calling(TIMERS).is_answered().request("UPDATE", TIMERS).expect(200).is_hung_up_on()
    phone, peer = calling(bench, script)
    answered(phone)
    for response in ("200 INVITE", "200 UPDATE"):
        (said,) = until_said(peer, response)
        assert said.header("Session-Expires") == "90;refresher=uac"
    hang_up(phone, peer)


OWN = {
    "OPTIONS": options,
    "register": register,
    "call out": call_out,
    "call in": call_in,
    "refused by the peer": refused_there,
    "refused by the phone": refused_here,
    "hold and resume by the phone": held_by_the_phone,
    "hold and resume by the peer": holds,
    "blind transfer by the peer": blind_by_the_peer,
    "blind transfer of the peer": blind_of_the_peer,
    "blind transfer to the peer": blind_to_the_peer,
    "attended transfer of the peer, which sends Replaces": attended_of_the_peer,
    "digits to the peer, INFO": digits_to_the_peer,
    "digits from the peer, INFO": digits_from_the_peer,
    "TCP": tcp,
    "early media": early_media,
    "100rel": reliable,
    "given up by the phone before a response": given_up_unheard,
    "given up by the phone while it rings": given_up_ringing,
    "given up by the phone as it is answered": given_up_answered,
    "given up by the peer while it rings": given_up_there,
    "given up by the peer as it is answered": given_up_there_answered,
    "glare": glare,
    "the peer starts anew in a call": the_peer_starts_anew,
    "the phone starts anew in a call": the_phone_starts_anew,
    "session timer": session_timer,
}

NO_SOUND = (
    "it plays recordings, and understands no sound; the row of the far end that speaks is another peer's"
)
ONE_CALL = "a scenario is one call, and this takes two of one peer that know of each other"
CANNOT = {
    **{row: NO_SOUND for row in ROWS if row not in OWN},
    "attended transfer by the peer": ONE_CALL,
    "attended transfer to the peer, which takes Replaces": ONE_CALL,
    "TLS, the right CA": "Debian builds it without TLS",
    "TLS, a wrong CA": "Debian builds it without TLS",
    "TLS, no CA": "Debian builds it without TLS",
}
CANNOT["IPv6"] = (
    "its scenarios here speak of IPv4 addresses; SIPp itself adds nothing to what the others say over IPv6"
)
CANNOT["given up by the peer before a response"] = (
    "a script waits for what it expects, and no caller may send CANCEL before (RFC 3261 §9.1)"
)
SRTP = "Debian builds it without TLS, and so without SRTP"
CANNOT |= {row: SRTP for row in ROWS if row.startswith("SRTP")}


class SippPeer(Peer):
    name = "SIPp"
    made_by = "debian:sip-tester"
    quick = "call in"
    how = "plays a call by a script, to the letter"
    own = OWN
    cannot = CANNOT
