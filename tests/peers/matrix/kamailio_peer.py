"""Kamailio: a registrar and proxy that asks for a digest and stays in the path, between phones of ours."""

from collections.abc import Callable

from ..kamailio import PASSWORD, Kamailio
from ..offhook_phone import OffhookRun, Phone, call, lines
from ..ports import HOST, free_port
from .bench import Bench, answered, dial, held_by_peer
from .peer import Peer
from .rows import ROWS, press

NO_SOUND = "sound does not pass it"
CARRIES = "a proxy has one part in it, which the row of the transfer of the peer tries"
NO_END = "a proxy is no end of a call"


class Exchange:
    """A Kamailio, and the phones that are registered there."""

    def __init__(self, bench: Bench, transport: str = "udp", host: str = HOST, **options: object) -> None:
        self._bench = bench
        self._transport = transport
        self._host = f"[{host}]" if ":" in host else host
        self.start(**options)

    def start(self, **options: object) -> None:
        directory = self._bench.directory("kamailio")
        program = self._bench.require("kamailio")
        self.kamailio = self._bench.stack.enter_context(Kamailio(program, directory, **options))  # type: ignore[arg-type]

    def run(self, number: int, *options: str, sip_port: int = 0, transport: str = "") -> OffhookRun:
        transport = transport or self._transport
        port = self.kamailio.tls_port if transport == "tls" else self.kamailio.port
        account = f"sip:{number}:{PASSWORD}@{self._host}:{port};transport={transport}"
        offhook = self._bench.run(account, *options, sip_port=sip_port)
        offhook.phone.until_account("registered")
        return offhook

    def phones(self, count: int = 2) -> list[Phone]:
        return [self.run(1001 + each).phone for each in range(count)]


def talk(caller: Phone, called: Phone, number: str = "1002") -> None:
    dial(caller, number)
    answered(called)
    caller.until_page("talking")


def end(first: Phone, second: Phone) -> None:
    first.do("action=CallEnd")
    first.until_idle()
    second.until_idle()


def register(bench: Bench) -> None:
    exchange = Exchange(bench)
    offhook = exchange.run(1001)
    assert len(exchange.kamailio.bindings("1001")) == 1
    offhook.terminate()
    assert offhook.exit_status() == 0
    assert exchange.kamailio.bindings("1001") == []


def call_by_caller(bench: Bench) -> None:
    first, second = Exchange(bench).phones()
    talk(first, second)
    end(first, second)


def call_by_called(bench: Bench) -> None:
    first, second = Exchange(bench).phones()
    talk(second, first, "1001")
    end(first, second)


def refused(bench: Bench) -> None:
    first, second = Exchange(bench).phones()
    dial(first, "1002")
    second.until_page("ringing")
    second.do("keydown=Cancel")
    first.until_idle("1002 is busy")
    second.until_idle()


def nobody(bench: Bench) -> None:
    [phone] = Exchange(bench).phones(1)
    dial(phone, "777")
    assert lines(phone.until_idle("777"))[0] == "777 is not a number there (404 Not Found)"


def hold(holder: int) -> Callable[[Bench], None]:
    def row(bench: Bench) -> None:
        phones = Exchange(bench).phones()
        talk(*phones)
        holding, held = phones[holder], phones[1 - holder]
        holding.do("action=Hold")
        held_by_peer(held)
        holding.do("action=UnHold")
        held_by_peer(held, held=False)
        end(*phones)

    return row


def blind(bench: Bench) -> None:
    first, second, target = Exchange(bench).phones(3)
    talk(first, second)
    press(first, "T1003T")
    answered(target)
    first.until_idle("transferred")
    end(target, second)


def attended(bench: Bench) -> None:
    first, second, target = Exchange(bench).phones(3)
    talk(first, second)
    press(first, "T1003O")
    answered(target)
    first.until_page("talking")
    press(first, "T")
    first.until_idle("transferred")
    target.until(lambda state: "1002" in call(state)["remote"], "the target to have the other")
    end(target, second)


def digits_by_info(bench: Bench) -> None:
    exchange = Exchange(bench)
    [first] = exchange.phones(1)
    port = exchange.kamailio.port
    second = bench.run(f"sip:1002:{PASSWORD}@{HOST}:{port};dtmf=info").phone
    second.until_account("registered")
    talk(first, second)
    second.do("keydown=7")
    first.until(lambda state: call(state)["digits_received"] == "7", "the digit")
    end(first, second)


def tcp(bench: Bench) -> None:
    """And from TCP to UDP and back."""
    exchange = Exchange(bench)
    first, second = exchange.run(1001, transport="tcp").phone, exchange.run(1002).phone
    talk(first, second)
    end(second, first)
    talk(second, first, "1001")
    end(second, first)


def trusting(bench: Bench) -> tuple[str, ...]:
    return "--tls-ca", str(bench.authority.file), "--sip-tls-port", str(free_port())


def tls(bench: Bench) -> None:
    exchange = Exchange(bench, "tls", certificate=bench.authority.certificate(HOST))
    first, second = (exchange.run(number, *trusting(bench)).phone for number in (1001, 1002))
    talk(first, second)
    end(first, second)


def not_believed(bench: Bench, *options: str) -> None:
    exchange = Exchange(bench, "tls", certificate=bench.authority.certificate(HOST))
    account = f"sip:1001:{PASSWORD}@{HOST}:{exchange.kamailio.tls_port};transport=tls"
    failed = bench.run(account, *options).phone.until_account("failed")
    assert "is from a CA that is not trusted here (--tls-ca)" in failed["reason"]
    assert exchange.kamailio.bindings("1001") == []


def tls_of_a_wrong_ca(bench: Bench) -> None:
    other = type(bench.authority)(bench.directory("other"), "Another CA")
    not_believed(bench, "--tls-ca", str(other.file))


def ipv6(bench: Bench) -> None:
    exchange = Exchange(bench, host="::1", ipv6=True)
    first, second = exchange.phones()
    talk(first, second)
    end(second, first)


def given_up_unheard(bench: Bench) -> None:
    """Kamailio hears of the call when it has been given up."""
    exchange = Exchange(bench)
    first, second = exchange.phones()
    with exchange.kamailio.frozen():
        first.get("/fcgi/do?action=MakeCall&number=1002")
        first.do("action=CallEnd")
    first.until_idle()
    second.until_idle()


def given_up_ringing(bench: Bench) -> None:
    first, second = Exchange(bench).phones()
    dial(first, "1002")
    second.until_page("ringing")
    first.do("action=CallEnd")
    first.until_idle()
    second.until_idle("missed")


def given_up_answered(bench: Bench) -> None:
    """CANCEL and 200 cross at the proxy."""
    exchange = Exchange(bench)
    first, second = exchange.phones()
    dial(first, "1002")
    second.until_page("ringing")
    first.until(lambda state: state["screen"]["title"] == "Ringing", "the other to ring")
    with exchange.kamailio.frozen():
        second.do("keydown=OK")
        first.do("action=CallEnd")
    first.until_idle()
    second.until_idle()


def glare(bench: Bench) -> None:
    """Both hold while Kamailio stands still, so their re-INVITEs cross."""
    exchange = Exchange(bench)
    phones = exchange.phones()
    talk(*phones)
    with exchange.kamailio.frozen():
        for phone in phones:
            phone.do("action=Hold")
    for phone in phones:
        held_by_peer(phone)
    for phone in phones:
        phone.do("action=UnHold")
    for phone in phones:
        held_by_peer(phone, held=False)
        phone.until_page("talking")
    end(*phones)


def proxy_starts_anew(bench: Bench) -> None:
    """The route that the call keeps leads to it again."""
    exchange = Exchange(bench)
    first, second = exchange.phones()
    talk(first, second)
    port = exchange.kamailio.port
    exchange.kamailio.stop()
    exchange.start(port=port)
    first.do("action=Hold")
    held_by_peer(second)
    end(second, first)


def phone_starts_anew(bench: Bench) -> None:
    exchange = Exchange(bench)
    port = free_port()
    first, [second] = exchange.run(1002, sip_port=port), exchange.phones(1)
    talk(second, first.phone)
    first.kill()
    again = exchange.run(1002, sip_port=port)
    second.do("action=CallEnd")
    second.until_idle()
    talk(second, again.phone)
    end(second, again.phone)


OWN = {
    "register": register,
    "call out": call_by_caller,
    "call in": call_by_called,
    "refused by the peer": nobody,
    "refused by the phone": refused,
    "hold and resume by the phone": hold(0),
    "hold and resume by the peer": hold(1),
    "blind transfer of the peer": blind,
    "attended transfer of the peer, which sends Replaces": attended,
    "digits from the peer, INFO": digits_by_info,
    "TCP": tcp,
    "TLS, the right CA": tls,
    "TLS, a wrong CA": tls_of_a_wrong_ca,
    "TLS, no CA": not_believed,
    "IPv6": ipv6,
    "given up by the phone before a response": given_up_unheard,
    "given up by the phone while it rings": given_up_ringing,
    "given up by the phone as it is answered": given_up_answered,
    "glare": glare,
    "the peer starts anew in a call": proxy_starts_anew,
    "the phone starts anew in a call": phone_starts_anew,
}

CANNOT = {
    **{row: NO_SOUND for row in ROWS if row not in OWN},
    "OPTIONS": "it asks only with modules that a plain registrar has not (nathelper, dispatcher)",
    "blind transfer by the peer": CARRIES,
    "blind transfer to the peer": CARRIES,
    "attended transfer by the peer": CARRIES,
    "attended transfer to the peer, which takes Replaces": CARRIES,
    "digits to the peer, INFO": "a proxy has one part in it, which the row of digits from the peer tries",
    "100rel": NO_END,
    "session timer": NO_END,
    "given up by the peer before a response": NO_END,
    "given up by the peer while it rings": NO_END,
    "given up by the peer as it is answered": NO_END,
}


class KamailioPeer(Peer):
    name = "Kamailio"
    made_by = "debian:kamailio"
    quick = "register"
    how = "a registrar and proxy that asks for a digest and records its route, between phones of ours"
    own = OWN
    cannot = CANNOT
