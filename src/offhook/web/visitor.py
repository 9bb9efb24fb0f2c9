"""Who asks, and what that lets them do."""

import functools
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.requests import HTTPConnection

from offhook.action_uri.access import Admission

from . import tokens
from .desk import desk
from .sessions import Session


@dataclass(frozen=True, slots=True)
class Visitor:
    """`address` and `scheme` are the client's, whatever proxy stands between; `here` is whether it is this
    machine, `listed` whether it may press keys. `token` is the name of the one that was shown.
    """

    address: str
    scheme: str
    here: bool
    listed: bool
    session: Session | None
    token: str | None
    factory_password: bool

    @property
    def must_change_password(self) -> bool:
        """From elsewhere the factory's password, which everybody knows, opens the page that changes it, and
        nothing else."""
        return self.session is not None and self.factory_password and not self.here

    @property
    def logged_in(self) -> bool:
        return self.token is not None or (self.session is not None and not self.must_change_password)


WANTED: Final = (
    "this needs a log-in at /login, or Authorization: Bearer and a token, which the page Security makes"
)


def visitor(connection: HTTPConnection) -> Visitor:
    known: Visitor | None = connection.scope.get("visitor")
    if known is None:
        known = connection.scope["visitor"] = _visitor(connection)
    return known


def may_stay(connection: HTTPConnection) -> bool:
    """Whether somebody whose answer takes long would be let in now. A session grows no younger by it."""
    listed = desk(connection).station.site.access.allow.admits(visitor(connection).address)
    return listed or _visitor(connection, uses=False).logged_in


def _visitor(connection: HTTPConnection, *, uses: bool = True) -> Visitor:
    phone, admission = desk(connection), connection.scope["admission"]
    assert isinstance(admission, Admission)  # noqa: S101
    shown = tokens.shown(connection.headers.get("authorization", ""), phone.web.tokens)
    return Visitor(
        address=admission.address,
        scheme=admission.scheme,
        here=_is_loopback(admission.address),
        listed=admission.listed,
        session=phone.session(connection.headers.get("cookie", ""), admission.scheme, uses=uses),
        token=shown.name if shown else None,
        factory_password=not phone.web.password,
    )


@functools.lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
