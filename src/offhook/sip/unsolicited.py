"""A NOTIFY that nobody subscribed to: waiting messages (RFC 3842) and check-sync, as exchanges send them."""

from collections.abc import Callable, Mapping

from sipmessage import Request

from .capabilities import EVENTS
from .events import CheckSync, MessagesWaiting
from .message import content_type
from .message_summary import MESSAGE_SUMMARY, MessageSummary
from .subscription import Event

News = MessagesWaiting | CheckSync
OfMailbox = Callable[[str], int | None]


class Refused(Exception):
    """With the code and the headers that answer it."""

    def __init__(self, code: int, **headers: str) -> None:
        super().__init__(code)
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def _nobody(_mailbox: str) -> None:
    return None


def news_of(notify: Request, account: int | None, of_mailbox: OfMailbox = _nobody) -> News | None:
    """None for one that brings nothing. `of_mailbox` finds the account that a URI names, where the request
    itself was for none. Raises Refused."""
    event = Event.of(notify)
    package = _PACKAGES.get(event.package)
    if package is None:
        raise Refused(489, Allow_Events=EVENTS)
    return package(notify, event, account, of_mailbox)


def _messages(
    notify: Request, _event: Event, account: int | None, of_mailbox: OfMailbox
) -> MessagesWaiting | None:
    kind = content_type(notify)
    if not kind:
        return None
    if kind != MESSAGE_SUMMARY:
        raise Refused(415, Accept=MESSAGE_SUMMARY)
    try:
        summary = MessageSummary.parse(notify.body)
    except ValueError:
        raise Refused(400) from None
    if account is None:
        account = of_mailbox(summary.account)
    return MessagesWaiting(account, summary.new, summary.old)


def _check_sync(_notify: Request, event: Event, account: int | None, _of_mailbox: OfMailbox) -> CheckSync:
    # Without the parameter vendors differ; what interrupts nobody is the better guess.
    return CheckSync(account, reboot=(event.parameters.get("reboot") or "").lower() == "true")


_PACKAGES: Mapping[str, Callable[[Request, Event, int | None, OfMailbox], News | None]] = {
    "message-summary": _messages,
    "check-sync": _check_sync,
}
