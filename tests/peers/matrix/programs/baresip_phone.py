"""A telephone on baresip-python, told what to do line by line; see driven_peer.py."""

import asyncio
import errno
import json
import os
import sys

from baresip import Account, Call, Config, Runtime, UserAgent
from baresip.errors import BaresipError
from baresip.events import Event

WISH = json.loads(sys.argv[1])
HOST, PORT = WISH["host"], WISH["port"]
WHERE = f"[{HOST}]" if ":" in HOST else HOST
CODECS = {"": (), "pcmu": ("pcmu",), "pcma": ("pcma",), "g722": ("g722/16000/1",), "opus": ("opus/48000/2",)}
ENCRYPTION = {"no": (), "optional": ("mediaenc=srtp",), "required": ("mediaenc=srtp-mand",)}
NOT_YET = ("in flight", os.strerror(errno.EAGAIN))


class Telephone:
    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}
        self.ua: UserAgent | None = None
        self.runtime = Runtime()
        self.replaced = False

    async def run(self) -> None:
        tls = (
            f"sip_certificate {WISH['certificate']}\nsip_cafile {WISH['ca']}\n" if WISH["certificate"] else ""
        )
        await self.runtime.start(
            Config(
                net_interface=HOST,
                audio_source=f"aufile,{WISH['said']}" if len(WISH["said"]) < 120 else None,
                max_concurrent_calls=None,
                extra_config_text=f"sip_listen {WHERE}:{PORT}\n{tls}",
            )
        )
        self.runtime.subscribe(self.heard)
        extra = [*ENCRYPTION[WISH["srtp"]]]
        if WISH["reliable"]:
            extra.append("100rel=required")
        account = Account(
            user=WISH["user"], domain=f"{WHERE}:{PORT}", password="", reg_interval=0,
            audio_codecs=CODECS[WISH["codec"]],
            dtmf_mode="info" if WISH["dtmf"] == "info" else "rtpevent",
            extra_params=tuple(extra),
        )  # fmt: skip
        line = account.aor().replace(";transport=udp", "")
        if WISH["early"]:
            line = line.replace("answermode=manual", "answermode=early")
        self.ua = await UserAgent.create(self.runtime, line, transfer_policy="auto")
        self.ua.on_incoming(self.called)
        self.ua.on_transfer_call(self.begun)
        print("ready")
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := (await reader.readline()).decode().strip():
            verb, _, argument = line.partition(" ")
            task = asyncio.ensure_future(self.do(verb, argument))
            tasks.add(task)

    async def do(self, verb: str, argument: str) -> None:
        try:
            await getattr(self, verb)(*([argument] if argument else []))
        except (BaresipError, IndexError, AssertionError) as error:
            print(f"error {verb}: {error!r}")
        print(f"did {verb}")

    def heard(self, event) -> None:
        match event.event:
            case Event.CALL_ESTABLISHED:
                print("talking")
            case Event.CALL_DTMF_START:
                print(f"digit {event.text}")
            case Event.CALL_CLOSED:
                self.calls.pop(event.call, None)
                self.replaced = (event.text or "").endswith(" replaced")
                if not self.calls and not self.replaced:
                    print("over")

    def begun(self, call: Call) -> None:
        self.calls[call.handle] = call

    def called(self, call: Call) -> None:
        self.begun(call)
        if self.replaced:
            # It ends the call that is replaced, and leaves the answer to the program.
            tasks.add(asyncio.ensure_future(call.answer()))
        else:
            print("called")

    @property
    def newest(self) -> Call:
        return list(self.calls.values())[-1]

    async def dial(self, uri: str) -> None:
        self.begun(await self.ua.dial(uri))

    async def answer(self) -> None:
        await self.again(self.newest.answer)

    async def hang_up(self) -> None:
        await self.newest.hangup()

    async def hold(self) -> None:
        await self.again(self.newest.hold)

    async def resume(self) -> None:
        await self.again(self.newest.resume)

    async def again(self, verb) -> None:
        """It refuses while a request of its own is under way, and to answer before the PRACK has come."""
        while True:
            try:
                return await verb()
            except BaresipError as error:
                if not any(said in str(error) for said in NOT_YET):
                    raise
                await asyncio.sleep(0.05)

    async def press(self, digit: str) -> None:
        await self.newest.send_dtmf(digit)

    async def transfer(self, uri: str) -> None:
        await self.newest.transfer(uri)

    async def consult(self, uri: str) -> None:
        await self.hold()
        await self.dial(uri)

    async def join(self) -> None:
        first, second = list(self.calls.values())[-2:]
        await first.attended_transfer(second)


tasks: set[asyncio.Future[None]] = set()
asyncio.run(Telephone().run())
