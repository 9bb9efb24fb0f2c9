"""Where one cell is tried: phones of ours, one peer, and the ways between them."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from ...authority import Authority
from ..offhook_phone import OffhookRun, Phone, State, call
from ..ports import HOST
from .gate import Gate, Kept
from .peer import Peer, Telephone, Wish


class Bench:
    """`require` finds a program, or says that it is missing. All that is started ends with the stack."""

    def __init__(
        self,
        kind: type[Peer],
        directory: Path,
        stack: ExitStack,
        require: Callable[[str], str],
        authority: Authority,
    ) -> None:
        self.kind = kind
        self.stack = stack
        self.require = require
        self.authority = authority
        self._directory = directory
        self._numbers = count(1)

    def directory(self, name: str) -> Path:
        """One that is not there yet."""
        return self._directory / f"{name}-{next(self._numbers)}"

    def peer(self, wish: Wish | None = None) -> Telephone:
        assert issubclass(self.kind, Telephone)
        peer = self.kind(self, wish or Wish())
        peer.start()
        return peer

    def run(self, account: str, *options: str, sip_port: int = 0) -> OffhookRun:
        directory = self.directory("phone")
        return self.stack.enter_context(
            OffhookRun(directory, "--account", account, *options, sip_port=sip_port)
        )

    def phone(
        self,
        parameters: str = "",
        *options: str,
        at: int | None = None,
        host: str = HOST,
        user: str = "1001",
    ) -> Phone:
        """Without a registrar. Numbers that it dials go to the port `at`."""
        home = f":{at}" if at else ""
        where = f"[{host}]" if ":" in host else host
        return self.run(f"sip:{user}@{where}{home};register=no{parameters}", *options).phone

    def gate(self, inside: int, kept: Kept, front: tuple[str, int] = (HOST, 0)) -> Gate:
        return self.stack.enter_context(Gate(inside, kept, front=front))


def dial(phone: Phone, uri: str) -> None:
    phone.do(f"action=MakeCall&number={uri}")


def number(phone: Phone, transport: str = "", *, user: str = "1001") -> str:
    """Where a phone of ours is called."""
    return f"sip:{user}@{HOST}:{phone.sip}{transport}"


def ringing_there(phone: Phone) -> None:
    phone.until(lambda state: state["screen"]["title"] == "Ringing", "the peer to ring")


def answered(phone: Phone) -> None:
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")


def talking(phone: Phone, peer: Telephone) -> None:
    phone.until_page("talking")
    peer.until_talking()


def called(phone: Phone, peer: Telephone) -> State:
    """The phone has called the peer, which answers."""
    dial(phone, peer.uri)
    peer.until_called()
    peer.answer()
    talking(phone, peer)
    return call(phone.state())


def held_by_peer(phone: Phone, held: bool = True) -> None:
    phone.until(
        lambda state: state["calls"] and call(state)["held_by_peer"] is held, f"held by the peer: {held}"
    )


def in_ci() -> bool:
    return bool(os.environ.get("CI"))
