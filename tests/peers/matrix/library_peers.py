"""baresip-python, pjsua2-python and aiosipua."""

from collections.abc import Mapping
from typing import ClassVar

from .driven_peer import DrivenPeer
from .peer import Fault

ASKS_NOBODY = "a program of ours drives it, and it has no call that asks with OPTIONS"
NO_REGISTRAR = "a user agent, no registrar"


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
        "hold and resume by the peer": Fault(
            "asked to hold or resume while a re-INVITE of its own is under way, it now and then sends none, "
            "and says that it did",
            "baresip-python's: RFC 3261 §14.1 lets it only be put off",
            not_always=True,
        )
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
