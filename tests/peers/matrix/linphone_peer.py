"""Debian's linphonec, driven by its prompt."""

import os
import re

from ..ports import free_port
from ..program import Program
from ..tones import write_tone
from ..waiting import until
from .bench import Bench, called, number
from .peer import GIVES_UP, USER, Fault, Telephone, Wish

CONFIG = """\
[sip]
sip_port={port}
sip_tcp_port={tcp_port}
sip_tls_port=0
use_ipv6={ipv6}
bind_address={host}
contact="Lin" <sip:{user}@{at}:{port}>
media_encryption={encryption}
media_encryption_mandatory={mandatory}
use_info={info}
use_rfc2833={events}
100rel_support_level={reliable}
incoming_calls_early_media={early}
session_expires_enabled={timer}
session_expires_value={refresh}
[rtp]
audio_rtp_port={sound_port}
[sound]
local_ring={said}
remote_ring={said}
[misc]
history_max_size=0
{codecs}
"""
CODEC = "[audio_codec_{number}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled={enabled}\n"
CODECS = {
    "opus": ("opus", 48000, 2),
    "pcmu": ("PCMU", 8000, 1),
    "pcma": ("PCMA", 8000, 1),
    "g722": ("G722", 8000, 1),
}

CALLED = r"Receiving new incoming call from "
TALKING = r"Call \d+ with \S+ connected\."
OVER = r"Call \d+ with \S+ (?:ended|error)"

NO_SERVER = "it has no setting for the certificate that it would show"
CANNOT = {
    "OPTIONS": "it has no command that asks",
    "register": "a user agent, no registrar",
    "TLS, the right CA": NO_SERVER,
    "TLS, a wrong CA": NO_SERVER,
    "TLS, no CA": NO_SERVER,
}
FAULTS = {
    "attended transfer by the peer": Fault(
        "its Refer-To names the target without the port that it called, and not its Contact; that leads "
        "nowhere without a proxy",
        "linphonec's: RFC 5589 §7.1",
    ),
    "SRTP, optional here and there": Fault(
        "called with a=crypto in RTP/AVP it answers without keys, and the call is in the clear",
        "nobody's: RFC 8643 §3 lets an end take no notice",
    ),
    "glare": Fault(
        GIVES_UP,
        "linphonec's: RFC 3261 §14.1 says that it should",
    ),
}


def srtp_here_only(bench: Bench) -> None:
    """It takes keys that are offered, whatever its settings say, and offers none."""
    phone, peer = bench.phone(";srtp=required"), bench.peer()
    assert called(phone, peer)["srtp"]
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_over()
    peer.dial(number(phone))
    peer.until_over()


OWN = {"SRTP, required here and none there": srtp_here_only}


class LinphonePeer(Telephone):
    name = "linphonec"
    made_by = "debian:linphone-cli"
    quick = "call out"
    how = "a user agent (liblinphone, belle-sip), driven by its prompt"
    cannot = CANNOT
    own = OWN
    faults = FAULTS

    def __init__(self, bench: Bench, wish: Wish) -> None:
        super().__init__(bench, wish)
        self._port, self._tcp_port, self._sound_port = free_port(), free_port(), free_port()
        self._running: Program | None = None
        self._heard = 0

    def start(self) -> None:
        wish = self.wish
        directory = self.bench.directory("linphonec")
        # It keeps its data where these folders are, and does nothing without them.
        for folder in (".local/share/linphone", ".config/linphone"):
            (directory / folder).mkdir(parents=True)
        said = directory / "said.wav"
        write_tone(said, 440, 60)
        configuration = CONFIG.format(
            port=self._port,
            tcp_port=self._tcp_port,
            sound_port=self._sound_port,
            host=wish.host,
            at=f"[{wish.host}]" if ":" in wish.host else wish.host,
            ipv6=int(":" in wish.host),
            user=USER,
            encryption="none" if wish.srtp == "no" else "srtp",
            mandatory=int(wish.srtp == "required"),
            info=int(wish.dtmf == "info"),
            events=int(wish.dtmf == "rtp"),
            reliable=2 if wish.reliable else 1,
            early=int(wish.early),
            timer=int(bool(wish.refresh)),
            refresh=wish.refresh or 0,
            said=said,
            codecs="".join(
                CODEC.format(
                    number=number,
                    mime=mime,
                    rate=rate,
                    channels=channels,
                    enabled=int(wish.codec in {"", name}),
                )
                for number, (name, (mime, rate, channels)) in enumerate(CODECS.items())
            ),
        )
        (directory / "rc").write_text(configuration)
        program = self.bench.require("linphonec")
        command = ["stdbuf", "-oL", program, "-c", str(directory / "rc")]
        environ = os.environ | {"HOME": str(directory)}
        self._running = self.bench.stack.enter_context(Program(command, directory, environ, told=True))
        self._heard = 0
        if ":" not in wish.host:
            self.tell("ipv6 disable")
        self.tell("soundcard use files")
        self.program.until_printed("Using wav files instead of soundcard.")
        self.tell(f"play {said.name}")
        if wish.early:
            self.tell(f"ringback {said.name}")

    def die(self) -> None:
        self.program.kill()

    @property
    def program(self) -> Program:
        assert self._running is not None
        return self._running

    def tell(self, line: str) -> None:
        """And wait until it has been read: its prompt repeats it, up to 80 columns."""
        before = self.program.printed.count(f"> {line}\n")
        self.program.tell(line)
        until(lambda: self.program.printed.count(f"{line}\n") > before, f"linphonec to read {line!r}")

    def until_printed(self, pattern: str) -> None:
        """The next such line; what was before it is passed over."""

        def look() -> bool:
            found = re.compile(pattern).search(self.program.printed, self._heard)
            if found:
                self._heard = found.end()
            assert self.program.running, f"linphonec ended:\n{self.program.printed}"
            return found is not None

        try:
            until(look, f"linphonec's {pattern!r}")
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{self.program.printed}") from None

    @property
    def ids(self) -> list[str]:
        """Of its calls, the newest last."""
        begun = re.findall(r"assigned id (\d+)", self.program.printed)
        over = re.findall(r"Call (\d+) with \S+ (?:ended|error)", self.program.printed)
        return [each for each in begun if each not in over]

    @property
    def uri(self) -> str:
        host = f"[{self.wish.host}]" if ":" in self.wish.host else self.wish.host
        if self.wish.transport == "tcp":
            return f"sip:{USER}@{host}:{self._tcp_port};transport=tcp"
        return f"sip:{USER}@{host}:{self._port}"

    def dial(self, uri: str) -> None:
        self.tell(f"call {uri}")

    def until_called(self) -> None:
        self.until_printed(CALLED)

    def answer(self) -> None:
        self.tell(f"answer {self.ids[-1]}")

    def until_talking(self) -> None:
        self.until_printed(TALKING)

    def hang_up(self) -> None:
        self.tell(f"terminate {self.ids[-1]}")

    def until_over(self) -> None:
        self.until_printed(OVER)

    def hold(self) -> None:
        self.tell("pause")

    def resume(self) -> None:
        # Before it has its answer it would lose this.
        self.until_printed("is now paused")
        self.tell(f"resume {self.ids[-1]}")

    def press(self, digit: str) -> None:
        self.tell(digit)

    def until_pressed(self, digit: str) -> None:
        self.until_printed(f"Receiving tone {re.escape(digit)} ")

    def transfer(self, uri: str) -> None:
        self.tell(f"transfer {self.ids[-1]} {uri}")

    def consult(self, uri: str) -> None:
        self.hold()
        self.until_printed("is now paused")
        self.dial(uri)

    def join(self) -> None:
        first, second = self.ids[-2:]
        self.tell(f"transfer {first} --to-call {second}")
