"""An address of record and how it is reached (RFC 3261 §10)."""

from dataclasses import dataclass, field, replace
from typing import Literal

from .hop import Transport
from .media import CODECS, Codec

Srtp = Literal["no", "optional", "required"]
Ping = Literal["crlf", "options"]
Dtmf = Literal["auto", "rtp", "info", "inband"]
Mwi = Literal["auto", "yes", "no"]

USUAL_CODECS = ("PCMU", "PCMA", "G722")

_OF_A_BINDING = ("user", "host", "port", "transport", "backup")


@dataclass(frozen=True, slots=True)
class Account:
    """`id` counts from 1. `host` and `port` are the registrar and the domain of what is dialled. `transport`
    None is UDP, unless DNS says otherwise (RFC 3263 §4.1).

    `proxy` is the SIP URI of an outbound proxy: what is sent outside a dialog goes there first.

    `codecs` are those that are spoken, best first, by their names in `media.CODECS`. `dtmf` is how digits are
    sent: as telephone-events and, where they were not agreed on, by INFO; or in one way only.
    `privacy`: whom it calls is not told who calls (RFC 3323, RFC 3325). `mwi`: whether waiting messages are
    subscribed to (RFC 3842); "auto" is once, where they are not told of unasked.

    `register` false: nothing is registered, numbers go to `host` all the same. The password appears neither
    in `repr` nor in `str`.

    `backup` is a second registrar, host and port, for as long as the first does not answer or is in trouble.
    `keepalive` are the seconds between two signs of life on the way to the registrar: 0 for none, None for
    what the way there needs; `ping` is what they are.

    `refresh` are the seconds that a call may last without a sign of life of its far end (RFC 4028), 0 for no
    end.
    """

    id: int
    user: str
    host: str
    port: int | None = None
    transport: Transport | None = None
    password: str = field(default="", repr=False)
    auth_name: str = ""
    display_name: str = ""
    register: bool = True
    srtp: Srtp = "no"
    backup: tuple[str, int | None] | None = None
    keepalive: int | None = None
    ping: Ping = "crlf"
    codecs: tuple[str, ...] = USUAL_CODECS
    dtmf: Dtmf = "auto"
    refresh: int = 1800
    proxy: str = ""
    privacy: bool = False
    mwi: Mwi = "auto"

    def is_bound_as(self, other: "Account") -> bool:
        """Both make the same binding at the same registrars (RFC 3261 §10.3)."""
        return all(getattr(self, name) == getattr(other, name) for name in _OF_A_BINDING)

    def at_backup(self) -> "Account | None":
        """The same account at its second registrar, a server with a domain of its own."""
        if self.backup is None:
            return None
        host, port = self.backup
        return replace(self, host=host, port=port, backup=None)


def spoken(account: Account | None) -> tuple[Codec, ...]:
    """The codecs of a call of this account, or of none, best first."""
    return tuple([CODECS[name] for name in (account.codecs if account else USUAL_CODECS)])
