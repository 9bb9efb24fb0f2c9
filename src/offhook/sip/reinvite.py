"""One re-INVITE of ours (RFC 3261 §14.1): its ACKs, and an end for one that is never answered."""

from collections.abc import Mapping

from sipmessage import Request

from .capabilities import ADVERTISED_WITHIN
from .dialog_client import DialogClient
from .hop import Hop
from .message import ReceivedResponse
from .negotiation import SDP
from .sending import Acknowledgement
from .timers import TIMEOUT
from .transaction import State
from .transaction_layer import OnResponse


class ReInvite:
    """`on_outcome` hears the first final response, after a 2xx was acknowledged."""

    def __init__(
        self,
        client: DialogClient,
        offer: bytes,
        headers: Mapping[str, str],
        on_outcome: OnResponse,
        now: float,
    ) -> None:
        self._client = client
        self._on_outcome = on_outcome
        self._told = False
        self._ack: Acknowledgement | None = None
        said = {**ADVERTISED_WITHIN, **headers}
        self._request = client.send("INVITE", self._on_final, now, headers=said, body=offer, body_type=SDP)
        # The transaction gives up what nothing answers, and not what got a provisional response.
        self._limit = client.layer.timers.start(now + TIMEOUT, self._too_long)

    def _on_final(self, response: ReceivedResponse, now: float) -> None:
        if response.code < 300:
            self._acknowledge(response, now)
        if not self._told:
            self._told = True
            self._limit.cancel()
            self._on_outcome(response, now)

    def _acknowledge(self, response: ReceivedResponse, now: float) -> None:
        layer, dialog, request = self._client.layer, self._client.dialog, self._request.request
        if self._ack is not None:
            self._ack.repeat(now)
            return
        dialog.refresh(response.message)
        ack, destination = dialog.request("ACK", response.sequence)
        credentials = self._client.credentials

        def prepare(ack: Request, hop: Hop) -> None:
            if request is not None and credentials is not None:
                credentials.repeat(request, ack, hop)

        self._ack = Acknowledgement(layer, ack, destination, prepare, now)

    def _too_long(self, now: float) -> None:
        layer, transaction = self._client.layer, self._request.transaction
        self._limit = layer.timers.start(now + TIMEOUT, self._give_up)
        if transaction is not None and transaction.state is State.PROCEEDING:
            layer.cancel(transaction, now)

    def _give_up(self, now: float) -> None:
        """64*T1 after its CANCEL an INVITE counts as cancelled (§9.1)."""
        transaction = self._request.transaction
        if transaction is not None and transaction.waiting:
            transaction.abandon(now)
            transaction.time_out(now)
