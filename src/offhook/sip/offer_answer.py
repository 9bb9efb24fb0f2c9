"""The offer/answer model (RFC 3264) for one stream of sound over RTP/AVP or RTP/SAVP.

An offer lists the codecs in our order. An answer keeps the order of the offer, as RFC 3264 §6.1 recommends:
of what both speak, the one who asked chooses. Its payload types are the offer's, so that both ends have the
same number for a codec; in answers to us they may differ, and then each end is sent what it asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address

from .media import COMFORT_NOISE, TELEPHONE_EVENT, Codec, Direction, LocalMedia, MediaFlow
from .protection import PLAIN, PROFILES, NotProtected, Protection
from .sdp import Attribute, BadSdp, Media, Origin, SessionDescription, parse

EVENTS = "0-16"
"""The digits 0-9 * # A-D and flash (RFC 4733 §3.2)."""

MIN_PTIME, PTIME, MAX_PTIME = 10, 20, 60
"""Packet times in milliseconds: whole tens of them are sent when they are asked for."""

STATIC_COMFORT_NOISE = 13
"""RFC 3389 §4. It is not offered, for what is sent is never interrupted; many send it unasked."""


class NotAcceptable(Exception):
    """A description with no stream of sound that can be used; the text says why."""


NO_SRTP = Protection("no", bytes)


@dataclass(frozen=True, slots=True)
class Lines:
    """The `m=` lines of a session. Each keeps its place until the session ends (RFC 3264 §8)."""

    off: tuple[Media, ...] = ()
    """All but that of the sound, with port 0."""
    sound: int = 0
    """The place of the sound among them."""

    def with_sound(self, stream: Media) -> tuple[Media, ...]:
        return (*self.off[: self.sound], stream, *self.off[self.sound :])


SOUND_ALONE = Lines()


def offer(
    media: LocalMedia, origin: Origin, protection: Protection = NO_SRTP, lines: Lines = SOUND_ALONE
) -> bytes:
    """`origin.version` rises by one with each offer or answer that differs from the last (RFC 3264 §8).
    `lines` are those that the session has already."""
    formats, attributes = _offered(media.codecs, media.telephone_event, media.direction)
    stream = Media("audio", media.port, PLAIN, formats, attributes=attributes)
    return bytes(SessionDescription(origin, media.address, lines.with_sound(protection.offer(stream))))


def answer(
    offer: bytes,
    media: LocalMedia,
    origin: Origin,
    protection: Protection = NO_SRTP,
    current: MediaFlow | None = None,
) -> tuple[bytes, MediaFlow, Lines]:
    """Take the first stream of sound that can be used and refuse the others with port 0 (RFC 3264 §6).

    The codecs are the offer's that are ours too, in its order and by its numbers. Raises NotAcceptable.
    `current` is what a call that is up has agreed on: an offer without sound rests it (§8.2).
    """
    theirs = _parse(offer)
    streams: list[Media] = []
    flow: MediaFlow | None = None
    sound = 0
    why = "the offer has no sound in it"
    for offered in theirs.media:
        refused = Media(offered.kind, 0, offered.protocol, offered.formats)
        if flow is not None or offered.kind != "audio":
            streams.append(refused)
            continue
        try:
            flow = _flow(theirs, offered, media, answering=True)
            common = _common(offered, media.codecs)
            encodings = tuple([_encoding(codec, number) for number, codec in common])
            formats, attributes = _formats(encodings, _events(offered, common, media), flow.direction)
            stream = Media("audio", media.port, PLAIN, formats, attributes=attributes)
            stream, keys = protection.answer(offered, stream)
        except (NotAcceptable, NotProtected) as error:
            why, flow = str(error), None
            streams.append(refused)
            continue
        flow = replace(flow, srtp=keys)
        sound = len(streams)
        streams.append(stream)
    if flow is None and current is not None and _rests(theirs):
        flow = replace(current, direction=Direction.INACTIVE)
        sound = next((place for place, stream in enumerate(streams) if stream.kind == "audio"), 0)
    if flow is None:
        raise NotAcceptable(why)
    ours = SessionDescription(origin, media.address, tuple(streams), time=theirs.time)
    return bytes(ours), flow, Lines((*streams[:sound], *streams[sound + 1 :]), sound)


def _rests(theirs: SessionDescription) -> bool:
    """Sound is off in it, or it has no stream at all, as who connects two others may offer (RFC 3725)."""
    sounds = [stream for stream in theirs.media if stream.kind == "audio"]
    return not any(stream.port for stream in sounds) if sounds else not theirs.media


def accept(
    answer: bytes, media: LocalMedia, protection: Protection = NO_SRTP, lines: Lines = SOUND_ALONE
) -> MediaFlow:
    """What the answer to `offer(media, …, lines)` makes of it. Raises NotAcceptable."""
    theirs = _parse(answer)
    # Some leave out the lines that are off. There is no doubt about the one that is left.
    place = lines.sound if len(theirs.media) > 1 else 0
    if len(theirs.media) not in {1, len(lines.off) + 1} or theirs.media[place].kind != "audio":
        kinds = ", ".join(stream.kind for stream in theirs.media) or "none"
        before = ", ".join(stream.kind for stream in lines.off)
        offered = f"audio beside {before} that is off was" if before else "one stream of audio was"
        raise NotAcceptable(f"{offered} offered, the answer has: {kinds}")
    stream = theirs.media[place]
    flow = _flow(theirs, stream, media, answering=False)
    try:
        return replace(flow, srtp=protection.accept(stream))
    except NotProtected as error:
        raise NotAcceptable(str(error)) from error


def _parse(data: bytes) -> SessionDescription:
    try:
        return parse(data)
    except BadSdp as error:
        raise NotAcceptable(str(error)) from error


Encoding = tuple[int, str]
"""Payload type, and what rtpmap says of it."""

Events = tuple[tuple[int, int], ...]
"""Payload type and clock rate in Hz of telephone-events."""

_CHANNELS = {1: "", 2: "/2"}
_SPELT = {"OPUS": "opus"}  # RFC 7587 §7; names are compared without regard to case, and not by everybody


def _encoding(codec: Codec, number: int) -> Encoding:
    return number, f"{_SPELT.get(codec.name, codec.name)}/{codec.rate}{_CHANNELS[codec.channels]}"


Formats = tuple[tuple[str, ...], tuple[Attribute, ...]]
"""Of a stream: the formats of its `m=` line, and what its attributes say of them."""


@lru_cache
def _offered(codecs: tuple[Codec, ...], telephone_event: int | None, direction: Direction) -> Formats:
    """The same for all calls with these codecs."""
    encodings = tuple([_encoding(codec, codec.payload_type) for codec in codecs])
    return _formats(encodings, _own_events(codecs, telephone_event), direction)


def _formats(encodings: tuple[Encoding, ...], events: Events, direction: Direction) -> Formats:
    formats = [str(number) for number, _ in (*encodings, *events)]
    attributes: list[Attribute] = [("rtpmap", f"{number} {encoding}") for number, encoding in encodings]
    for number, rate in events:
        attributes += [("rtpmap", f"{number} telephone-event/{rate}"), ("fmtp", f"{number} {EVENTS}")]
    attributes += [("ptime", str(PTIME)), (direction.value, None)]
    return tuple(formats), tuple(attributes)


def _flow(theirs: SessionDescription, stream: Media, media: LocalMedia, *, answering: bool) -> MediaFlow:
    if stream.port == 0:
        raise NotAcceptable("the stream of sound is off (port 0)")
    if stream.protocol.upper() not in PROFILES:
        raise NotAcceptable(f"{stream.protocol} is not spoken here, RTP/AVP is")
    common = _common(stream, media.codecs)
    if not common:
        spoken = ", ".join(codec.name for codec in media.codecs)
        raise NotAcceptable(f"no codec in common: {spoken} are spoken here")
    address = _usable(theirs.address_of(stream), media)
    rtcp_port, rtcp_address = stream.rtcp or (min(stream.port + 1, 65535), None)
    payload_type, codec = common[0]
    events = _events(stream, common, media)
    telephone_event, event_rate = _sent_event(events, codec.rate)
    return MediaFlow(
        address=address,
        port=stream.port,
        rtcp_address=address if rtcp_address is None else _usable(rtcp_address, media),
        rtcp_port=rtcp_port,
        codec=_numbered(codec, payload_type),
        telephone_event=telephone_event,
        direction=_meet(theirs.direction_of(stream), media.direction, held=_is_unspecified(address)),
        ptime=_ptime(stream),
        telephone_event_rate=event_rate,
        formats=_received(stream, common, events, None if answering else media),
    )


def _common(stream: Media, codecs: Sequence[Codec]) -> list[tuple[int, Codec]]:
    """Payload type, as the stream numbers it, and codec of ours, in the stream's order."""
    spoken = {(codec.name, codec.rate, codec.channels): codec for codec in codecs}
    # Payload types below 96 need no rtpmap (RFC 3551 §6).
    static = {codec.payload_type: codec for codec in codecs if codec.payload_type < 96}
    rtpmap = stream.rtpmap
    common: list[tuple[int, Codec]] = []
    for number in stream.payload_types:
        mapped = rtpmap.get(number)
        if mapped is None:
            codec = static.get(number)
        else:
            codec = spoken.get((mapped.name, mapped.rate, mapped.channels))
        if codec is not None:
            common.append((number, codec))
    return common


def _own_events(codecs: tuple[Codec, ...], telephone_event: int | None) -> Events:
    """Digits by the clock of each codec, and by 8 kHz in any case: many know no other."""
    if telephone_event is None:
        return ()
    rates = dict.fromkeys((8000, *(codec.rate for codec in codecs)))
    return tuple((telephone_event + number, rate) for number, rate in enumerate(rates))


def _events(stream: Media, common: Sequence[tuple[int, Codec]], media: LocalMedia) -> Events:
    """Those of the stream that are ours too, as the stream numbers them."""
    if media.telephone_event is None:
        return ()
    rates = {8000, *(codec.rate for _, codec in common)}
    rtpmap = stream.rtpmap
    mapped = [(number, rtpmap[number]) for number in stream.payload_types if number in rtpmap]
    events = [(at.rate, number) for number, at in mapped if at.name == TELEPHONE_EVENT and at.rate in rates]
    # Of two by the same clock the first counts.
    return tuple((number, rate) for rate, number in dict(reversed(events)).items())[::-1]


def _sent_event(events: Events, rate: int) -> tuple[int | None, int]:
    """By the clock of the codec (RFC 4733 §2.1), or else by the one there is."""
    by_rate = {at: number for number, at in events}
    for at in (rate, 8000, *by_rate):
        if at in by_rate:
            return by_rate[at], at
    return None, 8000


def _received(
    stream: Media, common: Sequence[tuple[int, Codec]], events: Events, offered: LocalMedia | None
) -> tuple[Codec, ...]:
    """What may come in, any of it at any time (RFC 3264 §5.1), by the numbers that `offered` gave it.

    Their numbers are taken too where ours leave them free: some send what we should send.
    """
    theirs = [_numbered(codec, number) for number, codec in common]
    theirs += [Codec(TELEPHONE_EVENT, number, rate) for number, rate in events]
    ours: list[Codec] = []
    if offered is not None:
        ours = list(dict.fromkeys(codec for _, codec in common))
        rates = {rate for _, rate in events}
        events_offered = _own_events(offered.codecs, offered.telephone_event)
        ours += [Codec(TELEPHONE_EVENT, at, rate) for at, rate in events_offered if rate in rates]
    rtpmap = stream.rtpmap
    noise = [
        number
        for number in dict.fromkeys((STATIC_COMFORT_NOISE, *stream.payload_types))
        if (rtpmap[number].name == COMFORT_NOISE if number in rtpmap else number == STATIC_COMFORT_NOISE)
    ]
    formats: dict[int, Codec] = {}
    for codec in (*ours, *theirs, *(Codec(COMFORT_NOISE, number) for number in noise)):
        formats.setdefault(codec.payload_type, codec)
    return tuple(formats.values())


def _numbered(codec: Codec, number: int) -> Codec:
    return Codec(codec.name, number, codec.rate, codec.channels)


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
    wanted = min(stream.ptime or PTIME, stream.maxptime or MAX_PTIME)
    return min(max(wanted // 10 * 10, MIN_PTIME), MAX_PTIME)
