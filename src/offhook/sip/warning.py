"""Why a request is refused, for the person who made it (RFC 3261 §20.43)."""

from .hop import uri_host


def warning(host: str, text: str, code: int = 399) -> str:
    """The value of a Warning header; `host` is this end's, `code` 399 for what is meant for people alone."""
    # What came in a request may be among it, and must neither end the quoted string nor the line.
    quoted = "".join(c for c in text if " " <= c <= "~" and c not in '"\\')
    return f'{code} {uri_host(host)} "{quoted}"'
