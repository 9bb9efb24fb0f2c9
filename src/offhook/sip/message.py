"""Reading messages off the wire, bounded and checked (RFC 3261 §7, §8.2, §18.3), and building responses.

sipmessage holds the messages. It is handed only what was measured first, for its own reader takes input of
any length, does not unfold lines and believes any Content-Length.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sipmessage import URI, Headers, Request, Response
from sipmessage.message import COMPACT_FORMS

from .body_parts import choose_part
from .capabilities import BODIES
from .hop import Hop
from .name_addr import NameAddr, split_list
from .uri import WireUri, parse_uri
from .via import TopVia

MAX_MESSAGE = 65535
MAX_HEAD = 16384
"""Bytes before the body."""
MAX_FIELDS = 128
"""Header lines. What reads them looks through them one by one."""
MAX_SEQUENCE = 2**31 - 1

_FOLD = re.compile(rb"\r\n[ \t]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+) (.*) SIP/([0-9]+\.[0-9]+)([ \t]*)", re.IGNORECASE)
_CSEQ = re.compile(r"([0-9]{1,10})\s+([A-Za-z0-9.!%*_+`'~-]+)", re.ASCII)
_DISPENSABLE = ("Server", "Warning", "Accept-Encoding", "Accept", "Allow-Events", "Allow")
_COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Content-Length": "l"}
_MANDATORY = ("from", "to", "call-id", "cseq")
_ONCE = (*_MANDATORY, "content-length", "content-type", "max-forwards")

PHRASES = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported",
    600: "Busy Everywhere", 603: "Decline", 606: "Not Acceptable",
}  # fmt: skip
_CLASSES = ("", "Progress", "OK", "Redirection", "Client Error", "Server Error", "Global Failure")


class BadMessage(ValueError):
    """Nothing that could be answered."""


class BadRequest(BadMessage):
    """A request with a Via to answer to, which goes back as `code`: 400, or 505 for another version."""

    def __init__(self, request: Request, via: TopVia, why: str, code: int = 400) -> None:
        super().__init__(why)
        self.request = request
        self.via = via
        self.code = code


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a request that can be answered nevertheless."""

    why: str
    code: int = 400


@dataclass(slots=True)
class Head:
    """The headers that transactions and dialogs match by, read once."""

    via: TopVia
    from_: NameAddr
    to: NameAddr
    call_id: str
    sequence: int
    method: str
    """CSeq's, which in a request is the request's own."""


@dataclass(slots=True)
class ReceivedRequest(Head):
    message: Request
    source: Hop
    octets: int
    """Its length as it came."""
    unread: str = ""
    """The media type of a part of its body that had to be understood, and is not."""


@dataclass(slots=True)
class ReceivedResponse(Head):
    message: Response
    own: bool = False
    """Made here in place of one that never came: 408 for a timeout, 503 for a transport that failed
    (§8.1.3.1)."""

    @property
    def code(self) -> int:
        return self.message.code


_UNREADABLE = WireUri(scheme="sip", host="")
"""In place of a Request-URI that is none, in what is only refused."""


class _Fields(Headers):
    """Headers.add looks through all names for each line; a stranger's hundred lines are gathered first."""

    def __init__(self, fields: dict[str, tuple[str, list[str]]]) -> None:
        self._list = list(fields.values())


def phrase_of(code: int) -> str:
    return PHRASES.get(code) or _CLASSES[code // 100]


def parse(data: bytes, source: Hop) -> ReceivedRequest | ReceivedResponse:
    """Raises BadMessage for what to drop, BadRequest for what to refuse with 400.

    The top Via of a request then says where it came from (§18.2.1). Of a body in several parts the one that
    can be read is the body.
    """
    message, fields, fault = _read(data)
    vias = [via for value in fields.get("via", ("", []))[1] for via in split_list(value)]
    if isinstance(message, Request):
        via, fault = _top_via(vias, fault)
        via = via.received_from(source)
        message.headers.setlist("Via", [str(via), *vias[1:]])
        if fault is not None:
            raise BadRequest(message, via, fault.why, fault.code)
        try:
            head = _head(message, fields, via)
        except ValueError as error:
            raise BadRequest(message, via, str(error)) from error
        if head.method != message.method:
            raise BadRequest(message, via, "CSeq names another method")
        return ReceivedRequest(
            via,
            head.from_,
            head.to,
            head.call_id,
            head.sequence,
            head.method,
            message,
            source,
            len(data),
            choose_part(message, BODIES),
        )
    if fault is not None:
        raise BadMessage(fault.why)
    if len(vias) != 1:
        raise BadMessage("a response to somebody else's request")
    try:
        head = _head(message, fields, TopVia.parse(vias[0]))
    except ValueError as error:
        raise BadMessage(str(error)) from error
    choose_part(message, BODIES)
    return ReceivedResponse(head.via, head.from_, head.to, head.call_id, head.sequence, head.method, message)


def _read(data: bytes) -> tuple[Request | Response, dict[str, tuple[str, list[str]]], _Fault | None]:
    """The message, its headers, and what is wrong with it all the same.

    Control characters are replaced, for a refusal repeats some of the headers.
    """
    if len(data) > MAX_MESSAGE:
        raise BadMessage("longer than any datagram")
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end or len(head) > MAX_HEAD or head.count(b"\n") > MAX_FIELDS:
        raise BadMessage("no end of the headers within bounds")
    if b"\r\n " in head or b"\r\n\t" in head:
        head = _FOLD.sub(b" ", head)
    text = head.decode("utf-8", "replace")
    clean = _FORBIDDEN.search(text) is None
    if not clean:
        text = _FORBIDDEN.sub("\ufffd", text)
    lines = text.split("\r\n")
    fields: dict[str, tuple[str, list[str]]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.rstrip()
        name = COMPACT_FORMS.get(name.lower(), name)
        if not colon or not _TOKEN.fullmatch(name):
            raise BadMessage(f"not a header: {line[:80]!r}")
        fields.setdefault(name.lower(), (name, []))[1].append(value.strip())
    message, fault = _start(lines[0], body)
    message.headers = _Fields(fields)
    return message, fields, fault if clean else _Fault("a control character among the headers")


def _start(line: str, body: bytes) -> tuple[Request | Response, _Fault | None]:
    first, _, rest = line.partition(" ")
    if first == "SIP/2.0":
        code, _, phrase = rest.partition(" ")
        if len(code) != 3 or not code.isascii() or not code.isdigit() or not 100 <= int(code) < 700:
            raise BadMessage(f"no status: {line[:80]!r}")
        return Response(int(code), phrase, body), None
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadMessage(f"neither request nor response: {line[:80]!r}")
    method, uri, version, trailing = match.groups()
    try:
        request = Request(method, parse_uri(uri), body)
    except ValueError as error:
        return Request(method, _UNREADABLE, body), _Fault(str(error))
    fault = None
    if version != "2.0":
        fault = _Fault(f"SIP/{version[:8]} is not spoken here", 505)
    elif trailing:
        fault = _Fault("white space after the version")
    elif request.uri.host and "?" in (uri.partition("@")[2] or uri):
        fault = _Fault("headers in the Request-URI")
    return request, fault


def _top_via(vias: list[str], fault: _Fault | None) -> tuple[TopVia, _Fault | None]:
    """Where the refusal of a request goes may be read of a Via of which little else can."""
    if not vias:
        raise BadMessage("no Via")
    try:
        return TopVia.parse(vias[0]), fault
    except ValueError as error:
        try:
            return TopVia.sender(vias[0]), fault or _Fault(str(error))
        except ValueError:
            raise BadMessage("no Via that can be read") from error


def _head(message: Request | Response, fields: dict[str, tuple[str, list[str]]], via: TopVia) -> Head:
    for name in _ONCE:
        count = len(fields[name][1]) if name in fields else 0
        if count > 1 or (count == 0 and name in _MANDATORY):
            raise ValueError(f"{name.title()} {'missing' if count == 0 else 'repeated'}")
    values = {name: fields[name][1][0] for name in _ONCE if name in fields}
    cseq = _CSEQ.fullmatch(values["cseq"])
    if cseq is None or int(cseq[1]) > MAX_SEQUENCE:
        raise ValueError("CSeq cannot be read")
    if not values["call-id"]:
        raise ValueError("Call-ID is empty")
    if "content-length" in values:
        length = values["content-length"]
        if not length.isascii() or not length.isdigit() or len(length) > 9 or int(length) > len(message.body):
            raise ValueError("Content-Length is not that of the body")
        message.body = message.body[: int(length)]
    from_, to = NameAddr.parse(values["from"]), NameAddr.parse(values["to"])
    return Head(via, from_, to, values["call-id"], int(cseq[1]), cseq[2])


def respond(request: Request, code: int, reason: str | None = None, to_tag: str = "") -> Response:
    """A response with what is copied from the request (§8.2.6.2); `to_tag` is added where there is none."""
    response = Response(code, reason or phrase_of(code))
    headers = response.headers
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        values = request.headers.getlist(name)
        if values:
            headers.setlist(name, list(values))
    to = request.headers.get("To")
    if to is not None and to_tag and code != 100 and not _has_tag(to):
        headers.set("To", f"{to};tag={to_tag}")
    if code == 100 and (timestamp := request.headers.get("Timestamp")) is not None:
        headers.set("Timestamp", timestamp)
    return response


def shorten(response: Response, length: int) -> None:
    """Take from `response` what it may do without, one after the other, until it is that long or bare."""
    headers = response.headers
    if len(response.phrase) > len(phrase_of(response.code)):
        response.phrase = phrase_of(response.code)
    for name in _DISPENSABLE:
        if len(bytes(response)) <= length:
            return
        headers.remove(name)
        if name == "Server":
            headers._list = [(_COMPACT.get(name, name), values) for name, values in headers._list]
    if len(bytes(response)) > length:
        response.phrase = ""


def _has_tag(to: str) -> bool:
    try:
        return bool(NameAddr.parse(to).tag)
    except ValueError:
        return True


def content_type(message: Request | Response) -> str:
    """The media type of the body in lower case, without parameters; empty when there is no body."""
    if not message.body:
        return ""
    return (message.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def takes(request: Request, media_type: str) -> bool:
    """The sender of `request` reads bodies of that type (§20.1); who does not say reads SDP."""
    wanted = request.headers.getlist("Accept")
    if not wanted:
        return media_type == "application/sdp"
    ranges = {item.partition(";")[0].strip().lower() for value in wanted for item in value.split(",")}
    return not ranges.isdisjoint({media_type, f"{media_type.partition('/')[0]}/*", "*/*"})


def finish(message: Request | Response, body: bytes = b"", body_type: str = "application/sdp") -> None:
    """Give the message its body and its length, which TCP cannot do without (§18.3)."""
    if body:
        message.headers.set("Content-Type", body_type)
    message.body = body
    message.headers.set("Content-Length", str(len(body)))


def new_request(method: str, uri: URI, headers: Mapping[str, str], body: bytes = b"") -> Request:
    """A request with its headers all at once: for each, Headers.set looks through those that are there.

    `body` is SDP, where there is one.
    """
    request = Request(method, uri, body)
    fields = request.headers._list = [(name, [value]) for name, value in headers.items()]
    if body:
        fields.append(("Content-Type", ["application/sdp"]))
    fields.append(("Content-Length", [str(len(body))]))
    return request


def copied(request: Request) -> Request:
    """As it is now."""
    copy = Request(request.method, request.uri)
    copy.headers._list = [(name, list(values)) for name, values in request.headers._list]
    copy.body = request.body
    return copy


def put_via(request: Request, via: str) -> None:
    """Make `via` the only one. It goes on top, where proxies look first (§7.3.1)."""
    fields = request.headers._list
    if fields and fields[0][0] == "Via":
        fields[0] = ("Via", [via])
    else:
        fields.insert(0, ("Via", [via]))
