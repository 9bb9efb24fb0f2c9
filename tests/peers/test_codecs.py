"""Each codec by itself with baresip, both ways; digits in each of the ways an account may ask for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from offhook.sound.opus_library import libopus

from . import baresip as baresip_module
from . import scripted
from .baresip import LONGEST_CALL, Baresip
from .far_end import FarEnd
from .offhook_phone import OffhookRun, Phone, State, call
from .ports import HOST
from .scripted import Play, Script, from_phone
from .tones import Pcm, from_a_law, repeated, spectrum, to_a_law, tone, tones, write_tone
from .waiting import until

pytestmark = pytest.mark.peer

play = scripted.play

ALL = "opus,g722,pcma,pcmu"
SPOKEN = {"PCMU": "PCMU/8000/1", "PCMA": "PCMA/8000/1", "G722": "G722/16000/1", "OPUS": "opus/48000/2"}
"""As baresip calls them."""

needs_opus = pytest.mark.skipif(libopus() is None, reason="libopus is not installed")
EACH = [pytest.param(name, marks=[needs_opus] if name == "OPUS" else []) for name in SPOKEN]

PACKETS = 60
SAID = 440
"""Hertz."""


@pytest.fixture
def speaking(
    require_peer: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> Callable[[str], Baresip]:
    """A baresip that has one codec, and says a tone in it."""

    def start(name: str) -> Baresip:
        modules = "module g722.so\nmodule opus.so\n"
        monkeypatch.setattr(baresip_module, "CONFIG", baresip_module.CONFIG + modules)
        account = baresip_module.ACCOUNT.replace("\n", f";audio_codecs={SPOKEN[name]}\n")
        monkeypatch.setattr(baresip_module, "ACCOUNT", account)
        baresip = stack.enter_context(Baresip(require_peer("baresip"), tmp_path / "baresip"))
        # What it says has to be a file at the codec's own rate.
        _, rate, channels = SPOKEN[name].split("/")
        path = baresip.directory / "said.wav"
        write_tone(path, SAID, LONGEST_CALL, rate=int(rate), channels=int(channels))
        return baresip

    return start


def talks_well(phone: Phone, name: str) -> None:
    def well(state: State) -> bool:
        quality = call(state)["quality"]
        return quality is not None and quality["received"] > PACKETS

    quality = call(phone.until(well, f"{PACKETS} packets"))["quality"]
    assert (quality["codec"], quality["lost"], quality["loss"]) == (name, 0, 0)
    assert quality["mos"] > 4
    told = phone.until(
        lambda state: call(state)["quality"]["remote_jitter"] is not None, "baresip's report", seconds=15
    )
    assert call(told)["quality"]["remote_mos"] > 4


@pytest.mark.parametrize("name", EACH)
def test_the_one_codec_that_baresip_has(
    run_phone: Callable[..., OffhookRun], speaking: Callable[[str], Baresip], name: str
) -> None:
    phone = run_phone("--account", f"sip:1001@{HOST};register=no;codecs={ALL}").phone
    baresip = speaking(name)
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    talks_well(phone, name)
    phone.do("keydown=7")
    baresip.until_pressed("7")
    phone.do("action=CallEnd")
    assert baresip.until_counted().received > PACKETS / 2

    baresip.command("dial", f"sip:1001@{HOST}:{phone.sip}")
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")
    talks_well(phone, name)
    phone.do("action=CallEnd")
    phone.until_idle()


@needs_opus
def test_baresips_opus_is_heard_by_who_has_none(
    run_phone: Callable[..., OffhookRun], speaking: Callable[[str], Baresip], play: Play, stack: ExitStack
) -> None:
    """A conference of baresip and one that knows nothing but PCMA, both of whom say a tone."""
    phone = run_phone("--account", f"sip:1001@{HOST};register=no;codecs={ALL}").phone
    baresip = speaking("OPUS")
    far_end = stack.enter_context(FarEnd(8, repeated(to_a_law(tone(700, 8000, 1)))))
    script = Script.calling().is_answered().is_changed("recvonly").is_changed("sendrecv").is_hung_up_on()
    peer = play(script, to=phone.sip, user="1001", codecs="8", sound_port=far_end.port)
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    phone.do("action=Conference")
    phone.until_page("conference")

    def hears_baresip() -> bool:
        heard = from_a_law(b"".join(packet.payload for packet in far_end.heard[-75:]))
        return (
            len(heard) >= 75 * 160 and tones(heard, 8000) == {SAID} and abs(spectrum(heard, 8000)[SAID]) < 1
        )

    until(hears_baresip, f"{SAID} Hz, and nothing else")
    phone.do("action=CallEnd")
    peer.until_done()


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    with FarEnd(8, repeated(bytes([0xD5]) * 160)) as running:
        yield running


MODES = ("auto", "rtp", "info", "inband")
TONES = (697, 770, 852, 941, 1209, 1336, 1477, 1633)


@pytest.mark.parametrize("mode", MODES)
def test_digits_go_as_the_account_asks(
    run_phone: Callable[..., OffhookRun], play: Play, far_end: FarEnd, mode: str
) -> None:
    """To one who takes PCMA and telephone-events."""
    phone = run_phone("--account", f"sip:1001@{HOST};register=no;dtmf={mode}").phone
    script = Script.calling().is_answered()
    if mode == "info":
        script.cue().cue()
    peer = play(script.is_hung_up_on(), to=phone.sip, user="1001", codecs="8 101", sound_port=far_end.port)
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")
    far_end.until_heard(5)
    for key in ("5", "Pound"):
        phone.do(f"keydown={key}")
    far_end.until_heard(50)
    phone.do("action=CallEnd")
    peer.until_done()

    events = [packet.payload[0] for packet in far_end.heard if packet.payload_type == 101]
    infos = [message.body.splitlines()[0] for message in from_phone(peer, "INFO")]
    sound = from_a_law(b"".join(packet.payload for packet in far_end.heard if packet.payload_type == 8))
    assert list(dict.fromkeys(events)) == ([5, 11] if mode in {"auto", "rtp"} else [])
    assert infos == (["Signal=5", "Signal=#"] if mode == "info" else [])
    assert pairs(sound) == ([{770, 1336}, {941, 1477}] if mode == "inband" else [])


def pairs(sound: Pcm) -> list[set[int]]:
    """The tones of each digit, by spans of 60 ms well within one."""
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > 1000)
    found: list[set[int]] = []
    while len(loud):
        span = sound[loud[0] + 160 : loud[0] + 640].astype(np.float64) * np.hanning(480)
        levels = {
            each: abs(np.dot(span, np.exp(-2j * np.pi * each * np.arange(480) / 8000))) for each in TONES
        }
        found.append(set(sorted(TONES, key=lambda each: levels[each])[-2:]))
        loud = loud[loud > loud[0] + 8 * 130]
    return found
