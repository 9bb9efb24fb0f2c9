"""One account's binding at its registrar (RFC 3261 §10.2), kept by responses and the time."""

import random
import re
from contextlib import suppress
from typing import Final

from sipmessage import URI, Request, Response

from .account import Account
from .digest import Credentials
from .events import Binding
from .message import finish
from .name_addr import NameAddr, name_addr, split_list
from .uri import DEFAULT_PORT, parse_uri, sip_uri

EXPIRES: Final = 1800
"""Seconds asked for. Desk phones ask for 1800 to 3600; the shorter, since a registrar that lost its bindings
gets this one back with the next refresh, after half of it."""

LONGEST_EXPIRES: Final = 24 * 3600
"""Seconds. A registrar that wants or grants more (423, Min-Expires) is not believed."""

SHORTEST_REFRESH: Final = 2.0
"""Seconds between refreshes, however little the registrar grants."""

FIRST_RETRY: Final = 2.0
REFUSED_RETRY: Final = 300.0
LONGEST_RETRY: Final = 1800.0
"""Seconds before trying again: doubled from FIRST_RETRY to LONGEST_RETRY while the registrar is silent or has
trouble of its own, so that one which comes back after a restart is found soon; from REFUSED_RETRY where it
says no, since a wrong password does not mend itself and repeating it gets an address blocked. Each wait is a
random half to the whole of that (RFC 5626 §4.5), lest a room full of phones come at once."""

MAX_FOLLOW_UPS: Final = 5
"""Requests in a row that answer a 401, 407 or 423 at once."""

_DELTA_SECONDS = re.compile(r"[0-9]{1,10}(?![0-9])")


class Registration:
    """Make a binding, keep it, take it away.

    Every method that returns a Request wants it sent at once, in a client transaction, with a Via; its final
    response goes to `response`, its failure to `failed`. FAILED and REGISTERED stay while a retry or a
    refresh is under way; REGISTERING is a first attempt.
    """

    def __init__(self, account: Account, contact: URI, credentials: Credentials, rng: random.Random) -> None:
        self.account = account
        self.contact = contact
        self.state = Binding.UNREGISTERED
        self.reason: str | None = None
        self.deadline: float | None = None
        """When `tick` wants to be called."""
        self._credentials = credentials
        self._random = rng
        self._call_id = f"{rng.getrandbits(128):032x}"
        self._tag = f"{rng.getrandbits(64):016x}"
        self._cseq = 0
        self._expires = EXPIRES
        self._request: Request | None = None
        """The request whose response is awaited."""
        self._follow_ups = 0
        self._failures = 0
        self._first_retry = FIRST_RETRY
        self._bound_until = 0.0

    def start(self, now: float) -> Request:  # noqa: ARG002 - all machines are driven alike
        """Register, or register again at once."""
        self.state, self.reason = Binding.REGISTERING, None
        self._failures = 0
        return self._begin(self._expires)

    def stop(self, now: float) -> Request | None:
        """Remove our own binding, nobody else's; None where the registrar holds none."""
        bound = self._request is not None or now < self._bound_until
        self.state, self.reason, self.deadline = Binding.UNREGISTERED, None, None
        self._request, self._bound_until = None, 0.0
        return self._begin(0) if bound else None

    def tick(self, now: float) -> Request | None:
        """A refresh or another attempt, when it is due."""
        if self.deadline is None or now < self.deadline:
            return None
        return self._begin(self._expires)

    def response(self, response: Response, now: float) -> Request | None:
        """Take the final response; the Request returned follows it up (401, 407, 423)."""
        request = self._request
        if request is None or (response.headers.get("CSeq") or "").split() != [str(self._cseq), "REGISTER"]:
            return None
        self._request = None
        code = response.code
        if 200 <= code < 300:
            self._accepted(response, now)
            return None
        follow_up, why = None, ""
        if self._follow_ups < MAX_FOLLOW_UPS:
            if code in {401, 407}:
                follow_up, why = self._authenticated(request, response)
            elif code == 423:
                follow_up, why = self._longer(request, response)
        if follow_up is not None:
            self._follow_ups += 1
            self._request = follow_up
            return follow_up
        # 408, 480 and 5xx are about the moment; all else is about what was asked.
        momentary = code in {408, 480} or 500 <= code < 600
        self._retry_later(
            f"{code} {response.phrase[:80]}".rstrip() + why,
            now,
            first=FIRST_RETRY if momentary else REFUSED_RETRY,
            asked=_seconds(response.headers.get("Retry-After")) or 0,
        )
        return None

    def failed(self, reason: str, now: float) -> None:
        """No response came, or the request could not be sent; `reason` is for a person."""
        if self._request is None:
            return
        self._request = None
        self._retry_later(reason, now, first=FIRST_RETRY)

    def _begin(self, expires: int) -> Request:
        self.deadline = None
        self._follow_ups = 0
        self._request = self._build(expires)
        self._credentials.authorize(self._request)
        return self._request

    def _build(self, expires: int) -> Request:
        account = self.account
        self._cseq += 1
        request = Request("REGISTER", sip_uri("", account.host, account.port))
        of_record = name_addr(account.display_name, str(sip_uri(account.user, account.host)))
        request.headers.set("Max-Forwards", "70")
        request.headers.set("From", f"{of_record};tag={self._tag}")
        request.headers.set("To", of_record)
        request.headers.set("Call-ID", self._call_id)
        request.headers.set("CSeq", f"{self._cseq} REGISTER")
        request.headers.set("Contact", f"<{self.contact}>;expires={expires}")
        request.headers.set("Expires", str(expires))
        finish(request)
        return request

    def _authenticated(self, request: Request, response: Response) -> tuple[Request | None, str]:
        again = self._build(_asked(request))
        for name in ("Authorization", "Proxy-Authorization"):
            again.headers.setlist(name, list(request.headers.getlist(name)))
        if self._credentials.answer(again, response):
            return again, ""
        if not self.account.password:
            return None, " (the account has no password)"
        if request.headers.get("Authorization") or request.headers.get("Proxy-Authorization"):
            return None, " (wrong user name or password)"
        return None, " (digest with MD5 or SHA-256 was not among what it asks for)"

    def _longer(self, request: Request, response: Response) -> tuple[Request | None, str]:
        wanted = _seconds(response.headers.get("Min-Expires"))
        if wanted is None or not (_asked(request) or LONGEST_EXPIRES) < wanted <= LONGEST_EXPIRES:
            return None, ""
        self._expires = wanted
        again = self._build(wanted)
        self._credentials.authorize(again)
        return again, ""

    def _accepted(self, response: Response, now: float) -> None:
        if self.state is Binding.UNREGISTERED:
            return
        granted = self._granted(response)
        if granted == 0:
            self._retry_later("the registrar removed the binding at once", now, first=REFUSED_RETRY)
            return
        self.state, self.reason, self._failures = Binding.REGISTERED, None, 0
        self._bound_until = now + granted
        # Half is left for retries before the binding lapses.
        self.deadline = now + max(granted * self._random.uniform(0.45, 0.5), SHORTEST_REFRESH)

    def _granted(self, response: Response) -> int:
        """Seconds: those of our own Contact, or of the only one (a registrar may rewrite it for a NAT), else
        of the Expires header, else what was asked for (RFC 3261 §10.2.4)."""
        bindings: list[tuple[bool, int | None]] = []
        for value in response.headers.getlist("Contact"):
            for item in split_list(value):
                with suppress(ValueError):
                    binding = NameAddr.parse(item)
                    bindings.append((self._is_ours(binding.uri), _seconds(binding.parameters.get("expires"))))
        candidates = [seconds for ours, seconds in bindings if ours] or [seconds for _, seconds in bindings]
        granted = candidates[0] if len(candidates) == 1 else None
        if granted is None:
            granted = _seconds(response.headers.get("Expires"))
        return self._expires if granted is None else min(granted, LONGEST_EXPIRES)

    def _is_ours(self, text: str) -> bool:
        """Raises ValueError. Parameters are left out of it: registrars add and drop them."""
        uri, ours = parse_uri(text), self.contact
        return (uri.user, uri.host.lower(), uri.port or DEFAULT_PORT["UDP"]) == (
            ours.user,
            ours.host.lower(),
            ours.port or DEFAULT_PORT["UDP"],
        )

    def _retry_later(self, reason: str, now: float, *, first: float, asked: int = 0) -> None:
        """`asked` are the seconds of a Retry-After header (RFC 3261 §20.33)."""
        if self.state is Binding.UNREGISTERED:
            return
        if first != self._first_retry:
            self._first_retry, self._failures = first, 0
        wait = min(first * 2.0**self._failures, LONGEST_RETRY)
        self._failures = min(self._failures + 1, 32)
        self.state, self.reason = Binding.FAILED, reason
        self.deadline = now + max(wait * self._random.uniform(0.5, 1.0), min(asked, LONGEST_RETRY))


def _asked(request: Request) -> int:
    return _seconds(request.headers.get("Expires")) or 0


def _seconds(value: str | None) -> int | None:
    """The delta-seconds a header begins with (`120 (I'm in a meeting);duration=60`), or None."""
    digits = _DELTA_SECONDS.match(value or "")
    return int(digits[0]) if digits else None
