"""Messages as text, for tests that play the other end by hand."""

from collections.abc import Mapping

from sipmessage import Message, Request, Response

SDP = (
    "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\ns=-\r\nc=IN IP4 192.0.2.101\r\nt=0 0\r\n"
    "m=audio 49172 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def request(
    method: str = "INVITE",
    uri: str = "sip:bob@192.0.2.201",
    *,
    body: str = "",
    headers: Mapping[str, str | None] | None = None,
) -> bytes:
    """A request from alice at 192.0.2.101; `headers` replace its own, None leaves one out."""
    fields: dict[str, str | None] = {
        "Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK74bf9",
        "Max-Forwards": "70",
        "From": "Alice <sip:alice@192.0.2.101>;tag=9fxced76sl",
        "To": "Bob <sip:bob@192.0.2.201>",
        "Call-ID": "3848276298220188511@192.0.2.101",
        "CSeq": f"1 {method}",
        "Contact": "<sip:alice@192.0.2.101>",
    }
    if body:
        fields["Content-Type"] = "application/sdp"
    fields["Content-Length"] = str(len(body))
    fields.update(headers or {})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, "", body]).encode()


def response(
    to: bytes,
    code: int,
    phrase: str = "",
    *,
    tag: str = "",
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A response to the request `to`, with what RFC 3261 §8.2.6.2 copies."""
    received = Message.parse(to)
    assert isinstance(received, Request)
    answer = Response(code, phrase or "Because", body.encode())
    for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
        if values := received.headers.getlist(name):
            answer.headers.setlist(name, list(values))
    if tag and "tag=" not in answer.headers["To"]:
        answer.headers.set("To", answer.headers["To"] + f";tag={tag}")
    for name, value in (headers or {}).items():
        answer.headers.add(name, value)
    if body:
        answer.headers.set("Content-Type", "application/sdp")
    answer.headers.set("Content-Length", str(len(body)))
    return bytes(answer)


def read(data: bytes) -> Request | Response:
    return Message.parse(data)
