"""The offer/answer model (RFC 3264) for one stream of sound over RTP/AVP."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from .media import Codec, Direction, LocalMedia, MediaFlow
from .sdp import Attribute, BadSdp, Media, Origin, SessionDescription, parse

TELEPHONE_EVENT = "TELEPHONE-EVENT"
EVENTS = "0-16"
"""The digits 0-9 * # A-D and flash (RFC 4733 §3.2)."""

PTIMES = (20, 40, 60)
"""Packet times in milliseconds that are sent when they are asked for."""


class NotAcceptable(Exception):
    """A description with no stream of sound that can be used; the text says why."""


def offer(media: LocalMedia, origin: Origin) -> bytes:
    """`origin.version` rises by one with each offer or answer that differs from the last (RFC 3264 §8)."""
    encodings = tuple([(codec.payload_type, codec.name, codec.rate) for codec in media.codecs])
    stream = _stream(media, encodings, media.telephone_event, media.direction)
    return bytes(SessionDescription(origin, media.address, (stream,)))


def answer(offer: bytes, media: LocalMedia, origin: Origin) -> tuple[bytes, MediaFlow]:
    """Take the first stream of sound that can be used and refuse the others with port 0 (RFC 3264 §6).

    The codecs are the offer's that are ours too, in its order and by its numbers. Raises NotAcceptable.
    """
    theirs = _parse(offer)
    streams: list[Media] = []
    flow: MediaFlow | None = None
    why = "the offer has no sound in it"
    for offered in theirs.media:
        refused = Media(offered.kind, 0, offered.protocol, offered.formats)
        if flow is not None or offered.kind != "audio":
            streams.append(refused)
            continue
        try:
            flow = _flow(theirs, offered, media)
        except NotAcceptable as error:
            why = str(error)
            streams.append(refused)
            continue
        common = [(number, codec.name, codec.rate) for number, codec in _common(offered, media.codecs)]
        streams.append(_stream(media, tuple(common), flow.telephone_event, flow.direction))
    if flow is None:
        raise NotAcceptable(why)
    ours = SessionDescription(origin, media.address, tuple(streams), time=theirs.time)
    return bytes(ours), flow


def accept(answer: bytes, media: LocalMedia) -> MediaFlow:
    """What the answer to `offer(media, …)` makes of it. Raises NotAcceptable."""
    theirs = _parse(answer)
    if len(theirs.media) != 1 or theirs.media[0].kind != "audio":
        kinds = ", ".join(stream.kind for stream in theirs.media) or "none"
        raise NotAcceptable(f"one stream of audio was offered, the answer has: {kinds}")
    return _flow(theirs, theirs.media[0], media)


def _parse(data: bytes) -> SessionDescription:
    try:
        return parse(data)
    except BadSdp as error:
        raise NotAcceptable(str(error)) from error


Encoding = tuple[int, str, int]
"""Payload type, name, clock rate in Hz."""


def _stream(
    media: LocalMedia, encodings: tuple[Encoding, ...], telephone_event: int | None, direction: Direction
) -> Media:
    formats, attributes = _formats(encodings, telephone_event, direction)
    return Media("audio", media.port, "RTP/AVP", formats, attributes=attributes)


@lru_cache
def _formats(
    encodings: tuple[Encoding, ...], telephone_event: int | None, direction: Direction
) -> tuple[tuple[str, ...], tuple[Attribute, ...]]:
    """What all calls with these codecs say of them."""
    formats = [str(number) for number, _, _ in encodings]
    attributes: list[Attribute] = [("rtpmap", f"{number} {name}/{rate}") for number, name, rate in encodings]
    if telephone_event is not None:
        formats.append(str(telephone_event))
        attributes += [
            ("rtpmap", f"{telephone_event} telephone-event/8000"),
            ("fmtp", f"{telephone_event} {EVENTS}"),
        ]
    attributes += [("ptime", "20"), (direction.value, None)]
    return tuple(formats), tuple(attributes)


def _flow(theirs: SessionDescription, stream: Media, media: LocalMedia) -> MediaFlow:
    if stream.port == 0:
        raise NotAcceptable("the stream of sound is off (port 0)")
    if stream.protocol.upper() != "RTP/AVP":
        raise NotAcceptable(f"{stream.protocol} is not spoken here, RTP/AVP is")
    common = _common(stream, media.codecs)
    if not common:
        spoken = ", ".join(codec.name for codec in media.codecs)
        raise NotAcceptable(f"no codec in common: {spoken} are spoken here")
    address = _usable(theirs.address_of(stream), media)
    rtcp_port, rtcp_address = stream.rtcp or (min(stream.port + 1, 65535), None)
    payload_type, codec = common[0]
    return MediaFlow(
        address=address,
        port=stream.port,
        rtcp_address=address if rtcp_address is None else _usable(rtcp_address, media),
        rtcp_port=rtcp_port,
        codec=Codec(codec.name, payload_type, codec.rate),
        telephone_event=None if media.telephone_event is None else _telephone_event(stream),
        direction=_meet(theirs.direction_of(stream), media.direction, held=_is_unspecified(address)),
        ptime=_ptime(stream),
    )


def _common(stream: Media, codecs: Sequence[Codec]) -> list[tuple[int, Codec]]:
    """Payload type, as the stream numbers it, and codec of ours, in the stream's order."""
    spoken = {(codec.name, codec.rate): codec for codec in codecs}
    # Payload types below 96 need no rtpmap (RFC 3551 §6).
    static = {codec.payload_type: codec for codec in codecs if codec.payload_type < 96}
    rtpmap = stream.rtpmap
    common: list[tuple[int, Codec]] = []
    for number in stream.payload_types:
        mapped = rtpmap.get(number)
        if mapped is None:
            codec = static.get(number)
        else:
            codec = spoken.get((mapped.name, mapped.rate)) if mapped.channels == 1 else None
        if codec is not None:
            common.append((number, codec))
    return common


def _telephone_event(stream: Media) -> int | None:
    rtpmap = stream.rtpmap
    for number in stream.payload_types:
        mapped = rtpmap.get(number)
        if mapped and mapped.name == TELEPHONE_EVENT and mapped.rate == 8000:
            return number
    return None


def _usable(address: str | None, media: LocalMedia) -> str:
    """An address that can be sent to from ours, or the unspecified one, which holds the call."""
    if address is None:
        raise NotAcceptable("the stream of sound has no c= line")
    try:
        ip = ip_address(address)
    except ValueError:
        raise NotAcceptable(f"{address!r} is no IP address, and names are not looked up") from None
    if ip.is_multicast or address == "255.255.255.255" or "%" in address:
        raise NotAcceptable(f"{address} is not the address of one host")
    if not ip.is_unspecified and ip.version != ip_address(media.address).version:
        raise NotAcceptable(f"{address} is IPv{ip.version}, {media.address} is not")
    return address


def _is_unspecified(address: str) -> bool:
    return ip_address(address).is_unspecified


def _meet(theirs: Direction, ours: Direction, *, held: bool) -> Direction:
    """Our direction: send where they receive, receive where they send, within what we want (RFC 3264 §6.1).

    `held`: they gave no address to send to, which is how a call was held before there were directions
    (RFC 3264 §8.4).
    """
    sends = theirs in _RECEIVING and ours in _SENDING and not held
    receives = theirs in _SENDING and ours in _RECEIVING
    return _BY_USE[sends, receives]


_SENDING = frozenset({Direction.SENDRECV, Direction.SENDONLY})
_RECEIVING = frozenset({Direction.SENDRECV, Direction.RECVONLY})
_BY_USE = {
    (True, True): Direction.SENDRECV,
    (True, False): Direction.SENDONLY,
    (False, True): Direction.RECVONLY,
    (False, False): Direction.INACTIVE,
}


def _ptime(stream: Media) -> int:
    wanted = stream.ptime or 20
    if stream.maxptime:
        wanted = min(wanted, stream.maxptime)
    return wanted if wanted in PTIMES else 20
