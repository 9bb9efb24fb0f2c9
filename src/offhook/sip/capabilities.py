"""What this user agent understands, as it tells others (RFC 3261 §11.2, §20.5, §20.37)."""

from sipmessage import Response

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO")
ALLOW = ", ".join(METHODS)
EXTENSIONS: tuple[str, ...] = ()
"""Option tags that a Require header may name."""
BODIES = ("application/sdp", "application/dtmf-relay", "application/dtmf")
HEADERS = {"Allow": ALLOW, "Supported": ", ".join(EXTENSIONS)}


def advertise(response: Response) -> None:
    for name, value in HEADERS.items():
        response.headers.set(name, value)
