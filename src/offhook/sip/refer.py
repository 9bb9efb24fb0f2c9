"""What a REFER asks for (RFC 3515, RFC 3892), read and written."""

import re
import urllib.parse
from dataclasses import dataclass

from sipmessage import Request

from .dialog import Dialog
from .name_addr import NameAddr, name_addr, split_list
from .replaces import Replaces
from .uri import WireUri, parse_uri

MAX_URI_HEADERS = 16
MAX_REFERRED_BY = 256

_METHOD = re.compile(r";method=[^;?]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refer:
    target: WireUri
    """Without headers and method, which are no part of a Request-URI (RFC 3261 §19.1.1)."""
    replaces: Replaces | None
    referred_by: str
    """The URI; empty where it is not said, or cannot be read."""
    subscribes: bool
    """Not where `Refer-Sub: false` does without NOTIFYs (RFC 4488)."""

    @classmethod
    def of(cls, request: Request) -> "Refer":
        """Raises ValueError. Of the URI's headers only Replaces is taken: strangers write no others here."""
        values = [item for value in request.headers.getlist("Refer-To") for item in split_list(value)]
        if len(values) != 1:
            raise ValueError(f"{len(values) or 'no'} Refer-To, right would be one")
        text, _, headers = NameAddr.parse(values[0]).uri.partition("?")
        uri = parse_uri(text)
        if not uri.is_sip or (uri.parameters.get("method") or "INVITE").upper() != "INVITE":
            raise ValueError("Refer-To asks for something else than a SIP call")
        user, at, rest = text.rpartition("@")
        return cls(
            target=parse_uri(user + at + _METHOD.sub("", rest)),
            replaces=_replaces(headers),
            referred_by=_referred_by(request),
            subscribes=(request.headers.get("Refer-Sub") or "").strip().lower() != "false",
        )

    def invite_headers(self) -> dict[str, str]:
        """What the INVITE says of who asked for it."""
        headers = {}
        if self.referred_by:
            headers["Referred-By"] = name_addr("", self.referred_by)
        if self.replaces is not None:
            headers["Replaces"] = str(self.replaces)
        return headers


def refer_to(target: WireUri, replaced: Dialog | None = None) -> str:
    """The value of Refer-To; `replaced` is a dialog of ours with the target."""
    uri = str(target).partition("?")[0]
    if replaced is not None:
        uri += "?Replaces=" + urllib.parse.quote(str(Replaces.of_dialog(replaced)), safe="")
    return name_addr("", uri)


def target_of_dialog(dialog: Dialog) -> WireUri:
    """How a third party reaches the far end of `dialog`.

    Its Contact is that very end (RFC 5589 §7.3). Where proxies stand between, the Contact may be reachable
    through them alone, so they are asked for the far end's address instead; of several ends that share it,
    those without the call answer 481.
    """
    return parse_uri(NameAddr.parse(dialog.remote).uri) if dialog.route_set else dialog.remote_target


def _replaces(uri_headers: str) -> Replaces | None:
    found = None
    for header in uri_headers.split("&", MAX_URI_HEADERS)[:MAX_URI_HEADERS]:
        name, _, value = header.partition("=")
        if urllib.parse.unquote(name).lower() == "replaces":
            if found is not None:
                raise ValueError("more than one Replaces in Refer-To")
            found = Replaces.parse(urllib.parse.unquote(value))
    return found


def _referred_by(request: Request) -> str:
    try:
        uri = str(parse_uri(NameAddr.parse(request.headers.get("Referred-By") or "").uri))
    except ValueError:
        return ""
    return uri if len(uri) <= MAX_REFERRED_BY else ""
