"""What the rows ask of every peer: the verbs of a telephone, and what it cannot do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ..ports import HOST

if TYPE_CHECKING:
    from ..program import Program
    from .bench import Bench

USER = "2002"
"""By which every peer is called."""

Row = Callable[["Bench"], None]
Transport = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True)
class Wish:
    """How a row wants its peer. What it cannot be, the peer names in `cannot`."""

    transport: Transport = "udp"
    host: str = HOST
    srtp: Literal["no", "optional", "required"] = "no"
    codec: str = ""
    """The only one it speaks; empty: as it likes."""
    dtmf: Literal["rtp", "info"] = "rtp"
    early: bool = False
    """It plays before it answers."""
    reliable: bool = False
    """It wants its provisional responses acknowledged (RFC 3262)."""
    refresh: int = 0
    """Seconds of the session interval that it asks for (RFC 4028); 0: none."""
    certificate: Path | None = None
    """What it shows over TLS, with its key."""
    ca: Path | None = None
    """Whom it trusts."""


@dataclass(frozen=True)
class Fault:
    """Why a cell fails: `seen` on the wire, and who departs from which document, and where."""

    seen: str
    whose: str
    not_always: bool = field(default=False)
    """It depends on who is faster; the cell may pass."""


GIVES_UP = "its hold is answered with 491, and it does not ask again"


class Peer:
    """One of them. Its programs run by themselves: no peer can take the tests with it."""

    name: ClassVar[str]
    made_by: ClassVar[str]
    """The package that has it: `debian:baresip-core`, `pypi:aiosipua`."""
    quick: ClassVar[str]
    """The row that `make test` tries."""
    how: ClassVar[str]
    """How it takes part, in a line."""
    cannot: ClassVar[Mapping[str, str]] = {}
    """Row to the reason in a line."""
    faults: ClassVar[Mapping[str, Fault]] = {}
    """Row to what goes wrong there, which is expected."""
    own: ClassVar[Mapping[str, Row]] = {}
    """Rows that are tried otherwise with this peer."""

    @classmethod
    def missing(cls) -> str:
        """Whether it has to be installed first, in words; empty: no."""
        return ""

    @classmethod
    def not_made(cls) -> str:
        """Why nobody could install it here; empty: one can. Its cells are skipped then, with CI set too."""
        return ""


class Telephone(Peer):
    """A peer that makes and takes calls as it is told. Its port is the same after a restart."""

    def __init__(self, bench: Bench, wish: Wish) -> None:
        self.bench = bench
        self.wish = wish

    @abstractmethod
    def start(self) -> None:
        """Until it can be called; again after `die`."""

    @abstractmethod
    def die(self) -> None:
        """At once, without telling anybody."""

    @property
    @abstractmethod
    def program(self) -> Program:
        """What runs."""

    @property
    @abstractmethod
    def uri(self) -> str:
        """Where it is called."""

    @abstractmethod
    def dial(self, uri: str) -> None: ...

    @abstractmethod
    def until_called(self) -> None:
        """It rings."""

    @abstractmethod
    def answer(self) -> None: ...

    @abstractmethod
    def until_talking(self) -> None: ...

    @abstractmethod
    def hang_up(self) -> None:
        """Also: give up, refuse."""

    @abstractmethod
    def until_over(self) -> None:
        """No call is left."""

    @abstractmethod
    def hold(self) -> None: ...

    @abstractmethod
    def resume(self) -> None: ...

    @abstractmethod
    def press(self, digit: str) -> None: ...

    @abstractmethod
    def until_pressed(self, digit: str) -> None: ...

    @abstractmethod
    def transfer(self, uri: str) -> None:
        """Send the other party of its call there."""

    def consult(self, uri: str) -> None:
        """Hold the call, and make a second one."""
        self.hold()
        self.dial(uri)

    def join(self) -> None:
        """Send the party on hold to that of the second call, in its place (RFC 5589 §7)."""
        raise NotImplementedError
