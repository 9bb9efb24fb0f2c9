"""One branch of an INVITE of ours, until it is answered (RFC 3261 §12.1.2, RFC 3262 §4, RFC 3960)."""

from . import prack
from .dialog import Dialog
from .dialog_client import DialogClient, TooManyWaiting
from .media import MediaFlow
from .message import ReceivedResponse
from .negotiation import Negotiation
from .offer_answer import NotAcceptable


class EarlyDialog:
    """Each branch has our offer from the INVITE, and its own answer to it."""

    def __init__(self, client: DialogClient, negotiation: Negotiation) -> None:
        self.client = client
        self.negotiation = negotiation.branch()
        self.flow: MediaFlow | None = None
        """What was agreed about sound with this branch."""
        self._rseq: int | None = None
        self._changed = False

    @property
    def dialog(self) -> Dialog:
        return self.client.dialog

    def acknowledge(self, response: ReceivedResponse, now: float) -> bool:
        """Send the PRACK of a reliable response. False: it came before, or out of order, and is passed over;
        the one that is missing is repeated."""
        rseq = prack.rseq_of(response.message)
        if rseq is None:
            return True
        if self._rseq is not None and rseq != self._rseq + 1:
            return False
        self._rseq = rseq
        rack = prack.RAck(rseq, response.sequence, response.method)
        try:
            self.client.send("PRACK", lambda _response, _now: None, now, headers={"RAck": str(rack)})
        except TooManyWaiting:
            return False
        return True

    def hear(self, response: ReceivedResponse) -> bool:
        """Whether a provisional response brought another description of sound than before.

        One that is no use is passed over: the 2xx has the answer that counts. What was sent unreliably may be
        sent anew in other words, so it is no answer that an UPDATE could follow.
        """
        if not response.message.body or self._changed:
            return False
        try:
            final = prack.rseq_of(response.message) is not None
            flow = self.negotiation.read_answer(response.message, final=final)
        except NotAcceptable:
            return False
        before, self.flow = self.flow, flow
        return flow != before

    def change(self, flow: MediaFlow) -> None:
        """An UPDATE came; descriptions in responses to the INVITE are old from now on."""
        self.flow, self._changed = flow, True

    def answered(self, response: ReceivedResponse) -> MediaFlow:
        """What holds now that a 2xx came: an answer that came early need not come again. Raises
        NotAcceptable."""
        if self.flow is None or (response.message.body and not self._changed):
            self.flow = self.negotiation.read_answer(response.message)
        self.negotiation.settle()
        return self.flow
