"""Why a call is ended, by the Reason header (RFC 3326)."""

import re
from dataclasses import dataclass

from sipmessage import Request, Response

from .message import phrase_of
from .name_addr import parse_parameters, split_list

MAX_TEXT = 120
"""Characters, for a screen."""

ELSEWHERE = "call completed elsewhere"
"""RFC 3326's text for a fork that another branch answered; some send it without the cause."""

CAUSES = {
    "1": "there is no such number", "2": "there is no route there", "3": "there is no route there",
    "17": "busy", "18": "it does not respond", "19": "nobody answers", "20": "it is switched off",
    "21": "rejected", "22": "the number has changed", "26": "it was answered elsewhere",
    "27": "it is out of order", "28": "the number is not complete", "29": "the exchange cannot do this",
    "34": "no line is free", "38": "the network is out of order", "41": "a failure for the moment",
    "42": "the exchange is overloaded", "47": "no line is free", "50": "the line has not this feature",
    "52": "outgoing calls are barred", "54": "incoming calls are barred", "55": "incoming calls are barred",
    "57": "the line may not do this", "58": "this is not possible at present",
    "65": "the network cannot carry this kind of call", "79": "the network cannot do this",
    "88": "the other end cannot take this kind of call", "102": "the exchange gave up waiting",
    "111": "the networks do not understand each other", "127": "the networks do not understand each other",
}  # fmt: skip
"""ITU-T Q.850 §2.2.7, as exchanges give them (RFC 6432); 16 is an ordinary end, and 31 says nothing."""

_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Reason:
    text: str = ""
    elsewhere: bool = False
    """Another branch of a forked INVITE was answered."""

    @classmethod
    def of(cls, message: Request | Response) -> "Reason":
        """What cannot be read is passed over. What somebody has written goes before what a cause means."""
        text, meant, elsewhere = "", "", False
        for value in message.headers.getlist("Reason"):
            for item in split_list(value):
                protocol, _, rest = item.partition(";")
                try:
                    parameters = parse_parameters(f";{rest}" if rest else "")
                except ValueError:
                    continue
                said = _unquoted(parameters.get("text") or "")
                text = text or said[:MAX_TEXT]
                if protocol.strip().upper() == "Q.850":
                    meant = meant or CAUSES.get(parameters.get("cause") or "", "")
                completed = protocol.strip().upper() == "SIP" and parameters.get("cause") == "200"
                elsewhere = elsewhere or completed or said.lower() == ELSEWHERE
        return cls(text or meant, elsewhere)


def reason_header(code: int) -> str:
    """For a request that ends a call as a response with `code` would have."""
    return f'SIP;cause={code};text="{phrase_of(code)}"'


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text
