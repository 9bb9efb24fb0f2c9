"""baresip-python, pjsua2-python and aiosipua."""

from collections.abc import Mapping
from typing import ClassVar

from .driven_peer import DrivenPeer
from .peer import GIVES_UP, Fault

ASKS_NOBODY = "a program of ours drives it, and it has no call that asks with OPTIONS"
NO_REGISTRAR = "a user agent, no registrar"
HOLD_LEFT_OUT = Fault(
    "asked to hold or resume while a re-INVITE of its own is under way, it now and then sends none, and says "
    "that it did",
    "baresip-python's: RFC 3261 §14.1 lets it only be put off",
    not_always=True,
)


class BaresipPythonPeer(DrivenPeer):
    name = "baresip-python"
    made_by = "pypi:baresip-python"
    library = "baresip"
    how = "libbaresip 4 and libre 4 as a library of Python"
    cannot: ClassVar[Mapping[str, str]] = {
        "OPTIONS": ASKS_NOBODY,
        "register": NO_REGISTRAR,
        "session timer": "libre 4 knows no Session-Expires",
    }

    faults: ClassVar[Mapping[str, Fault]] = {
        "hold and resume by the peer": HOLD_LEFT_OUT,
        "attended transfer by the peer": HOLD_LEFT_OUT,
        "glare": Fault(
            "after the 491 to its hold it now and then asks for sound both ways, and holds no more: the "
            "re-INVITE that it owes itself since the answer takes the place of the hold",
            "baresip-python's: RFC 3261 §14.1 has it ask again for the same",
            not_always=True,
        ),
        "given up by the peer before a response": Fault(
            "it forgets the call at once, and sends no CANCEL when a response comes: the phone rings on",
            "baresip-python's: RFC 3261 §9.1",
        ),
    }


class PjsuaPeer(DrivenPeer):
    name = "pjsua2-python"
    made_by = "pypi:pjsua2-python"
    library = "pjsua2"
    up_to = (3, 12)
    how = "PJSIP as a library of Python"
    cannot: ClassVar[Mapping[str, str]] = {
        "OPTIONS": ASKS_NOBODY,
        "register": NO_REGISTRAR,
        "Opus": "its wheels are built without Opus",
        "IPv6": "its wheels are built without IPv6, and an account that wants it aborts the process",
    }
    faults: ClassVar[Mapping[str, Fault]] = {
        "glare": Fault(GIVES_UP, "PJSIP's: RFC 3261 §14.1 says that it should"),
    }


NO_TLS = "it has UDP and TCP only"
NO_SRTP = "its companion aiortp has no SRTP"
NO_REPLACES = "it knows no Replaces: blind transfers only"


class AiosipuaPeer(DrivenPeer):
    name = "aiosipua"
    made_by = "pypi:aiosipua"
    library = "aiosipua"
    how = "a library for asyncio, with the sound of aiortp"
    cannot: ClassVar[Mapping[str, str]] = {
        "OPTIONS": ASKS_NOBODY,
        "register": NO_REGISTRAR,
        "attended transfer by the peer": NO_REPLACES,
        "attended transfer of the peer, which sends Replaces": NO_REPLACES,
        "attended transfer to the peer, which takes Replaces": NO_REPLACES,
        "digits to the peer, INFO": "it sends INFO, and answers it with 405",
        "Opus": "its offers and answers are of the static payload types",
        "TLS, the right CA": NO_TLS,
        "TLS, a wrong CA": NO_TLS,
        "TLS, no CA": NO_TLS,
        "SRTP, optional here and there": NO_SRTP,
        "SRTP, required here and there": NO_SRTP,
    }
    faults: ClassVar[Mapping[str, Fault]] = {
        "digits from the peer, RFC 4733": Fault(
            "all its digits have the RTP timestamp 0, so that the second one is taken for the first again",
            "aiosipua's (aiortp's): RFC 4733 §2.2.1 has it say when the digit began",
        ),
        "TCP": Fault(
            "its Contact says nothing of TCP, so the BYE goes over UDP, where nobody listens",
            "aiosipua's: RFC 3261 §8.1.1.8, and RFC 3263 §4.1 for what a URI without transport means",
        ),
        "given up by the peer as it is answered": Fault(
            "after its CANCEL it knows nothing of the call any more: the 200 gets neither ACK nor BYE",
            "aiosipua's: RFC 3261 §13.2.2.4 and §15",
        ),
        "glare": Fault(
            "its re-INVITE goes to where the call came from, and not to the Contact, where this row "
            "waits for it",
            "aiosipua's: RFC 3261 §12.2.1.1",
        ),
        "the peer starts anew in a call": Fault(
            "it takes a request of a call that it does not know for a new call, and rings",
            "aiosipua's: RFC 3261 §12.2.2",
        ),
        "session timer": Fault(
            "it adds Session-Expires to its INVITE after that has been sent",
            "aiosipua's: RFC 4028 §7.1",
        ),
    }
