"""A SIP message without what would let its reader log in, listen or dial: for traces that leave this machine.

What is left out of a body is replaced octet by octet, so that Content-Length stays true.
"""

import re
from typing import Final

_MASK: Final = b"***"

_CREDENTIALS = re.compile(
    rb"^((?:Proxy-)?(?:Authorization|Authentication-Info))[ \t]*:([^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME = re.compile(rb"\s*([A-Za-z0-9_-]{1,32})(?=[ \t\r\n]|$)")
_SHOWN = re.compile(
    rb'(?:^|[\s,])((?:username|realm|nonce|uri|algorithm|qop|nc|stale)[ \t]*=[ \t]*(?:"[^"\r\n]*"|[^\s,"]+))',
    re.IGNORECASE,
)
# Bounded: without an @ to end it, each sip: would have the rest looked through.
_URI_PASSWORD = re.compile(rb"(\bsips?:[^@:\s<>\"]{0,1024}):[^@\s<>\"]{0,1024}@", re.IGNORECASE)
_URI_CREDENTIALS = re.compile(rb"((?:Proxy-)?Authorization=)[^&>\s\"]*", re.IGNORECASE)

_KEYS = re.compile(
    rb"(^a=crypto:[^\r\n]*?inline:|^a=key-mgmt:|^a=ice-pwd:|^k=|^[ \t]*Signal[ \t]*[=:][ \t]*|\bdigits=[\"'])"
    rb"([^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_DIGIT_BODY = re.compile(
    rb"^(?:Content-Type|c)[ \t]*:\s*application/dtmf\s*(?:;|$)", re.IGNORECASE | re.MULTILINE
)
_INK = re.compile(rb"[^\r\n]")


def redacted(message: bytes) -> bytes:
    """`message` without credentials, keys of sound, passwords in URIs, and the digits of an INFO.

    It takes anything: what cannot be read as SIP is searched all the same.
    """
    head, blank, body = message.partition(b"\r\n\r\n")
    digits = _DIGIT_BODY.search(head) is not None
    head = _CREDENTIALS.sub(_without_proof, head)
    head = _URI_PASSWORD.sub(rb"\1:" + _MASK + b"@", head)
    head = _URI_CREDENTIALS.sub(rb"\1" + _MASK, head)
    body = _INK.sub(b"x", body) if digits else _KEYS.sub(_blotted, body)
    return head + blank + body


def _without_proof(header: re.Match[bytes]) -> bytes:
    """With the parameters that are known to prove nothing, and no others."""
    name, value = header.groups()
    scheme = _SCHEME.match(value) if name.lower().endswith(b"authorization") else None
    shown = _SHOWN.findall(value) if scheme is None or scheme[1].lower() == b"digest" else []
    start = b"" if scheme is None else scheme[1] + b" "
    return name + b": " + start + b", ".join([*shown, _MASK])


def _blotted(line: re.Match[bytes]) -> bytes:
    return line[1] + b"x" * len(line[2])
