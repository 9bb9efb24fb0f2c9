"""A telephone on aiosipua and aiortp, told what to do line by line; see driven_peer.py."""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiortp import RTPSession
from aiosipua import IncomingCall, SipUAC, SipUAS
from aiosipua.dialog import DialogState
from aiosipua.outgoing_call import OutgoingCall
from aiosipua.refer import notify_refer
from aiosipua.sdp_negotiate import build_sdp, negotiate_sdp
from aiosipua.transport import TcpSipTransport, UdpSipTransport

WISH = json.loads(sys.argv[1])
HOST, PORT = WISH["host"], WISH["port"]
WHERE = f"[{HOST}]" if ":" in HOST else HOST
CODECS = {"pcmu": (0, "PCMU", 0xFF), "pcma": (8, "PCMA", 0xD5), "g722": (9, "G722", 0x00)}
TAKEN = [CODECS[WISH["codec"]][0]] if WISH["codec"] else [0, 8, 9]
EVENT = 101


def address(uri: str) -> tuple[str, int]:
    where = uri.rpartition("@")[2].partition(";")[0].partition("?")[0]
    host, _, port = where.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass
class Line:
    """One call, whoever made it."""

    dialog: Any
    to: tuple[str, int]
    port: int
    incoming: IncomingCall | None = None
    outgoing: OutgoingCall | None = None
    sound: RTPSession | None = None
    speaking: asyncio.Task[None] | None = None
    answer: Any = field(default=None)
    sent_by: IncomingCall | None = None
    """Who transferred us here."""


class Telephone:
    def __init__(self) -> None:
        kind = TcpSipTransport if WISH["transport"] == "tcp" else UdpSipTransport
        self.transport = kind(local_addr=(HOST, PORT))
        refresh = WISH["refresh"] or None
        self.uac = SipUAC(self.transport)
        self.uas = SipUAS(self.transport, uac=self.uac, session_expires=refresh)
        self.uas.on_invite = self.called
        self.uas.on_reinvite = self.changed
        self.uas.on_bye = lambda call, _: self.gone(call.call_id)
        self.uas.on_cancel = lambda request, _: self.gone(request.call_id)
        self.uas.on_refer = self.sent_away
        self.uas.on_transfer_progress = self.transferred
        self.lines: dict[str, Line] = {}
        self.ports = iter(range(PORT + 2, PORT + 40, 2))

    @property
    def newest(self) -> Line:
        return list(self.lines.values())[-1]

    async def run(self) -> None:
        await self.uas.start()
        print("ready")
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := (await reader.readline()).decode().strip():
            verb, _, argument = line.partition(" ")
            try:
                await getattr(self, verb)(*([argument] if argument else []))
            except (ValueError, RuntimeError, IndexError) as error:
                print(f"error {verb}: {error!r}")
            print(f"did {verb}")

    # --- what it hears

    def called(self, call: IncomingCall) -> None:
        if call.sdp_offer is None or call.sdp_offer.audio.proto != "RTP/AVP":
            call.reject(488)
            return
        port = next(self.ports)
        answer, _ = negotiate_sdp(call.sdp_offer, HOST, port, TAKEN, EVENT)
        self.lines[call.call_id] = Line(call.dialog, call.source_addr, port, incoming=call, answer=answer)
        call.ringing(early_sdp=answer if WISH["early"] else None, reliable=WISH["reliable"])
        print("called")

    def changed(self, call: IncomingCall) -> None:
        answer, _ = negotiate_sdp(call.sdp_offer, HOST, self.lines[call.call_id].port, TAKEN, EVENT)
        call.accept(answer)

    def sent_away(self, call: IncomingCall, target: str) -> None:
        task(self.dial(unquote(target), sent_by=call))

    def transferred(self, call_id: str, status: int, _reason: str) -> None:
        if status == 200:
            self.end(self.lines[call_id])

    def gone(self, call_id: str | None) -> None:
        line = self.lines.pop(call_id or "", None)
        if line is not None and line.speaking is not None:
            line.speaking.cancel()
        if line is not None and not self.lines:
            print("over")

    async def speak(self, line: Line, offer: Any, payload_type: int) -> None:
        line.sound = await RTPSession.create(
            local_addr=(HOST, line.port),
            remote_addr=offer.rtp_address,
            payload_type=payload_type,
            clock_rate=8000,
            dtmf_payload_type=EVENT,
        )
        line.sound.on_dtmf = lambda digit, _: print(f"digit {digit}")
        [silence] = [octet for number, _, octet in CODECS.values() if number == payload_type]
        while True:
            line.sound.send_audio_auto(bytes([silence]) * 160)
            await asyncio.sleep(0.02)

    # --- what it is told

    async def dial(self, uri: str, sent_by: IncomingCall | None = None) -> None:
        number, name, _ = CODECS[WISH["codec"] or "pcmu"]
        port = next(self.ports)
        to = address(uri)
        if isinstance(self.transport, TcpSipTransport):
            await self.transport.connect(to)
        me = f"sip:{WISH['user']}@{WHERE}:{PORT}"
        offer = build_sdp(HOST, port, number, name, 8000, EVENT)
        call = self.uac.send_invite(me, uri, to, offer, session_expires=WISH["refresh"] or None)
        line = Line(call.dialog, to, port, outgoing=call, sent_by=sent_by)
        self.lines[call.call_id] = line
        call.on_rejected = lambda *_: self.gone(call.call_id)

        def answered(_: OutgoingCall) -> None:
            line.speaking = task(self.speak(line, call.sdp_answer, number))
            print("talking")
            if sent_by is not None:
                notify_refer(sent_by, 200, "OK")

        call.on_answer = answered

    async def answer(self) -> None:
        line = self.newest
        assert line.incoming is not None
        while True:
            try:
                line.incoming.accept(line.answer)
                break
            except ValueError:
                await asyncio.sleep(0.02)  # until its PRACK
        offer = line.incoming.sdp_offer
        line.speaking = task(self.speak(line, offer, int(line.answer.audio.formats[0])))
        print("talking")

    async def hang_up(self) -> None:
        self.end(self.newest)

    def end(self, line: Line) -> None:
        if line.outgoing is not None:
            if line.dialog.state == DialogState.EARLY:
                line.outgoing.cancel(self.uac)
            else:
                line.outgoing.hangup(self.uac)
        elif line.incoming is not None and line.dialog.state == DialogState.CONFIRMED:
            line.incoming.hangup()
        elif line.incoming is not None:
            line.incoming.reject(486)
        self.gone(line.dialog.call_id)

    async def hold(self) -> None:
        self.offer("sendonly")

    async def resume(self) -> None:
        self.offer("sendrecv")

    def offer(self, direction: str) -> None:
        line = self.newest
        number, name, _ = CODECS[WISH["codec"] or "pcmu"]
        sdp = build_sdp(HOST, line.port, number, name, 8000, EVENT)
        del sdp.audio.attributes["sendrecv"]
        sdp.audio.attributes[direction] = []
        self.uac.send_reinvite(line.dialog, sdp, line.to)

    async def press(self, digit: str) -> None:
        line = self.newest
        if WISH["dtmf"] == "info":
            body = f"Signal={digit}\r\nDuration=160\r\n"
            self.uac.send_info(line.dialog, body, "application/dtmf-relay", line.to)
        else:
            while line.sound is None:
                await asyncio.sleep(0.02)
            line.sound.send_dtmf(digit)

    async def transfer(self, uri: str) -> None:
        line = self.newest
        self.uac.send_refer(line.dialog, uri, line.to)


tasks: set[asyncio.Task[None]] = set()


def task(coroutine) -> asyncio.Task[None]:
    begun = asyncio.ensure_future(coroutine)
    tasks.add(begun)
    begun.add_done_callback(tasks.discard)
    return begun


asyncio.run(Telephone().run())
