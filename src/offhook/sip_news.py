"""What a user agent tells of, in the phone's words: the two know nothing of each other."""

from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallReplaced,
    CallRinging,
    CallSecured,
    DigitReceived,
    Diverted,
    HeldByPeer,
    HoldRefused,
    News,
    ReferAsked,
    Registration,
    RegistrationChanged,
    TransferAccepted,
    TransferDone,
    TransferFailed,
)
from offhook.phone.events import MessagesWaiting as PhoneMessagesWaiting
from offhook.phone.events import RemoteChanged as PhoneRemoteChanged
from offhook.sip.events import (
    Answered,
    Binding,
    BindingChanged,
    ChangeRefused,
    CheckSync,
    Digit,
    Ended,
    Failed,
    Incoming,
    InviteSent,
    MediaChanged,
    MessagesRefused,
    MessagesWaiting,
    PeerHold,
    Progress,
    ReferAccepted,
    ReferDone,
    ReferFailed,
    ReferReceived,
    RemoteChanged,
    Replacing,
    SignallingChanged,
    Unwelcome,
    UserAgentEvent,
)

REGISTRATIONS = {
    Binding.REGISTERING: Registration.REGISTERING,
    Binding.REGISTERED: Registration.REGISTERED,
    Binding.FAILED: Registration.FAILED,
    Binding.UNREGISTERED: Registration.DISABLED,
}


def for_the_phone(told: UserAgentEvent) -> News | None:
    """None for what is the house's business alone, such as what was sent."""
    match told:
        case Incoming(call, account, remote, remote_name, answer_after, anonymous, by, stranger):
            diverted = None if by is None else Diverted(by.uri, by.name, by.reason)
            return CallArrived(
                call, account, remote, remote_name, answer_after, anonymous, diverted, stranger
            )
        case Replacing(call, replaced, _, remote, remote_name):
            return CallReplaced(call, replaced, remote, remote_name)
        case Progress(call, _, _, early_media):
            return CallRinging(call, early_media)
        case Answered(call):
            return CallAnswered(call)
        case RemoteChanged(call, remote, remote_name):
            return PhoneRemoteChanged(call, remote, remote_name)
        case Failed(call, code, reason, contacts):
            return CallFailed(call, code, reason, contacts[0] if contacts else "")
        case Ended(call, reason, elsewhere):
            return CallGone(call, reason, elsewhere)
        case ChangeRefused(call, code, reason):
            return HoldRefused(call, code, reason)
        case MediaChanged(call, flow, over_tls) | SignallingChanged(call, flow, over_tls):
            return CallSecured(call, None if flow.srtp is None else flow.srtp.suite, over_tls)
        case PeerHold(call, held):
            return HeldByPeer(call, held)
        case ReferReceived(call, target, referred_by, stranger):
            return ReferAsked(call, target, referred_by, stranger)
        case ReferAccepted(call):
            return TransferAccepted(call)
        case ReferDone(call):
            return TransferDone(call)
        case ReferFailed(call, code, reason):
            return TransferFailed(call, code, reason)
        case Digit(call, digit):
            return DigitReceived(call, digit)
        case MessagesWaiting(account, new, _):
            # Whose they are is not always said: those are counted apart.
            return PhoneMessagesWaiting(account or 0, new)
        case BindingChanged(account, binding, reason):
            return RegistrationChanged(account, REGISTRATIONS[binding], reason)
        case InviteSent() | MessagesRefused() | CheckSync() | Unwelcome():
            return None
