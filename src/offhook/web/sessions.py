"""Who has logged in. A session lives in the memory of the process, and its id in the cookie of a browser."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

IDLE: Final = 30 * 60.0
"""Seconds without a request after which a session ends."""

LONGEST: Final = 12 * 3600.0
"""Seconds after which it ends in any case."""

MOST: Final = 64
"""Of one phone. One more, and the one that was used longest ago goes."""


@dataclass(slots=True)
class Session:
    """`began` and `used` are times of the clock. `address` and `agent` are what it was begun from."""

    address: str
    agent: str
    began: float
    used: float
    csrf: str = field(repr=False)
    """To be sent with every form."""
    password: str = field(repr=False)
    """The hash that was right then: a session does not outlive its password."""

    def knows(self, csrf: str) -> bool:
        return hmac.compare_digest(csrf.encode("utf-8", "replace"), self.csrf.encode())


class Sessions:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_id: dict[bytes, Session] = {}
        """By the hash of the id, in order of last use."""

    def begin(self, address: str, agent: str, password: str) -> tuple[str, Session]:
        """The id, for the cookie, and what it stands for."""
        now = self._clock()
        session = Session(address, agent[:200], now, now, secrets.token_urlsafe(32), password)
        session_id = secrets.token_urlsafe(32)
        self._by_id[_key(session_id)] = session
        while len(self._by_id) > MOST:
            del self._by_id[next(iter(self._by_id))]
        return session_id, session

    def find(self, session_id: str, password: str, *, uses: bool = True) -> Session | None:
        """`password` is the hash of now. One that is looked at without being used grows no younger."""
        key = _key(session_id)
        session = self._by_id.get(key)
        if session is None:
            return None
        if not self._lives(session, password):
            del self._by_id[key]
            return None
        if uses:
            session.used = self._clock()
            self._by_id[key] = self._by_id.pop(key)
        return session

    def living(self, password: str) -> list[Session]:
        """The one used last stands last."""
        self._by_id = {key: each for key, each in self._by_id.items() if self._lives(each, password)}
        return list(self._by_id.values())

    def since(self, moment: float) -> float:
        """Seconds since a time of the clock."""
        return self._clock() - moment

    def end(self, session: Session) -> None:
        self._by_id = {key: each for key, each in self._by_id.items() if each is not session}

    def end_others(self, session: Session | None) -> None:
        self._by_id = {key: each for key, each in self._by_id.items() if each is session}

    def _lives(self, session: Session, password: str) -> bool:
        now = self._clock()
        return (
            now - session.used < IDLE
            and now - session.began < LONGEST
            and hmac.compare_digest(session.password, password)
        )


def _key(session_id: str) -> bytes:
    # What is looked up is no secret: how long that takes may depend on it.
    return hashlib.sha256(session_id.encode("utf-8", "replace")).digest()
