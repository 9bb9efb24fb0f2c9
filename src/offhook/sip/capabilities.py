"""What this user agent understands, as it tells others (RFC 3261 §11.2, §20.5, §20.37)."""

from sipmessage import Request, Response

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO")
ALLOW = ", ".join(METHODS)
EXTENSIONS: tuple[str, ...] = ()
"""Option tags that a Require header may name."""
BODIES = ("application/sdp", "application/dtmf-relay", "application/dtmf")


def advertise(message: Request | Response) -> None:
    message.headers.set("Allow", ALLOW)
    message.headers.set("Supported", ", ".join(EXTENSIONS))
