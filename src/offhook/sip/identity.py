"""Who the other party is, as far as a request or response says: P-Asserted-Identity (RFC 3325), the older
Remote-Party-ID, From or To; and who does not want to be known (RFC 3323).

The first two are what a network vouches for. They count only in what comes from whom this end trusts: a
stranger can write anything into them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sipmessage import Request, Response

from .name_addr import NameAddr, split_list
from .uri import WireUri, parse_uri, sip_uri

MAX_NAME = 120
"""Characters of a display name, for a screen."""
MAX_URI = 512
MAX_VALUES = 8
"""Identities of one header that are looked at. RFC 3325 §9.1 has two."""

HIDING = frozenset({"id", "user", "full"})
"""What in a Privacy header hides who calls. `full` is of Remote-Party-ID, and some write it here."""


@dataclass(frozen=True, slots=True)
class Identity:
    uri: str
    name: str
    anonymous: bool = False

    @classmethod
    def of_caller(cls, invite: Request, caller: NameAddr, *, trusted: bool) -> "Identity":
        """`caller` is the From of `invite`."""
        if _privacy(invite) & HIDING:
            return ANONYMOUS
        asserted = asserted_identity(invite, caller) if trusted else None
        return asserted or of_address(caller)


ANONYMOUS = Identity("sip:anonymous@anonymous.invalid", "Anonymous", anonymous=True)
"""RFC 3323 §4.1.1.3."""


def asserted_identity(message: Request | Response, stated: NameAddr) -> Identity | None:
    """What the network vouches for; None where it says nothing that can be read.

    `stated` is the other party as From or To has it: a telephone number is taken to be at its host.
    """
    if _privacy(message) & HIDING:
        return ANONYMOUS
    found = [*_asserted(message, stated), *_remote_party(message, stated)]
    # Of a SIP URI and a tel URI for the same party the first can be called back as it is.
    return next((each for each in found if not each.uri.endswith(_OF_A_NUMBER)), found[0] if found else None)


def of_address(address: NameAddr) -> Identity:
    """From or To alone."""
    try:
        uri = parse_uri(address.uri)
    except ValueError:
        uri = None
    if uri is not None and _hides(uri):
        return ANONYMOUS
    return Identity(address.uri, address.name[:MAX_NAME])


_OF_A_NUMBER = ";user=phone"


def _asserted(message: Request | Response, stated: NameAddr) -> Iterator[Identity]:
    for address in _addresses(message, "P-Asserted-Identity"):
        identity = _identity(address, stated)
        if identity is not None:
            yield identity


def _remote_party(message: Request | Response, stated: NameAddr) -> Iterator[Identity]:
    for address in _addresses(message, "Remote-Party-ID"):
        said = {name: (value or "").strip('"').lower() for name, value in address.parameters.items()}
        # Written by whoever is asked or called, by the sender's part in the call; others are third parties.
        if said.get("party", "calling") not in {"calling", "called"}:
            continue
        if said.get("privacy", "off").partition("-")[0] in {"full", "name", "uri"}:
            yield ANONYMOUS
        elif (identity := _identity(address, stated)) is not None:
            yield identity


def _addresses(message: Request | Response, name: str) -> list[NameAddr]:
    found = []
    for value in message.headers.getlist(name)[:MAX_VALUES]:
        for item in split_list(value)[:MAX_VALUES]:
            try:
                found.append(NameAddr.parse(item))
            except ValueError:
                continue
    return found[:MAX_VALUES]


def _identity(address: NameAddr, stated: NameAddr) -> Identity | None:
    if len(address.uri) > MAX_URI:
        return None
    try:
        uri = parse_uri(address.uri)
        if uri.scheme == "tel":
            uri = _at(parse_uri(stated.uri).host, uri)
    except ValueError:
        return None
    if not uri.is_sip or not uri.user:
        return None
    return ANONYMOUS if _hides(uri) else Identity(str(uri), address.name[:MAX_NAME])


def _at(host: str, number: WireUri) -> WireUri:
    """A tel URI as a SIP URI (RFC 3261 §19.1.6). Raises ValueError."""
    digits = number.text.partition(":")[2].partition(";")[0]
    dialled = "".join(character for character in digits if character not in "-.()")
    return parse_uri(f"{sip_uri(dialled, host)}{_OF_A_NUMBER}")


def _hides(uri: WireUri) -> bool:
    """RFC 3323 §4.1.1.3; exchanges write the user part alone, too."""
    return uri.host.lower() == "anonymous.invalid" or (uri.user or "").lower() == "anonymous"


def _privacy(message: Request | Response) -> set[str]:
    return {
        token.strip().lower()
        for value in message.headers.getlist("Privacy")[:MAX_VALUES]
        for token in value[:MAX_URI].replace(",", ";").split(";")
    }
