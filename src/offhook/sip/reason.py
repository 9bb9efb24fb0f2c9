"""Why a call is ended, by the Reason header (RFC 3326)."""

import re
from dataclasses import dataclass

from sipmessage import Request

from .name_addr import parse_parameters, split_list

MAX_TEXT = 120
"""Characters, for a screen."""

ELSEWHERE = "call completed elsewhere"
"""RFC 3326's text for a fork that another branch answered; some send it without the cause."""

_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Reason:
    text: str = ""
    elsewhere: bool = False
    """Another branch of a forked INVITE was answered."""

    @classmethod
    def of(cls, message: Request) -> "Reason":
        """What cannot be read is passed over."""
        text, elsewhere = "", False
        for value in message.headers.getlist("Reason"):
            for item in split_list(value):
                protocol, _, rest = item.partition(";")
                try:
                    parameters = parse_parameters(f";{rest}" if rest else "")
                except ValueError:
                    continue
                said = _unquoted(parameters.get("text") or "")
                text = text or said[:MAX_TEXT]
                completed = protocol.strip().upper() == "SIP" and parameters.get("cause") == "200"
                elsewhere = elsewhere or completed or said.lower() == ELSEWHERE
        return cls(text, elsewhere)


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text
