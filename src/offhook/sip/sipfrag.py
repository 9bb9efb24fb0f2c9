"""The status line that a NOTIFY of a REFER carries (RFC 3420, RFC 3515 §2.4.5)."""

import re

SIPFRAG = "message/sipfrag"
SIPFRAG_TYPE = "message/sipfrag;version=2.0"

_STATUS = re.compile(rb"\s*SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]*))?\s*(?:\r?\n|\Z)", re.IGNORECASE)


def status_of(body: bytes) -> tuple[int, str] | None:
    """Code and phrase, None where the fragment does not begin with a status line."""
    match = _STATUS.match(body[:512])
    if match is None:
        return None
    phrase = (match[2] or b"").decode("utf-8", "replace").strip()
    return int(match[1]), "".join(c for c in phrase if c.isprintable())[:120]


def fragment(code: int, phrase: str) -> bytes:
    return f"SIP/2.0 {code} {phrase}\r\n".encode()
