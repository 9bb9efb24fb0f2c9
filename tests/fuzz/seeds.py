"""What a search begins with: the torture messages, whole flows, and one good example of everything else."""

import struct
from collections.abc import Iterator

from tests.sip.message_text import SDP, request
from tests.sip.rfc4475_messages import MESSAGES as RFC4475
from tests.sip.rfc5118_messages import MESSAGES as RFC5118

from offhook.rtp import rtcp

from .user_agents import STATES

CHALLENGES = (
    'Digest realm="pbx", nonce="abc", qop="auth,auth-int", algorithm=SHA-256, opaque="x", stale=TRUE',
    'Digest realm="pbx", nonce="abc"\tDigest realm="pbx", nonce="d", algorithm=MD5-sess, qop=auth',
    'Basic realm="pbx"',
)
SAVP = (
    SDP.replace("RTP/AVP 0", "RTP/SAVP 0 8 101")
    + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"
    + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendonly\r\n"
)
FRAGMENT = {
    "Event": "refer",
    "Subscription-State": "terminated;reason=noresource",
    "Content-Type": "message/sipfrag;version=2.0",
}
SUMMARY = {"Event": "message-summary", "Content-Type": "application/simple-message-summary"}


def _within(method: str, body: str = "", **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(
        method,
        body=body,
        headers={
            "To": "<sip:bob@192.0.2.201>;tag=TAG",
            "CSeq": f"2 {method}",
            "Via": "SIP/2.0/UDP 192.0.2.101;branch=z9hG4bK2",
            **named,
        },
    )


def _requests() -> Iterator[bytes]:
    yield request(body=SDP)
    yield request(
        body=SDP, headers={"Replaces": "3848276298220188511@192.0.2.101;to-tag=TAG;from-tag=9fxced76sl"}
    )
    yield request("CANCEL")
    yield request("OPTIONS")
    yield request("NOTIFY", body="Messages-Waiting: yes\r\nVoice-Message: 1/2\r\n", headers=SUMMARY)
    yield request("NOTIFY", headers={"Event": "check-sync;reboot=true"})
    yield _within("BYE", Reason='SIP;cause=200;text="Call completed elsewhere"')
    yield _within("INVITE", SDP + "a=sendonly\r\n")
    yield _within("INVITE", Content_Length="0")
    yield _within("UPDATE", SDP)
    yield _within("ACK", SDP)
    yield _within("INFO", "Signal=5\r\nDuration=160", Content_Type="application/dtmf-relay")
    yield _within("REFER", Refer_To="<sip:c@192.0.2.77?Replaces=1%40x%3Bto-tag%3Db%3Bfrom-tag%3Dc>")
    yield _within("NOTIFY", "SIP/2.0 200 OK\r\n", **{key.replace("-", "_"): v for key, v in FRAGMENT.items()})
    yield _within("INVITE", SDP) + b"\xff" + _within("ACK") + b"\xff" + _within("BYE", CSeq="3 BYE")


def _response(code: int, method: str, *headers: str, body: str = "") -> bytes:
    lines = [
        f"SIP/2.0 {code} X",
        "Via: SIP/2.0/UDP 192.0.2.201:5060;branch=BRANCH;rport=5060",
        "From: <sip:bob@192.0.2.101>;tag=TAG",
        f"To: <sip:alice@192.0.2.101>{';tag=them' if code > 100 else ''}",
        "Call-ID: CALLID",
        f"CSeq: 1 {method}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def _responses() -> Iterator[bytes]:
    sdp = ("Contact: <sip:alice@192.0.2.101>", "Content-Type: application/sdp")
    ringing = _response(180, "INVITE", "Contact: <sip:alice@192.0.2.101>")
    yield ringing + b"\xff" + _response(200, "INVITE", *sdp, body=SDP)
    yield _response(183, "INVITE", *sdp, body=SDP) + b"\xff" + _response(486, "INVITE")
    yield _response(302, "INVITE", "Contact: <sip:carol@192.0.2.77>;q=0.5, <sip:dave@192.0.2.78>")
    for method in ("INVITE", "REGISTER"):
        for code, name in ((401, "WWW-Authenticate"), (407, "Proxy-Authenticate")):
            yield _response(code, method, f"{name}: {CHALLENGES[0]}")
    yield _response(
        200, "REGISTER", "Contact: <sip:bob@192.0.2.201:5060>;expires=60", "Service-Route: <sip:p;lr>"
    )
    yield _response(423, "REGISTER", "Min-Expires: 600")
    yield _response(503, "REGISTER", "Retry-After: 5")


def messages() -> Iterator[bytes]:
    yield from RFC4475.values()
    yield from RFC5118.values()
    yield from _requests()
    yield from _responses()


def seeds(target: str) -> Iterator[bytes]:
    match target:
        case "user-agent":
            for message in (*_requests(), *_responses()):
                yield from (bytes((state,)) + message for state in range(len(STATES)))
            yield from (b"\0" + message for message in messages())
        case "description":
            yield from (SDP.encode(), SAVP.encode())
            yield from (message.partition(b"\r\n\r\n")[2] for message in messages())
        case "challenge":
            yield from (value.encode() for value in CHALLENGES)
        case "stream" | "trace":
            yield from messages()
            yield b"\r\n\r\n".join(messages())[:4000]
            yield request(headers={"Authorization": f"{CHALLENGES[0]}, response=1, cnonce=2"}, body=SAVP)
        case "sound":
            datagram = struct.pack("!BBHII", 0x80, 0x65, 7, 160, 9)
            for payload in (b"\x05\x0a\x00\xa0", b"\x05\x8a\x03\x20", b"\xff" * 160):
                yield bytes((12 + len(payload),)) + datagram + payload
        case "control":
            sender = rtcp.SenderInfo(0x1122334455667788, 160, 2, 320)
            block = rtcp.ReportBlock(9, 64, -3, 70000, 40, 0x33445566, 65536)
            yield rtcp.build(5, "somebody", sender, block, bye=True)
            yield rtcp.build(5, "x", None, None, bye=False)
        case "body":
            yield from (b"SIP/2.0 200 OK\r\n", b"Signal=5\r\nDuration=160\r\n", b"5")
            yield b"Messages-Waiting: yes\r\nMessage-Account: sip:a@b\r\nVoice-Message: 1/2 (0/0)\r\n"
        case "header":
            yield from (line.partition(b":")[2] for message in messages() for line in message.split(b"\r\n"))
