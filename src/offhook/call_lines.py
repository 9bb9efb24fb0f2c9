"""What becomes of the calls, for whoever reads the log: a line for each turn, with the call's id."""

import logging
from collections.abc import Mapping

from offhook.phone.call import Call
from offhook.phone.call_log import CallRecord
from offhook.sip.events import (
    Answered,
    ChangeRefused,
    Ended,
    Failed,
    Incoming,
    InviteSent,
    Progress,
    Replacing,
    UserAgentEvent,
)

_log = logging.getLogger(__name__)


def say_turn(told: UserAgentEvent, calls: Mapping[str, Call]) -> None:
    """`calls` are the phone's."""
    match told:
        case Incoming(id_, account, remote) | Replacing(id_, _, account, remote):
            _say(logging.INFO, id_, account, "INVITE from %s", remote)
        case InviteSent(id_) if call := calls.get(id_):
            _say(logging.INFO, id_, call.account, "INVITE sent to %s", call.remote)
        case Progress(id_, code, reason):
            _say(logging.DEBUG, id_, _account(calls, id_), "%d %s", code, reason)
        case Answered(id_):
            _say(logging.INFO, id_, _account(calls, id_), "answered")
        case Failed(id_, code, reason):
            _say(logging.INFO, id_, _account(calls, id_), "not answered: %d %s", code, reason)
        case ChangeRefused(id_, code, reason):
            _say(logging.INFO, id_, _account(calls, id_), "not changed: %d %s", code, reason)
        case Ended(id_, reason):
            _say(logging.INFO, id_, _account(calls, id_), "ended: %s", reason)


def say_end(record: CallRecord) -> None:
    """The last line of a call, however it ended; of one that goes on, none."""
    if record.duration is not None:
        how = f"{record.duration:.1f} s" if record.duration else "without an answer"
        _say(logging.INFO, record.id, record.account, "over: %s, %s", record.kind, how)


def _account(calls: Mapping[str, Call], id_: str) -> int | None:
    call = calls.get(id_)
    return call.account if call else None


def _say(level: int, call: str, account: int | None, what: str, *values: object) -> None:
    _log.log(level, what, *values, extra={"call": call, "account": account})
