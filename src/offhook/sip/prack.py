"""The numbers by which a provisional response becomes reliable: RSeq, and RAck in its PRACK (RFC 3262 §7)."""

import re
from typing import NamedTuple

from sipmessage import Request, Response

from .option_tags import names

TAG = "100rel"
MAX_RSEQ = 2**32 - 1

_RACK = re.compile(r"([0-9]{1,10})\s+([0-9]{1,10})\s+(\S{1,32})", re.ASCII)
_RSEQ = re.compile(r"[0-9]{1,10}", re.ASCII)


class RAck(NamedTuple):
    rseq: int
    sequence: int
    """CSeq of the request that the provisional response is to."""
    method: str

    @classmethod
    def of(cls, prack: Request) -> "RAck":
        """Raises ValueError."""
        match = _RACK.fullmatch(prack.headers.get("RAck") or "")
        if match is None:
            raise ValueError("RAck missing, or not two numbers and a method")
        return cls(int(match[1]), int(match[2]), match[3])

    def __str__(self) -> str:
        return f"{self.rseq} {self.sequence} {self.method}"


def rseq_of(response: Response) -> int | None:
    """None for a response that wants no PRACK."""
    rseq = response.headers.get("RSeq") or ""
    if not 100 < response.code < 200 or not _RSEQ.fullmatch(rseq) or not names(response, "Require", TAG):
        return None
    return int(rseq) if 1 <= int(rseq) <= MAX_RSEQ else None
