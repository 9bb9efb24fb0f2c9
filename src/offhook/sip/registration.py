"""One account's binding at one registrar (RFC 3261 §10.2), kept by responses and the time."""

import random
from typing import Final

from sipmessage import URI, Request, Response

from . import capabilities
from .account import Account
from .delta_seconds import seconds
from .destination import destination_of, likely_hop
from .digest import Credentials
from .events import Binding
from .message import finish
from .name_addr import name_addr
from .redirection import FOLLOWED, contacts_of
from .registrar_answer import flow_timer, granted, keeps_flow, same_contact, service_route
from .target import destination_of_account
from .uri import parse_uri, sip_uri

EXPIRES: Final = 1800
"""Seconds asked for. Desk phones ask for 1800 to 3600; the shorter, since a registrar that lost its bindings
gets this one back with the next refresh, after half of it."""

LONGEST_EXPIRES: Final = 24 * 3600
"""Seconds. A registrar that wants or grants more (423, Min-Expires) is not believed."""

SHORTEST_REFRESH: Final = 2.0
"""Seconds between refreshes, however little the registrar grants."""

PATIENCE: Final = 4.0
"""Seconds without an answer until that is said: over UDP the request has gone out four times by then."""

FIRST_RETRY: Final = 2.0
REFUSED_RETRY: Final = 300.0
LONGEST_RETRY: Final = 1800.0
"""Seconds before trying again: doubled from FIRST_RETRY to LONGEST_RETRY while the registrar is silent or has
trouble of its own, so that one which comes back after a restart is found soon; from REFUSED_RETRY where it
says no, since a wrong password does not mend itself and repeating it gets an address blocked. Each wait is a
random half to the whole of that (RFC 5626 §4.5), lest a room full of phones come at once."""

FLOW_RETRY: Final = 1.0
STABLE_FLOW: Final = 120.0
"""Seconds until a flow that was lost is opened anew: doubled each time that one does not live for STABLE_FLOW
(RFC 5626 §4.5)."""

MAX_DOUBLINGS: Final = 32

MAX_FOLLOW_UPS: Final = 5
"""Requests in a row that answer a 300, 301, 302, 401, 407, 423 or 439 at once."""

MAX_LEFT: Final = 4
"""Contacts given up that the registrar is asked to forget."""

_HINTS: Final = {
    403: " (the registrar does not want this account, or not from here)",
    404: " (the registrar knows no such user)",
    494: " (security agreements, RFC 3329, are not spoken here)",
}


class Registration:
    """Make a binding, keep it, take it away.

    Every method that returns a Request wants it sent at once, in a client transaction, with a Via; its final
    response goes to `response`, its failure to `failed`. FAILED and REGISTERED stay while a retry or a
    refresh is under way; REGISTERING is a first attempt. REGISTERED means that the binding has not run out.

    `instance` is the URN that stays this phone's for ever (RFC 5626 §4.1), empty for none. `reg_id` numbers
    the flow it may be reached by, where that is a stream: a datagram needs no connection of ours to come back
    by, so the Contact says all there is. It is streams that a NAT lets through in one direction only.
    """

    def __init__(
        self,
        account: Account,
        contact: URI,
        credentials: Credentials,
        rng: random.Random,
        *,
        instance: str = "",
        reg_id: int | None = None,
        longest_retry: float = LONGEST_RETRY,
    ) -> None:
        self.account = account
        self.contact = contact
        self.state = Binding.UNREGISTERED
        self.reason: str | None = None
        self.unavailable = False
        """It does not answer, or has trouble of its own: another may do better."""
        self.awaited: Request | None = None
        """The request whose response is awaited."""
        self.service_route: tuple[str, ...] = ()
        self.flow_timer: int | None = None
        self.keeps_flow = False
        self._where = likely_hop(destination_of_account(account))
        self._credentials = credentials
        self._random = rng
        self._call_id = f"{rng.getrandbits(128):032x}"
        self._tag = f"{rng.getrandbits(64):016x}"
        self._cseq = 0
        self._expires = EXPIRES
        self._instance = instance
        self._reg_id = reg_id if instance else None
        self._by_stream = self._where.transport != "UDP"
        self._longest_retry = longest_retry
        self._elsewhere: URI | None = None
        """Where the registrar sends us, for as long as that serves."""
        self._left: list[URI] = []
        self._follow_ups = 0
        self._failures = 0
        self._losses = 0
        self._first_retry = FIRST_RETRY
        self._due: float | None = None
        self._overdue: float | None = None
        self._bound_until = 0.0
        self._bound_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        lapse = self._bound_until if self.state is Binding.REGISTERED else None
        return min((at for at in (self._due, self._overdue, lapse) if at is not None), default=None)

    def start(self, now: float) -> Request:
        """Register, or register again at once."""
        self.state, self.reason, self.unavailable = Binding.REGISTERING, None, False
        self._failures = 0
        return self._begin(self._expires, now)

    def stop(self, now: float) -> Request | None:
        """Remove our own binding, nobody else's; None where the registrar holds none."""
        bound = self.awaited is not None or now < self._bound_until
        self.state, self.reason, self.unavailable = Binding.UNREGISTERED, None, False
        self._due = self._overdue = self.awaited = None
        self._bound_until = 0.0
        self.service_route = ()
        return self._begin(0, now) if bound else None

    def tick(self, now: float) -> Request | None:
        """A refresh or another attempt, when it is due."""
        if self.state is Binding.REGISTERED and now >= self._bound_until:
            self.state = Binding.FAILED
            self.reason = self.reason or "the binding ran out"
        if self._overdue is not None and now >= self._overdue:
            self._overdue = None
            self.unavailable = True
            if self.state is not Binding.FAILED:
                self.reason = f"no answer from {self._where} yet"
        if self._due is None or now < self._due:
            return None
        return self._begin(self._expires, now)

    def relocate(self, contact: URI, *, bound: bool = True) -> bool:
        """Be reached at `contact` from the next request on, which takes the Contact before it away, unless
        that was never `bound`."""
        if str(contact) == str(self.contact):
            return False
        left = [*self._left, self.contact] if bound else self._left
        self._left = [uri for uri in left if not same_contact(uri, contact)][-MAX_LEFT:]
        self.contact = contact
        return True

    def is_bound(self, now: float) -> bool:
        """As far as is known here; for all that, a request whose answer is awaited may have done it."""
        return now < self._bound_until

    def go_by(self, contact: URI, request: Request, *, stream: bool) -> None:
        """`request`, one of those made here, leaves by a way on which this end is reached at `contact`, and
        which is a `stream` or not."""
        relocated = self.relocate(contact, bound=self._bound_until > 0)
        if relocated or stream != self._by_stream:
            self._by_stream = stream
            self._put_contact(request, _asked(request))

    def renew(self, now: float) -> Request | None:
        """Register again at once, whatever is awaited; None for what is not to be registered."""
        if self.state is Binding.UNREGISTERED:
            return None
        return self._begin(self._expires, now)

    def flow_lost(self, reason: str, now: float) -> None:
        """The connection that the binding was made on, or the NAT's memory of it, is gone (RFC 5626 §4.5)."""
        if self.state is not Binding.REGISTERED or self.awaited is not None:
            return
        if now - self._bound_at >= STABLE_FLOW:
            self._losses = 0
        # Not at once: a registrar that starts anew has lost all of its phones at the same moment. And some
        # servers hang up after every answer, and reach this end by a connection of their own.
        self.reason = reason
        self._due = min(self._due or now, now + self._jittered(FLOW_RETRY, self._losses))
        self._losses = min(self._losses + 1, MAX_DOUBLINGS)

    def response(self, response: Response, now: float) -> Request | None:
        """Take the final response; the Request returned follows it up (300, 301, 302, 401, 407, 423, 439)."""
        request = self.awaited
        if request is None or (response.headers.get("CSeq") or "").split() != [str(self._cseq), "REGISTER"]:
            return None
        self.awaited = self._overdue = None
        code = response.code
        if 200 <= code < 300:
            self._accepted(response, now)
            return None
        follow_up, why = None, _HINTS.get(code, "")
        if self._follow_ups < MAX_FOLLOW_UPS:
            if code in {401, 407}:
                follow_up, why = self._authenticated(request, response)
            elif code in FOLLOWED:
                follow_up, why = self._redirected(request, response)
            elif code == 423:
                follow_up = self._longer(request, response)
            elif code == 439 and self._flow is not None:
                # RFC 5626 §11.6: a proxy on the way knows nothing of flows, and then the Contact must do.
                self._reg_id = None
                follow_up = self._again(request)
        if follow_up is not None:
            self._follow_ups += 1
            self._send(follow_up, now)
            return follow_up
        self._elsewhere = None
        # 408, 480 and 5xx are about the moment; all else is about what was asked.
        self.unavailable = code in {408, 480} or 500 <= code < 600
        self._retry_later(
            f"{code} {response.phrase[:80]}".rstrip() + why,
            now,
            first=FIRST_RETRY if self.unavailable else REFUSED_RETRY,
            asked=seconds(response.headers.get("Retry-After")) or 0,
        )
        return None

    def failed(self, reason: str, now: float) -> None:
        """No response came, or the request could not be sent; `reason` is for a person."""
        if self.awaited is None:
            return
        self.awaited = self._overdue = self._elsewhere = None
        self.unavailable = True
        self._retry_later(reason, now, first=FIRST_RETRY)

    def _begin(self, expires: int, now: float) -> Request:
        self._due = None
        self._follow_ups = 0
        request = self._build(expires)
        self._credentials.authorize(request)
        self._send(request, now)
        return request

    def _send(self, request: Request, now: float) -> None:
        self.awaited = request
        # Nobody waits for the end of a removal.
        if self._overdue is None and self.state is not Binding.UNREGISTERED:
            self._overdue = now + PATIENCE

    def _build(self, expires: int) -> Request:
        account = self.account
        self._cseq += 1
        request = Request("REGISTER", self._elsewhere or sip_uri("", account.host, account.port))
        of_record = name_addr(account.display_name, str(sip_uri(account.user, account.host)))
        request.headers.set("Max-Forwards", "70")
        request.headers.set("From", f"{of_record};tag={self._tag}")
        request.headers.set("To", of_record)
        request.headers.set("Call-ID", self._call_id)
        request.headers.set("CSeq", f"{self._cseq} REGISTER")
        self._put_contact(request, expires)
        request.headers.set("Expires", str(expires))
        request.headers.set("Allow", capabilities.ALLOW)
        finish(request)
        return request

    def _put_contact(self, request: Request, expires: int) -> None:
        forgotten = [f"<{uri}>;expires=0" for uri in self._left]
        request.headers.setlist(
            "Contact", [f"<{self.contact}>{self._parameters()};expires={expires}", *forgotten]
        )
        request.headers.set("Supported", "path" if self._flow is None else "path, outbound")

    @property
    def _flow(self) -> int | None:
        """Its number, where the flow itself is to be what this end is reached by."""
        return self._reg_id if self._by_stream else None

    def _parameters(self) -> str:
        instance = f';+sip.instance="<{self._instance}>"' if self._instance else ""
        return instance if self._flow is None else f"{instance};reg-id={self._flow}"

    def _authenticated(self, request: Request, response: Response) -> tuple[Request | None, str]:
        again = self._build(_asked(request))
        for name in ("Authorization", "Proxy-Authorization"):
            again.headers.setlist(name, list(request.headers.getlist(name)))
        if self._credentials.answer(again, response):
            return again, ""
        if self._credentials.schemes(response) == {"basic"}:
            # Forbidden by RFC 3261 §22.1: whoever listens would have the password.
            return (
                None,
                " (it asks for the bare password, by Basic, and is not told it; it has to offer Digest)",
            )
        if not self.account.password:
            return None, " (the account has no password)"
        if request.headers.get("Authorization") or request.headers.get("Proxy-Authorization"):
            return None, " (wrong user name or password)"
        return None, " (digest with MD5 or SHA-256 was not among what it asks for)"

    def _redirected(self, request: Request, response: Response) -> tuple[Request | None, str]:
        """Ask the registrar that this one names (RFC 3261 §8.1.3.4), never by a way less safe."""
        for contact in contacts_of(response):
            target = parse_uri(contact)
            transport = likely_hop(destination_of(target)).transport
            if not target.is_sip or (self.account.transport == "TLS" and transport != "TLS"):
                continue
            bare = sip_uri("", target.host, target.port)
            self._elsewhere = parse_uri(f"{bare};transport={transport.lower()}")
            return self._again(request), ""
        return None, " (to nowhere that can be asked)"

    def _longer(self, request: Request, response: Response) -> Request | None:
        wanted = seconds(response.headers.get("Min-Expires"))
        if wanted is None or not (_asked(request) or LONGEST_EXPIRES) < wanted <= LONGEST_EXPIRES:
            return None
        self._expires = wanted
        return self._again(request)

    def _again(self, request: Request) -> Request:
        again = self._build(self._expires if _asked(request) else 0)
        self._credentials.authorize(again)
        return again

    def _accepted(self, response: Response, now: float) -> None:
        self._left = []
        if self.state is Binding.UNREGISTERED:
            return
        lasting = granted(response, self.contact)
        lasting = self._expires if lasting is None else min(lasting, LONGEST_EXPIRES)
        if lasting == 0:
            self._retry_later("the registrar removed the binding at once", now, first=REFUSED_RETRY)
            return
        self.state, self.reason, self.unavailable = Binding.REGISTERED, None, False
        self._failures = 0
        self.service_route = service_route(response)
        self.flow_timer, self.keeps_flow = flow_timer(response), keeps_flow(response)
        self._bound_at, self._bound_until = now, now + lasting
        # Half is left for retries before the binding lapses.
        self._due = now + max(lasting * self._random.uniform(0.45, 0.5), SHORTEST_REFRESH)

    def _retry_later(self, reason: str, now: float, *, first: float, asked: int = 0) -> None:
        """`asked` are the seconds of a Retry-After header (RFC 3261 §20.33)."""
        if self.state is Binding.UNREGISTERED:
            return
        if first != self._first_retry:
            self._first_retry, self._failures = first, 0
        wait = self._jittered(first, self._failures)
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self.state, self.reason = Binding.FAILED, reason
        self._due = now + max(wait, min(asked, LONGEST_RETRY))

    def _jittered(self, first: float, doublings: int) -> float:
        longest = max(first, self._longest_retry)
        return min(first * 2.0**doublings, longest) * self._random.uniform(0.5, 1.0)


def _asked(request: Request) -> int:
    return seconds(request.headers.get("Expires")) or 0
