"""A SIP message without what would let its reader log in, listen or dial: for traces that leave this machine.

What is left out of a body is replaced octet by octet, so that Content-Length stays true.
"""

import re
from typing import Final

_MASK: Final = b"***"

# Nobody may end a line with a bare CR, and who does so is understood by some. So one begins a line, and ends
# no value: what is behind it is left out too.
_LINE: Final = rb"(?:^|(?<=\r))"
# No possessive quantifier round a group: Python 3.11.2 mistakes where it ends (gh-106052).
_VALUE: Final = rb"[^\r\n]*(?:\r(?!\n)[^\r\n]*)*"

_BEFORE_COLON: Final = rb"[ \t]*(?:\r?\n[ \t]+)*"
"""A header may be folded here too (RFC 3261 §25.1, HCOLON)."""

_CREDENTIALS = re.compile(
    _LINE + rb"((?:Proxy-)?(?:Authorization|Authentication-Info))" + _BEFORE_COLON + rb":"
    rb"(" + _VALUE + rb"(?:\r?\n[ \t]+" + _VALUE + rb")*)",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME = re.compile(rb"\s*([A-Za-z0-9_-]{1,32})(?=[ \t\r\n]|$)")
_SHOWN = re.compile(
    rb'(?:^|[\s,])((?:username|realm|nonce|uri|algorithm|qop|nc|stale)[ \t]*=[ \t]*(?:"[^"\r\n]*"|[^\s,"]+))',
    re.IGNORECASE,
)
# Bounded: without an @ to end it, each sip: would have the rest looked through. It is the last @ that ends
# it, for a password may have one that nobody has escaped.
_URI_PASSWORD = re.compile(rb"(\bsips?:[^:\s<>\"]{0,1024}:)([^\s>\"]{0,1024})@", re.IGNORECASE)
_URL_PASSWORD = re.compile(
    rb"(\b[a-z][a-z0-9+.-]{0,31}://[^:/?#\s<>\"]{0,1024}:)([^/?#\s<>\"]{0,1024})@", re.IGNORECASE
)
"""As in Alert-Info. What is behind the host may have an @ of its own."""
_ESCAPED_URI_PASSWORD = re.compile(
    rb"(sips?%3a(?:(?!%3a|%40)[^\s<>\"&]){0,1024}%3a)((?:(?!%3e|%22)[^\s<>\"&]){0,1024})%40", re.IGNORECASE
)
"""A URI in a header of a URI."""
_URI_CREDENTIALS = re.compile(rb"((?:Proxy-)?Authorization=)([^&>\s\"]*)", re.IGNORECASE)

_KEYS = re.compile(
    rb"(" + _LINE + rb"[ \t]*(?:a=crypto:(?:[ \t]*[^\s:]+[ \t]+[^\s:]+[ \t]+(?:inline:)?)?"
    rb"|a=key-mgmt:|a=ice-pwd:|k=)"
    rb"|"
    + _LINE
    + rb"[ \t]*Signal[ \t]*[=:][ \t]*|\bdigits\s{0,16}=\s{0,16}[\"']|"
    + _LINE
    + rb"[ \t]*d=Digits=)"
    rb"(" + _VALUE + rb")",
    re.IGNORECASE | re.MULTILINE,
)
_SECRETS_OF_A_BODY: Final = (
    _CREDENTIALS,
    _URI_PASSWORD,
    _URL_PASSWORD,
    _ESCAPED_URI_PASSWORD,
    _URI_CREDENTIALS,
    _KEYS,
)
_DIGIT_BODY = re.compile(
    _LINE + rb"(?:Content-Type|c)" + _BEFORE_COLON + rb":\s*application/dtmf[ \t]*(?:[;\r\n]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""Of the message, or of one part among several: then all of them are left out."""
_INK = re.compile(rb"[^\r\n]")
# Empty lines may stand before a message (RFC 3261 §7.5), and some end lines with a bare LF or CR.
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")


def redacted(message: bytes) -> bytes:
    """`message` without credentials, keys of sound, passwords in URIs, and the digits of an INFO.

    It takes anything: what cannot be read as SIP is searched all the same.
    """
    blank = _BLANK.search(message, len(message) - len(message.lstrip()))
    # The empty line goes with the body, for a value that ends in it would take it along.
    end = len(message) if blank is None else blank.start()
    head, body = message[:end], message[end:]
    digits = _DIGIT_BODY.search(message) is not None
    head = _CREDENTIALS.sub(_without_proof, head)
    head = _URI_PASSWORD.sub(rb"\1" + _MASK + b"@", head)
    head = _URL_PASSWORD.sub(rb"\1" + _MASK + b"@", head)
    head = _ESCAPED_URI_PASSWORD.sub(rb"\1" + _MASK + b"%40", head)
    head = _URI_CREDENTIALS.sub(rb"\1" + _MASK, head)
    # What is no SIP may have its keys anywhere.
    head = _KEYS.sub(_blotted, head)
    if digits:
        return head + _INK.sub(b"x", body)
    # A message/sipfrag has headers, XML has URIs.
    for secret in _SECRETS_OF_A_BODY:
        body = secret.sub(_blotted, body)
    return head + body


def _without_proof(header: re.Match[bytes]) -> bytes:
    """With the parameters that are known to prove nothing, and no others."""
    name, value = header.groups()
    scheme = _SCHEME.match(value) if name.lower().endswith(b"authorization") else None
    shown = _SHOWN.findall(value) if scheme is None or scheme[1].lower() == b"digest" else []
    start = b"" if scheme is None else scheme[1] + b" "
    return name + b": " + start + b", ".join([*shown, _MASK])


def _blotted(secret: re.Match[bytes]) -> bytes:
    start = secret.start(2) - secret.start()
    return secret[0][:start] + _INK.sub(b"x", secret[2]) + secret[0][start + len(secret[2]) :]
