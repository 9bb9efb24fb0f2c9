"""Callers that ask to be answered at once, as intercoms and paging do.

None of it is settled: `Call-Info` and `Alert-Info` come with a URI, without one, or as a bare parameter.
"""

import re

from sipmessage import Request

MAX_VALUE = 512

_ANSWER_AFTER = re.compile(r"(?:^|[;,\s])answer-after\s*=\s*\"?\s*[0-9]", re.IGNORECASE)
_ALERT = re.compile(r"(?:alert-?auto-?|auto[ -]?|ring[ -])answer\b", re.IGNORECASE)
_AUTO = re.compile(r"\s*auto\s*(?:;|$)", re.IGNORECASE)

_ASKING = (
    ("Call-Info", _ANSWER_AFTER),
    ("Alert-Info", _ANSWER_AFTER),
    ("Alert-Info", _ALERT),
    ("Answer-Mode", _AUTO),
    ("Priv-Answer-Mode", _AUTO),
)
"""The last two are RFC 5373's."""


def asks_to_be_answered(invite: Request) -> bool:
    return any(
        (pattern.match if pattern is _AUTO else pattern.search)(value[:MAX_VALUE])
        for name, pattern in _ASKING
        for value in invite.headers.getlist(name)
    )
