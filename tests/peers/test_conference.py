"""A conference by tones: three far ends with a codec each, and the spectrum of what each of them hears."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from . import baresip as baresip_module
from . import scripted
from .baresip import LONGEST_CALL, Baresip
from .far_end import FarEnd
from .offhook_phone import Phone
from .ports import HOST
from .scripted import Play, Script
from .tones import (
    SPAN,
    SPANS,
    Pcm,
    from_a_law,
    from_g722,
    repeated,
    spectrum,
    to_a_law,
    to_g722,
    tone,
    tones,
    write_tone,
)
from .waiting import until

pytestmark = pytest.mark.peer

play = scripted.play

LISTENED = SPAN * (SPANS + 1)
"""Seconds; the first of the spans is the decoder's to settle."""
WAV_HEADER = 44
LOUDNESS = 1
"""Decibels by which what is heard may differ from what was said."""


class Party(NamedTuple):
    """Says a tone; `heard` are the samples it heard so far, of the last seconds at least."""

    frequency: int
    rate: int
    heard: Callable[[], Pcm]

    def until_it_hears(self, *others: "Party") -> None:
        """Wait until these tones and no others are in what it hears, and each as loud as it was said."""
        wanted = {each.frequency for each in others}

        def look() -> bool:
            heard = self.heard()
            if len(heard) < LISTENED * self.rate or tones(heard, self.rate) != wanted:
                return False
            levels = spectrum(heard, self.rate)
            return all(abs(levels[each]) < LOUDNESS for each in wanted)

        until(look, f"{self.frequency} Hz to hear {sorted(wanted)}")


def by_hand(
    stack: ExitStack,
    frequency: int,
    payload_type: int,
    rate: int,
    encode: Callable[[Pcm], bytes],
    decode: Callable[[bytes], Pcm],
) -> tuple[FarEnd, Party]:
    far_end = stack.enter_context(FarEnd(payload_type, repeated(encode(tone(frequency, rate, 1)))))

    def heard() -> Pcm:
        packets = far_end.heard[-round(LISTENED * 50) :]
        return decode(b"".join(packet.payload for packet in packets if packet.payload_type == payload_type))

    return far_end, Party(frequency, rate, heard)


def by_baresip(baresip: Baresip, frequency: int) -> Party:
    write_tone(baresip.directory / "said.wav", frequency, LONGEST_CALL)

    def heard() -> Pcm:
        for path in baresip.directory.glob("dump-*-dec.wav"):
            if time.time() - path.stat().st_mtime > LISTENED:
                # What comes while it is held it does not decode.
                return np.zeros(round(LISTENED * 8000), np.int16)
            octets = path.read_bytes()[WAV_HEADER:]
            return np.frombuffer(octets[: len(octets) // 2 * 2], np.int16)[-round(LISTENED * 8000) :]
        return np.empty(0, np.int16)

    return Party(frequency, 8000, heard)


@pytest.fixture
def recording_baresip(
    require_peer: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Baresip]:
    """Keeps what it has decoded in a file."""
    recording = "module sndfile.so\nsnd_path {directory}\n"
    monkeypatch.setattr(baresip_module, "CONFIG", baresip_module.CONFIG + recording)
    with Baresip(require_peer("baresip"), tmp_path / "baresip") as running:
        yield running


def test_three_codecs(phone: Phone, play: Play, recording_baresip: Baresip, stack: ExitStack) -> None:
    """PCMA, which calls; G.722 and PCMU, which are called. Each hears the two others, and not itself."""
    baresip = recording_baresip
    a_law_end, a_law = by_hand(stack, 700, 8, 8000, to_a_law, from_a_law)
    g722_end, g722 = by_hand(stack, 1000, 9, 16000, to_g722, from_g722)
    mu_law = by_baresip(baresip, 440)

    caller = Script.calling().is_answered()
    for direction in ("recvonly", "sendrecv") * 3:
        caller.is_changed(direction)
    first = play(caller.is_hung_up_on(), to=phone.sip, user="1001", codecs="8", sound_port=a_law_end.port)
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")

    callee = Script.called().ring().answer()
    for direction in ("recvonly", "sendrecv") * 2:
        callee.is_changed(direction)
    second = play(callee.is_hung_up_on(), codecs="9", sound_port=g722_end.port)
    phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{second.port}")
    phone.until_page("talking")
    phone.do("action=Conference")
    phone.until_page("conference")
    a_law.until_it_hears(g722)
    g722.until_it_hears(a_law)

    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    phone.do("action=Conference")
    joined = phone.until_page("conference")
    assert [(each["state"], each["conference"]) for each in joined["calls"]] == [("talking", True)] * 3
    a_law.until_it_hears(g722, mu_law)
    g722.until_it_hears(a_law, mu_law)
    mu_law.until_it_hears(a_law, g722)

    phone.do("action=Hold")
    assert {each["state"] for each in phone.state()["calls"]} == {"held"}
    for party in (a_law, g722, mu_law):
        party.until_it_hears()
    # Once it was held, Debian's baresip decodes nothing more; that it is heard again is what can be known.
    phone.do("action=UnHold")
    a_law.until_it_hears(g722, mu_law)
    g722.until_it_hears(a_law, mu_law)

    baresip.command("hangup")
    phone.until(lambda state: len(state["calls"]) == 2, "baresip to leave")
    a_law.until_it_hears(g722)
    g722.until_it_hears(a_law)
    phone.do("action=CallEnd")
    phone.until_idle()
    first.until_done()
    second.until_done()
