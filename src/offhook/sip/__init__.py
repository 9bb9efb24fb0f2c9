"""A SIP user agent (RFC 3261) as pure machines on sipmessage. It knows nothing of phones.

Bottom up: `message` reads and bounds what comes in; `transaction` and its two kinds repeat and absorb
repetitions; `transaction_layer` finds the one a message belongs to; `dialog` keeps what two ends share;
`dialog_client` asks the other end for something within it; `outgoing_call` and `incoming_call` are a call
from either side, `in_dialog` what is asked for within one, `session_change` its hold, `transfers` its REFERs;
`user_agent` is the whole, driven by bytes and time, and its sockets are at the edge.
"""

from .account import Account
from .hop import Hop, Transmit
from .media import Codec, Direction, LocalMedia, MediaFlow
from .user_agent import UserAgent

__all__ = ["Account", "Codec", "Direction", "Hop", "LocalMedia", "MediaFlow", "Transmit", "UserAgent"]
