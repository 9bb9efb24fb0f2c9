"""Debian's baresip."""

from ..baresip import LONGEST_CALL, MODULES, ControlledBaresip
from ..ports import HOST, free_port
from ..tones import write_tone
from .bench import Bench
from .peer import USER, Telephone, Wish

CONFIG = """
module_path {modules}
sip_listen {bound}:{port}
net_interface {interface}
ctrl_tcp_listen {host}:{control}
audio_source aufile,{directory}/said.wav
audio_player aufile,{directory}/heard.wav
audio_alert aufile,{directory}/alert.wav
rtcp_enable yes
{tls}
module g711.so
module g722.so
module opus.so
module aufile.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""
CODECS = {"pcmu": "PCMU/8000/1", "pcma": "PCMA/8000/1", "g722": "G722/16000/1", "opus": "opus/48000/2"}
ENCRYPTION = {"no": "", "optional": ";mediaenc=srtp", "required": ";mediaenc=srtp-mand"}
NO_REPLACES = "baresip 1.0 knows no Replaces: neither it nor libre has the word"

CANNOT = {
    "OPTIONS": "it has no command that asks",
    "register": "a user agent, no registrar",
    "attended transfer by the peer": "its menu has only the blind one",
    "attended transfer of the peer, which sends Replaces": NO_REPLACES,
    "attended transfer to the peer, which takes Replaces": NO_REPLACES,
    "100rel": "libre 2 knows neither PRACK nor 100rel",
    "session timer": "libre 2 knows no Session-Expires",
}


class BaresipPeer(Telephone):
    name = "baresip"
    made_by = "debian:baresip-core"
    quick = "call out"
    how = "a user agent, driven through its ctrl_tcp module"
    cannot = CANNOT

    def __init__(self, bench: Bench, wish: Wish) -> None:
        super().__init__(bench, wish)
        self._port = free_port()
        self._running: ControlledBaresip | None = None

    def start(self) -> None:
        control, wish = free_port(), self.wish
        directory = self.bench.directory("baresip")
        directory.mkdir(parents=True)
        at = f"[{wish.host}]" if ":" in wish.host else wish.host
        config = CONFIG.format(
            modules=MODULES,
            host=HOST,
            bound=at,
            interface=wish.host,
            port=self._port,
            control=control,
            directory=directory,
            tls=f"sip_certificate {wish.certificate}\nsip_cafile {wish.ca}" if wish.certificate else "",
        )
        (directory / "config").write_text(config)
        (directory / "accounts").write_text(f"<sip:{USER}@{at}:{self._port}>;{self._parameters()}\n")
        (directory / "contacts").touch()
        # It says a file only at the rate of its codec.
        _, rate, channels = CODECS[wish.codec or "pcmu"].split("/")
        write_tone(directory / "said.wav", 440, LONGEST_CALL, rate=int(rate), channels=int(channels))
        program = self.bench.require("baresip")
        self._running = self.bench.stack.enter_context(ControlledBaresip(program, directory, control))

    def _parameters(self) -> str:
        wish = self.wish
        codec = f";audio_codecs={CODECS[wish.codec]}" if wish.codec else ""
        answers = "early" if wish.early else "manual"
        dtmf = ";dtmfmode=info" if wish.dtmf == "info" else ""
        return f"regint=0;answermode={answers}{codec}{dtmf}{ENCRYPTION[wish.srtp]}"

    def die(self) -> None:
        self.program.kill()

    @property
    def program(self) -> ControlledBaresip:
        assert self._running is not None
        return self._running

    @property
    def uri(self) -> str:
        host = f"[{self.wish.host}]" if ":" in self.wish.host else self.wish.host
        match self.wish.transport:
            case "tls":
                # Its TLS is at the port after that of UDP and TCP.
                return f"sip:{USER}@{host}:{self._port + 1};transport=tls"
            case "tcp":
                return f"sip:{USER}@{host}:{self._port};transport=tcp"
            case _:
                return f"sip:{USER}@{host}:{self._port}"

    def dial(self, uri: str) -> None:
        self.program.command("dial", uri)

    def until_called(self) -> None:
        self.program.until_event("CALL_INCOMING")

    def answer(self) -> None:
        self.program.command("accept")

    def until_talking(self) -> None:
        self.program.until_event("CALL_ESTABLISHED")

    def hang_up(self) -> None:
        self.program.command("hangup")
        self.program.until_carried_out()

    def until_over(self) -> None:
        self.program.until_event("CALL_CLOSED")

    def hold(self) -> None:
        self.program.command("hold")

    def resume(self) -> None:
        self.program.command("resume")

    def press(self, digit: str) -> None:
        self.program.command("sndcode", digit)

    def until_pressed(self, digit: str) -> None:
        self.program.until_pressed(digit)

    def transfer(self, uri: str) -> None:
        self.program.command("transfer", uri)
