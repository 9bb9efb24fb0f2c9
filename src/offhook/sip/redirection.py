"""Where a 3xx sends a caller (RFC 3261 §8.1.3.4)."""

import re
from collections.abc import Callable
from enum import StrEnum

from sipmessage import Response

from .account import Account
from .name_addr import NameAddr, split_list
from .uri import WireUri, parse_uri


class Redirects(StrEnum):
    """Which redirections are followed: all, those to the domain that was called or the account's, or none."""

    FOLLOW = "follow"
    DOMAIN = "domain"
    NEVER = "never"


MAX_CONTACTS = 16
"""Contacts of one 3xx that are read, the best of them."""

MAX_REDIRECTIONS = 5
"""Those that one call follows."""

FOLLOWED = frozenset({300, 301, 302})
"""305 names a proxy and 380 another service (§21.3): neither is whom to call instead."""

_METHOD = re.compile(r";method=[^;?]*", re.IGNORECASE)


def contacts_of(response: Response) -> tuple[str, ...]:
    """The URIs of a 3xx, best first by q (§20.10)."""
    return tuple(uri for _, uri in _weighed(response))


def _weighed(response: Response) -> list[tuple[float, str]]:
    """As `contacts_of`, with the weight of each: the less, the better."""
    if not 300 <= response.code < 400:
        return []
    found: list[tuple[float, str]] = []
    for value in response.headers.getlist("Contact"):
        for item in split_list(value):
            try:
                address = NameAddr.parse(item)
                found.append((-float(address.parameters.get("q") or 1), str(parse_uri(address.uri))))
            except ValueError:
                continue
    return sorted(found, key=lambda entry: entry[0])[:MAX_CONTACTS]


class Redirections:
    """Those of one call, placed to `target` from `account`; `may_call` says whether one may lead to a URI,
    `hinders` what else stands in its way, if anything does."""

    def __init__(
        self,
        target: WireUri,
        policy: Redirects = Redirects.FOLLOW,
        account: Account | None = None,
        may_call: Callable[[str], bool] = lambda _uri: True,
        hinders: Callable[[WireUri], str] = lambda _uri: "",
    ) -> None:
        self.why_not = ""
        """To follow a phrase: what stood in the way of the last one."""
        self._may_call = may_call
        self._hinders = hinders
        self._follows = policy is not Redirects.NEVER
        # Whoever asked for sips: is not sent on without TLS.
        self._schemes = frozenset({"sips"} if target.scheme == "sips" else {"sip", "sips"})
        self._hosts: set[str] | None = None
        if policy is Redirects.DOMAIN:
            self._hosts = {target.host.lower()} | ({account.host.lower()} if account is not None else set())
        self._tried = {str(target)}
        self._untried: list[tuple[float, str]] = []
        self._left = MAX_REDIRECTIONS

    def next(self, failure: Response) -> WireUri | None:
        """Whom to call after `failure`: of those that it and the ones before it named, the best that can be
        called from here and was not. None when there is none, or enough were, or 6xx says that nobody will
        take the call."""
        self.why_not = ""
        if failure.code in FOLLOWED:
            # Of two that are as good, the newer.
            both = [*_weighed(failure), *self._untried]
            self._untried = sorted(both, key=lambda entry: entry[0])[:MAX_CONTACTS]
        if not self._follows or not self._left or failure.code >= 600:
            return None
        while self._untried:
            _, contact = self._untried.pop(0)
            target = _callable(contact)
            if (
                target is None
                or target.scheme not in self._schemes
                or (self._hosts is not None and not {target.host.lower(), *_maddr(target)} <= self._hosts)
            ):
                continue
            if str(target) not in self._tried and self._may_call(str(target)):
                if why := self._hinders(target):
                    self.why_not = self.why_not or f", {why}"
                    continue
                self._tried.add(str(target))
                self._left -= 1
                return target
        return None


def _maddr(target: WireUri) -> set[str]:
    """Where it goes instead of its host, if anywhere (RFC 3263 §4)."""
    maddr = target.parameters.get("maddr")
    return {maddr.lower()} if maddr else set()


def _callable(contact: str) -> WireUri | None:
    """As a Request-URI, which has neither headers nor a method (§19.1.1)."""
    uri = parse_uri(contact)
    if uri.scheme not in {"sip", "sips"} or (uri.parameters.get("method") or "INVITE").upper() != "INVITE":
        return None
    if (uri.parameters.get("transport") or "udp").lower() not in {"udp", "tcp", "tls"}:
        return None
    user, at, rest = contact.partition("@") if "@" in contact else ("", "", contact)
    try:
        return parse_uri(user + at + _METHOD.sub("", rest.partition("?")[0]))
    except ValueError:
        return None
