"""Session descriptions (SDP, RFC 8866), as far as a telephone call needs them.

Read with the leniency that real peers call for (LF line ends, no `s=` or `t=`), within fixed bounds. Lines
that no offer or answer depends on (`i= u= e= p= b= r= z= k=`) are passed over and not kept.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from .media import Direction

MAX_BYTES: Final = 16 * 1024
MAX_LINES: Final = 512
MAX_MEDIA: Final = 16
MAX_FORMATS: Final = 64


class BadSdp(ValueError):
    """Not a session description that can be understood; the text says where it fails."""


Attribute = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line. `version` rises by one whenever the description changes (RFC 3264 §8)."""

    session_id: int
    version: int
    address: str
    username: str = "-"


@dataclass(frozen=True, slots=True)
class RtpMap:
    """What a payload type stands for; `name` in upper case, `rate` in Hz."""

    name: str
    rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` line with what follows it. `address` is that of its own `c=` line, if it has one."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str | None = None
    attributes: tuple[Attribute, ...] = ()

    @property
    def payload_types(self) -> list[int]:
        """The formats that are RTP payload types, in order of preference, each once."""
        numbers = (_number(text, 127) for text in self.formats)
        return list(dict.fromkeys(number for number in numbers if number is not None))

    @property
    def rtpmap(self) -> dict[int, RtpMap]:
        """By payload type; lines that cannot be read are left out."""
        found: dict[int, RtpMap] = {}
        for value in _values(self.attributes, "rtpmap"):
            number, _, encoding = value.partition(" ")
            name, _, rest = encoding.strip().partition("/")
            rate, _, channels = rest.partition("/")
            payload_type, hertz = _number(number, 127), _number(rate.strip(), 1_000_000)
            if payload_type is not None and hertz and name:
                mapped = RtpMap(name.strip().upper(), hertz, _number(channels.strip(), 255) or 1)
                found.setdefault(payload_type, mapped)
        return found

    @property
    def ptime(self) -> int | None:
        """Milliseconds of sound in a packet, as the sender of this description would like them."""
        return self._milliseconds("ptime")

    @property
    def maxptime(self) -> int | None:
        return self._milliseconds("maxptime")

    @property
    def rtcp(self) -> tuple[int, str | None] | None:
        """Port and, where given, address of `a=rtcp` (RFC 3605); None without a usable one."""
        for value in _values(self.attributes, "rtcp"):
            number, *network = value.split() or [""]
            port = _number(number, 65535)
            if port:
                return port, network[2] if len(network) == 3 else None
        return None

    def _milliseconds(self, name: str) -> int | None:
        # "20.0" has been seen.
        values = (_number(value.partition(".")[0], 1000) for value in _values(self.attributes, name))
        return next((value for value in values if value), None)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """`address` is that of the session's `c=` line, without brackets, TTL or count."""

    origin: Origin
    address: str | None
    media: tuple[Media, ...]
    attributes: tuple[Attribute, ...] = ()
    name: str = "-"
    time: str = "0 0"

    def address_of(self, media: Media) -> str | None:
        return media.address or self.address

    def direction_of(self, media: Media) -> Direction:
        """The medium's own, else the session's, else `sendrecv` (RFC 8866 §6.7)."""
        for name, _ in (*media.attributes, *self.attributes):
            if name in _DIRECTIONS:
                return Direction(name)
        return Direction.SENDRECV

    def __bytes__(self) -> bytes:
        origin = self.origin
        lines = [
            "v=0",
            f"o={origin.username} {origin.session_id} {origin.version} {_network(origin.address)}",
            f"s={self.name}",
        ]
        if self.address is not None:
            lines.append(f"c={_network(self.address)}")
        lines.append(f"t={self.time}")
        lines += _attribute_lines(self.attributes)
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.address is not None:
                lines.append(f"c={_network(media.address)}")
            lines += _attribute_lines(media.attributes)
        return ("\r\n".join(lines) + "\r\n").encode()


_DIRECTIONS = frozenset(Direction)
_TIME = re.compile(r"[0-9]{1,20} [0-9]{1,20}")


def parse(data: bytes) -> SessionDescription:
    """Raises BadSdp, and nothing else, whatever the bytes are."""
    if len(data) > MAX_BYTES:
        raise BadSdp(f"{len(data)} bytes of SDP, {MAX_BYTES} are allowed")
    # Only CR and LF end a line; str.splitlines knows many more.
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > MAX_LINES:
        raise BadSdp(f"{len(lines)} lines of SDP, {MAX_LINES} are allowed")
    if not lines or lines[0].strip() != "v=0":
        raise BadSdp("SDP does not begin with v=0")

    session = _Section()
    sections = [session]
    origin: Origin | None = None
    name, time = "-", "0 0"
    for line in lines[1:]:
        letter, equals, value = line[:1], line[1:2], line[2:].strip()
        if equals != "=":
            raise BadSdp(f"not an SDP line: {line[:60]!r}")
        section = sections[-1]
        match letter:
            case "m":
                if len(sections) > MAX_MEDIA:
                    raise BadSdp(f"more than {MAX_MEDIA} media")
                sections.append(_Section(value))
            case "c" if section.address is None:
                section.address = _address(value)
            case "a":
                attribute, colon, text = value.partition(":")
                section.attributes.append((attribute.strip().lower(), text.strip() if colon else None))
            case "o" if origin is None:
                origin = _origin(value)
            case "s" if section is session:
                name = value or "-"
            case "t" if section is session and _TIME.fullmatch(value):
                time = value
    if origin is None:
        raise BadSdp("SDP has no o= line")
    return SessionDescription(
        origin=origin,
        address=session.address,
        media=tuple(_media(section) for section in sections[1:]),
        attributes=tuple(session.attributes),
        name=name,
        time=time,
    )


@dataclass(slots=True)
class _Section:
    """The session's lines or one medium's, while they are read; `line` is the `m=` line."""

    line: str = ""
    address: str | None = None
    attributes: list[Attribute] = field(default_factory=list)


def _media(section: _Section) -> Media:
    fields = section.line.split()
    if len(fields) < 4 or not section.line.isascii() or not section.line.isprintable():
        raise BadSdp(f"not an m= line: {section.line[:60]!r}")
    kind, port, protocol, *formats = fields
    if len(formats) > MAX_FORMATS:
        raise BadSdp(f"{len(formats)} formats in one medium, {MAX_FORMATS} are allowed")
    number = _number(port.partition("/")[0], 65535)
    if number is None:
        raise BadSdp(f"not a port: {port[:20]!r}")
    return Media(kind.lower(), number, protocol, tuple(formats), section.address, tuple(section.attributes))


def _origin(value: str) -> Origin:
    # From the right, for user names with a space in them.
    fields = value.rsplit(None, 5)
    if len(fields) == 6:
        username, session_id, version, _, _, address = fields
        numbers = _number(session_id, 2**64), _number(version, 2**64)
        if numbers[0] is not None and numbers[1] is not None:
            return Origin(numbers[0], numbers[1], address, username)
    raise BadSdp(f"not an o= line: {value[:60]!r}")


def _address(value: str) -> str:
    fields = value.split()
    if len(fields) != 3 or fields[0].upper() != "IN" or fields[1].upper() not in {"IP4", "IP6"}:
        raise BadSdp(f"not a c= line: {value[:60]!r}")
    return fields[2].partition("/")[0]


def _values(attributes: tuple[Attribute, ...], name: str) -> list[str]:
    return [value for key, value in attributes if key == name and value is not None]


def _number(text: str, largest: int) -> int | None:
    """A plain decimal number up to `largest`, else None."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        return None
    number = int(text)
    return number if number <= largest else None


def _network(address: str) -> str:
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def _attribute_lines(attributes: tuple[Attribute, ...]) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]
