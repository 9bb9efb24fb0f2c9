"""A registration on the transaction layer: its requests sent, its responses handed back, its clock wound,
the way to its registrar kept open."""

from collections.abc import Callable
from functools import partial

from sipmessage import Request

from .account import Account
from .account_credentials import AccountCredentials
from .destination import destination_of, likely_hop
from .events import Binding
from .hop import Hop
from .keep_alive import KeepAlive
from .learned_address import LearnedAddress
from .message import ReceivedResponse
from .registration import Registration
from .route import routed
from .sending import Sending
from .target import destination_of_account, first_destination, preloaded
from .timers import Timer
from .transaction_layer import TransactionLayer
from .uri import WireUri, parse_uri

Step = Callable[[float], Request | None]


class HostedRegistration:
    """`changed` is called whenever its state, its reason or its availability is another."""

    def __init__(
        self,
        account: Account,
        layer: TransactionLayer,
        credentials: AccountCredentials,
        learned: LearnedAddress,
        changed: Callable[[float], None],
        *,
        reg_id: int,
        longest_retry: float,
    ) -> None:
        self.account = account
        self._hop = likely_hop(destination_of_account(account))
        """By which the last request went, or the next may."""
        self._layer = layer
        self._credentials = credentials
        self._learned = learned
        self._changed = changed
        self._keep_alive = KeepAlive(account, layer, self._flow_is_dead)
        self._timer: Timer | None = None
        self._sending: Sending | None = None
        self.registration = Registration(
            account,
            self._contact(),
            credentials.digest,
            layer.random,
            instance=layer.instance,
            reg_id=reg_id,
            longest_retry=longest_retry,
        )

    @property
    def started(self) -> bool:
        return self.registration.state is not Binding.UNREGISTERED

    @property
    def where(self) -> Hop:
        return self._hop

    def start(self, now: float) -> None:
        self._drive(self.registration.start, now)

    def stop(self, now: float) -> None:
        self._drive(self.registration.stop, now)

    def forget(self, now: float) -> None:
        """Do nothing more for it, and leave the binding where it is: somebody else takes it over."""
        self.registration.stop(now)
        self._drive(lambda _now: None, now)

    def moved(self, now: float) -> None:
        """This end is at another address from now on, and the flow is gone even where the Contact stays."""
        self._keep_alive.stop()
        self.registration.relocate(self._contact())
        self._drive(self.registration.renew, now)

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        if self._takes(hop):
            self._keep_alive.stop()
            self._flow_is_dead(reason, now)

    def pong(self, source: Hop) -> None:
        if self._takes(source):
            self._keep_alive.pong(self._hop)

    def _takes(self, hop: Hop) -> bool:
        """The hop is ours, by the address that was found for it."""
        ours = self._hop
        same = (hop.transport, hop.port) == (ours.transport, ours.port) and not hop.accepted
        return same and ours.host in {hop.host, hop.domain}

    def _flow_is_dead(self, reason: str, now: float) -> None:
        def lose(at: float) -> None:
            self.registration.flow_lost(reason, at)

        self._drive(lose, now)

    def _contact(self) -> WireUri:
        return parse_uri(self._layer.binding_uri(self.account, self._hop))

    def _drive(self, step: Step, now: float) -> None:
        before = self._shown
        request = step(now)
        registration = self.registration
        if request is not None:
            self._send(request, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = registration.deadline
        if deadline is not None:
            self._timer = self._layer.timers.start(deadline, partial(self._drive, registration.tick))
        if registration.state is not Binding.REGISTERED:
            self._keep_alive.stop()
        if self._shown != before:
            self._changed(now)

    def _send(self, request: Request, now: float) -> None:
        if self._sending is not None:
            self._sending.abandon(now)
        request.uri, routes, first = routed(parse_uri(str(request.uri)), preloaded(self.account))
        if routes:
            request.headers.setlist("Route", routes)
        destination = first_destination(first, self.account)
        on_response = partial(self._on_response, request)
        self._sending = Sending(self._layer, request, destination, on_response, self._prepare)
        self._sending.begin(now)

    def _prepare(self, request: Request, hop: Hop) -> None:
        self._hop = hop
        if self._sending is not None and self._sending.transaction is not None:
            # Another hop had it before, and may share the nonces of this one.
            self._credentials.digest.repeat(request)
        self.registration.go_by(self._contact(), request, stream=hop.transport != "UDP")

    @property
    def _shown(self) -> tuple[Binding, str | None, bool, tuple[str, ...]]:
        registration = self.registration
        return registration.state, registration.reason, registration.unavailable, registration.service_route

    def _on_response(self, request: Request, response: ReceivedResponse, now: float) -> None:
        if response.code >= 200 and request is self.registration.awaited:
            self._drive(partial(self._take, response), now)

    def _take(self, response: ReceivedResponse, now: float) -> Request | None:
        registration = self.registration
        if response.own:
            registration.failed(response.message.phrase, now)
            return None
        moved = self._learn(response, now)
        if response.code in {401, 407}:
            self._credentials.registrar_asked(response.message)
        if response.code >= 300:
            # What follows it up already has the right Contact.
            if moved:
                registration.relocate(self._contact(), bound=registration.is_bound(now))
            return registration.response(response.message, now)
        follow_up = registration.response(response.message, now)
        route = registration.service_route
        first = routed(parse_uri("sip:nobody.invalid"), route)[2] if route else None
        self._credentials.home.route(None if first is None else destination_of(first))
        if registration.state is Binding.REGISTERED:
            by_flow = self._layer.by_flow
            (by_flow.add if registration.keeps_flow else by_flow.discard)(self.account.id)
            self._keep_alive.start(
                self._hop,
                now,
                behind_nat=self._learned.hop is not None,
                flow_timer=registration.flow_timer,
                answered=registration.keeps_flow,
            )
        if moved and registration.relocate(self._contact()):
            return registration.renew(now)
        return follow_up

    def _learn(self, response: ReceivedResponse, now: float) -> bool:
        layer, transport = self._layer, self._hop.transport
        if layer.contact_is_fixed or not self.started:
            return False
        if not self._learned.learn(response.via, transport, layer.contact, now):
            return False
        layer.learned[self.account.id] = self._learned.hop
        return True
