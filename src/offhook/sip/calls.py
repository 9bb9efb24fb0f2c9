"""The calls there are, by name, by dialog and by the INVITE that began them; and what each wants of whoever
has it (`invite_session.Owner`)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .account import Account
from .account_credentials import AccountCredentials
from .accounts import Accounts
from .dialog import Dialog, DialogId
from .events import UserAgentEvent
from .hop import Hop
from .incoming_call import IncomingCall
from .invite_session import InviteSession
from .message import ReceivedRequest
from .rate_limit import network_of
from .redirection import Redirects
from .replaces import Replaces
from .server_transaction import Key
from .transaction_layer import TransactionLayer

MOST_UNANSWERED = 2
"""Calls from one network of strangers that wait for an answer at the same time."""


class Calls:
    """`most` at once, those that are ending included."""

    def __init__(
        self,
        layer: TransactionLayer,
        accounts: Accounts,
        emit: Callable[[UserAgentEvent], None],
        *,
        redirects: Redirects,
        may_call: Callable[[str], bool],
        most: int,
    ) -> None:
        self.layer = layer
        self.redirects = redirects
        self.may_call = may_call
        self.emit = emit
        self._accounts = accounts
        self._most = most
        self._calls: dict[str, InviteSession] = {}
        self._dialogs: dict[DialogId, tuple[InviteSession, Dialog]] = {}
        self._invited: dict[Key, IncomingCall] = {}

    @property
    def by_name(self) -> Mapping[str, InviteSession]:
        """Until the last BYE of each is answered."""
        return MappingProxyType(self._calls)

    @property
    def dialogs(self) -> Mapping[DialogId, tuple[InviteSession, Dialog]]:
        return MappingProxyType(self._dialogs)

    @property
    def full(self) -> bool:
        return len(self._calls) >= self._most

    def __getitem__(self, call: str) -> InviteSession:
        return self._calls[call]

    def incoming(self, call: str) -> IncomingCall:
        """Raises ValueError for one that was placed from here."""
        session = self._calls[call]
        if not isinstance(session, IncomingCall):
            raise ValueError(f"call {call} was placed from here")  # noqa: TRY004 - a matter of which call
        return session

    def must_be_new(self, call: str) -> None:
        if call in self._calls:
            raise ValueError(f"there is a call {call} already")

    def placed(self, session: InviteSession) -> None:
        self._calls[session.call] = session

    def arrived(self, session: IncomingCall, invite: Key) -> None:
        self._calls[session.call] = session
        self._invited[invite] = session

    def is_crowded_by(self, stranger: Hop) -> bool:
        """One INVITE rings for minutes: too few for any rate to notice would leave no line free."""
        network = network_of(stranger.host)
        waiting = sum(
            call.unanswered and network_of(call.source.host) == network for call in self._invited.values()
        )
        return waiting >= MOST_UNANSWERED

    def within(self, request: ReceivedRequest) -> tuple[InviteSession, Dialog] | None:
        """The dialog that a request belongs to, and its call."""
        return self._dialogs.get((request.call_id, request.to.tag, request.from_.tag))

    def begun_by(self, invite: Key) -> IncomingCall | None:
        return self._invited.get(invite)

    def named_by(self, replaces: Replaces) -> tuple[InviteSession, Dialog] | None:
        """What is to be replaced, where that is one dialog (RFC 3891 §3)."""
        found = [within for name in replaces.dialogs if (within := self._dialogs.get(name)) is not None]
        return found[0] if len(found) == 1 else None

    # --- what each of them wants

    def trusts(self, account: Account | None, source: Hop) -> bool:
        return self._accounts.trusts(source, account)

    def credentials(self, account: Account | None) -> AccountCredentials | None:
        return None if account is None else self._accounts.credentials.get(account)

    def dialog_opened(self, dialog: Dialog, session: InviteSession) -> None:
        self._dialogs[dialog.id] = (session, dialog)

    def dialog_closed(self, dialog: Dialog) -> None:
        self._dialogs.pop(dialog.id, None)

    def session_over(self, session: InviteSession) -> None:
        if self._calls.get(session.call) is session:
            del self._calls[session.call]
        for key in [key for key, invited in self._invited.items() if invited is session]:
            del self._invited[key]
