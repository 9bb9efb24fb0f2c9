"""Programs that look for phones to abuse, by the name they give themselves."""

from typing import Final

from sipmessage import Request

SCANNERS: Final = (
    "friendly-scanner", "friendly-request", "sipvicious", "svmap", "svwar", "svcrack",
    "sipcli", "sip-scan", "sipscan", "sipsscuser", "sundayddr", "pplsip", "iwar",
    "vaxsipuseragent", "vaxipuseragent", "siparmyknife", "custom sip phone", "nmap",
)  # fmt: skip
"""In lower case. A scanner that has another name is counted as any stranger is."""

_LONGEST: Final = 256


def is_scanner(request: Request) -> bool:
    agent = (request.headers.get("User-Agent") or "")[:_LONGEST].lower()
    return any(name in agent for name in SCANNERS)
