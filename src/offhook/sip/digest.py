"""Digest access authentication as a client (RFC 7616, RFC 8760; RFC 2617 for servers that offer no qop)."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, Self

from sipmessage import Request, Response

Hash = Callable[[bytes], str]


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


ALGORITHMS: dict[str, Hash] = {"SHA-256": _sha256, "SHA-256-SESS": _sha256, "MD5": _md5, "MD5-SESS": _md5}
"""By upper-case name, the one to prefer first (RFC 8760 §2.4)."""

_CREDENTIALS_FOR = {"www-authenticate": "Authorization", "proxy-authenticate": "Proxy-Authorization"}

MAX_SPACES = 8
"""Protection spaces remembered: a call that a stranger challenges must not make this grow without end."""

MAX_HOSTS = 16
"""Hosts remembered of one protection space: the latest that were challenged for."""

MAX_STALE = 2
"""Fresh answers in a row that a server may call stale; one more, and nothing would ever content it."""

# Control characters are left out, so that what is echoed cannot end a header line.
_PARAMETER = re.compile(
    r"[ \t,]*([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*"
    r'(?:"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[ -~])*)"|([^ \t,"\x00-\x1f\x7f]+))[ \t]*(?=,|$)',
    re.ASCII,
)
_ESCAPED = re.compile(r"\\(.)")


def _parameters(value: str) -> dict[str, str] | None:
    """The parameters of a header with Digest scheme by lower-case name, or None when it is none or broken.

    Commas and equals signs inside quoted strings are theirs, which is why sipmessage's parser is not used.
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    parameters: dict[str, str] = {}
    position, rest = 0, rest.strip(" \t,")
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None:
            return None
        name, quoted, token = match.groups()
        parameters.setdefault(name.lower(), token if quoted is None else _ESCAPED.sub(r"\1", quoted))
        position = match.end()
    return parameters


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Signed(Protocol):
    """What a proof is made of: a request of SIP, or of HTTP with its request-target as `uri`."""

    @property
    def method(self) -> str: ...
    @property
    def uri(self) -> object: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate or Proxy-Authenticate header that can be answered."""

    realm: str
    nonce: str
    algorithm: str | None
    """As the server spelled it; None where it named none, which means MD5."""
    qop: str | None
    opaque: str | None
    stale: bool

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """None for another scheme, an unknown algorithm or qop, and whatever cannot be read."""
        parameters = _parameters(value)
        if parameters is None or not parameters.keys() >= {"realm", "nonce"}:
            return None
        algorithm = parameters.get("algorithm")
        if (algorithm or "MD5").upper() not in ALGORITHMS:
            return None
        offered = [
            option.strip().lower() for option in parameters.get("qop", "").split(",") if option.strip()
        ]
        qop = next((option for option in ("auth", "auth-int") if option in offered), None)
        if offered and qop is None:
            return None
        return cls(
            realm=parameters["realm"],
            nonce=parameters["nonce"],
            algorithm=algorithm,
            qop=qop,
            opaque=parameters.get("opaque"),
            stale=parameters.get("stale", "").lower() == "true",
        )

    @property
    def preference(self) -> int:
        """Smaller is stronger."""
        return list(ALGORITHMS).index((self.algorithm or "MD5").upper())

    def respond(self, username: str, password: str, request: Signed, *, cnonce: str, count: int) -> str:
        """The value of an Authorization header (RFC 7616 §3.4); `count` is the nonce count, from 1."""
        name = (self.algorithm or "MD5").upper()
        hash_of = ALGORITHMS[name]
        secret = hash_of(f"{username}:{self.realm}:{password}".encode())
        if name.endswith("-SESS"):
            secret = hash_of(f"{secret}:{self.nonce}:{cnonce}".encode())
        target = f"{request.method}:{request.uri}"
        if self.qop == "auth-int":
            target += ":" + hash_of(request.body)
        middle = f"{self.nonce}:{count:08x}:{cnonce}:{self.qop}" if self.qop else self.nonce
        proof = hash_of(f"{secret}:{middle}:{hash_of(target.encode())}".encode())

        parts = [
            f"username={_quote(username)}",
            f"realm={_quote(self.realm)}",
            f"nonce={_quote(self.nonce)}",
            f'uri="{request.uri}"',
            f'response="{proof}"',
        ]
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.qop is not None:
            parts += [f"qop={self.qop}", f"nc={count:08x}"]
        if self.qop is not None or name.endswith("-SESS"):
            parts.append(f'cnonce="{cnonce}"')
        if self.opaque is not None:
            parts.append(f"opaque={_quote(self.opaque)}")
        return "Digest " + ", ".join(parts)


@dataclass(slots=True)
class _Space:
    """A protection space: who challenged, in requests to which hosts, and how often its nonce was used.

    One cnonce serves a nonce's whole life, so the `-sess` secret is the same whether the server works it
    out once or for every request.
    """

    challenge: Challenge
    hosts: tuple[str, ...]
    cnonce: str
    count: int = 0
    stale: int = 0


_SpaceKey = tuple[str, str]  # the name of the credentials header, the realm


@dataclass(slots=True)
class Credentials:
    """One account's user name and password, and the nonces that servers gave for them.

    The password appears in no repr, header or error. Who may be given a proof made with it is decided in
    `account_credentials`.
    """

    username: str
    password: str = field(repr=False)
    random: Random = field(repr=False)
    _spaces: dict[_SpaceKey, _Space] = field(default_factory=dict, init=False, repr=False)

    def authorize(self, request: Request, *, by_proxy: bool = False) -> None:
        """Set credentials ahead of a challenge where the host in the Request-URI gave a nonce before.

        No other host gets them: a proof made with the password is something to guess it from. `by_proxy`:
        the request goes to a proxy that may have those for proxies, whoever it is meant for (RFC 3261 §22.3).
        """
        if self._spaces:
            host = request.uri.host.lower()
            ahead = [
                key
                for key, space in self._spaces.items()
                if host in space.hosts or (by_proxy and key[0] == "Proxy-Authorization")
            ]
            self._set(request, ahead)

    def repeat(self, request: Request) -> None:
        """`request` goes elsewhere as well: a nonce count that two servers saw would be a replay."""
        self._set(request, dict.fromkeys(key for key, _ in _carried(request)))

    def answer(self, request: Request, response: Response, realms: Collection[str | None] = ()) -> bool:
        """Give `request` the credentials that `response` (401 or 407) asks for, in `realms` if there are any.

        False: there is no password, no challenge that can be answered, or the server refused these very
        credentials, which means a wrong user name or password. The caller gives the request its new CSeq
        and branch.
        """
        challenges = {
            key: asked for key, asked in _challenges(response).items() if not realms or key[1] in realms
        }
        if not challenges or not self.password:
            return False
        carried = dict(_carried(request))
        host = request.uri.host.lower()
        for key, challenge in challenges.items():
            space, sent = self._spaces.get(key), carried.get(key)
            stale = 0
            if space and sent and sent.get("nonce") == space.challenge.nonce and _fresh(sent, space):
                stale = space.stale + 1
                if not challenge.stale or stale > MAX_STALE:
                    del self._spaces[key]
                    return False
            elif sent and sent.get("nonce") == challenge.nonce and not challenge.stale:
                return False
            others = [] if space is None else [other for other in space.hosts if other != host]
            hosts = (*others, host)[-MAX_HOSTS:]
            self._remember(key, _Space(challenge, hosts, self._cnonce(), stale=stale))
        # A proxy that let the request pass wants the next one with a nonce count it has not seen.
        self._set(request, dict.fromkeys([*carried, *challenges]))
        return True

    @staticmethod
    def realms(response: Response) -> set[str]:
        """Those of the challenges that can be answered."""
        return {realm for _, realm in _challenges(response)}

    @staticmethod
    def proxy_realm(response: Response) -> str | None:
        """That of the first challenge of a proxy that can be answered."""
        return next((realm for name, realm in _challenges(response) if name == "Proxy-Authorization"), None)

    @staticmethod
    def schemes(response: Response) -> set[str]:
        """By which it asks for credentials, in lower case."""
        asked = [value for name in _CREDENTIALS_FOR for value in response.headers.getlist(name)]
        return {value.strip().partition(" ")[0].lower() for value in asked}

    def _remember(self, key: _SpaceKey, space: _Space) -> None:
        self._spaces.pop(key, None)
        self._spaces[key] = space
        while len(self._spaces) > MAX_SPACES:
            del self._spaces[next(iter(self._spaces))]

    def _set(self, request: Request, keys: Iterable[_SpaceKey]) -> None:
        for name in _CREDENTIALS_FOR.values():
            request.headers.remove(name)
        for key in keys:
            space = self._spaces.get(key)
            if space is None:
                continue
            space.count += 1
            value = space.challenge.respond(
                self.username, self.password, request, cnonce=space.cnonce, count=space.count
            )
            request.headers.add(key[0], value)

    def _cnonce(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


def _challenges(response: Response) -> dict[_SpaceKey, Challenge]:
    best: dict[_SpaceKey, Challenge] = {}
    for asking, answering in _CREDENTIALS_FOR.items():
        for value in response.headers.getlist(asking):
            challenge = Challenge.parse(value)
            if challenge is None:
                continue
            key = (answering, challenge.realm)
            if key not in best or challenge.preference < best[key].preference:
                best[key] = challenge
    return best


def _carried(request: Request) -> Iterable[tuple[_SpaceKey, dict[str, str]]]:
    for name in _CREDENTIALS_FOR.values():
        for value in request.headers.getlist(name):
            parameters = _parameters(value)
            if parameters is not None:
                yield (name, parameters.get("realm", "")), parameters


def _fresh(sent: dict[str, str], space: _Space) -> bool:
    """Whether the request was the first to use its nonce, so that age cannot be why it was refused."""
    return int(sent["nc"], 16) == 1 if "nc" in sent else space.count == 1
