"""Reading Supported and Require (RFC 3261 §20.32, §20.37)."""

from sipmessage import Request, Response


def option_tags(message: Request | Response, header: str) -> list[str]:
    values = message.headers.getlist(header)
    return [tag for value in values for tag in value.replace(",", " ").split()]


def names(message: Request | Response, header: str, tag: str) -> bool:
    """Letter case counts for nothing, as in all tokens (§7.3.1)."""
    return any(each.lower() == tag for each in option_tags(message, header))
