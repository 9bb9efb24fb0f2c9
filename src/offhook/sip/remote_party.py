"""Who the far end of a call is, which may change while it lasts: an exchange connects it to somebody else.

It is said by the From of a request within the call (RFC 4916), and by what a trusted network asserts in
requests and responses (RFC 3325).
"""

from .identity import Identity, asserted_identity, of_address
from .message import ReceivedRequest, ReceivedResponse
from .name_addr import NameAddr


class RemoteParty:
    """`stated` is what From said of a caller, or our To of who is called. `shown` is who it is now."""

    def __init__(self, shown: Identity, stated: NameAddr) -> None:
        self.shown = shown
        self._stated = (stated.uri, stated.name)

    def learn(self, message: ReceivedRequest | ReceivedResponse, *, trusted: bool) -> bool:
        """Whether it is told as somebody else, or by another name, than before."""
        # In a response To is what was asked for, whoever answers.
        own = isinstance(message, ReceivedRequest)
        stated = message.from_ if own else message.to
        found = asserted_identity(message.message, stated) if trusted else None
        if own and (stated.uri, stated.name) != self._stated:
            self._stated = (stated.uri, stated.name)
            found = found or of_address(stated)
        # Who hides now is known by what was known before: it is still that call.
        if found is None or found.anonymous or found == self.shown:
            return False
        self.shown = found
        return True
