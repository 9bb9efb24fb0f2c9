"""SRTP and SRTCP of one leg (RFC 3711, RFC 7714), by libsrtp. Imported when a first call is encrypted."""

from collections.abc import Callable
from typing import Final, TypeVar

from pylibsrtp import Error, Policy, Session

from offhook.rtp.srtp_keys import SrtpKeys

PROFILES: Final = {
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}

MAX_CONTEXTS: Final = 8
"""Keys of a call whose counts of packets are kept: those of the branches of a forked INVITE."""
MAX_SOURCES: Final = 16
"""Sources under one key. A far end that has the key could open any number."""

_SSRC_OF_RTP, _SSRC_OF_RTCP = 8, 4
_HEADER_OF_RTP, _HEADER_OF_RTCP = 12, 8

_Context = TypeVar("_Context")


class Srtp:
    """Encrypts what a leg sends, and lets through what its far end encrypted: each packet once.

    A key that comes back finds its count of packets where it was: counted anew, it would encrypt two packets
    alike, and give both away (RFC 3711 §9.1).
    """

    def __init__(self) -> None:
        self._senders: dict[tuple[str, bytes], Session] = {}
        self._receivers: dict[tuple[str, bytes], _Receiver] = {}

    def use(self, keys: SrtpKeys) -> None:
        """From now on these. Raises ValueError for a suite that is not spoken, or a key too short for it."""
        if keys.suite not in PROFILES:
            raise ValueError(f"suite {keys.suite!r} is not spoken here; these are {', '.join(PROFILES)}")
        profile = PROFILES[keys.suite]
        sender, receiver = (keys.suite, keys.sending), (keys.suite, keys.receiving)
        self._sender = _kept(self._senders, sender, lambda: _session(profile, keys.sending, outbound=True))
        self._receiver = _kept(
            self._receivers, receiver, lambda: _Receiver(_session(profile, keys.receiving, outbound=False))
        )

    # None stands for a packet that is none, was changed on its way, or has come before.

    def protect(self, rtp: bytes | bytearray) -> bytes | None:
        return _attempt(self._sender.protect, bytes(rtp))

    def protect_rtcp(self, rtcp: bytes) -> bytes | None:
        return _attempt(self._sender.protect_rtcp, rtcp)

    def unprotect(self, srtp: bytes) -> bytes | None:
        return self._receiver.unprotect(srtp)

    def unprotect_rtcp(self, srtcp: bytes) -> bytes | None:
        return self._receiver.unprotect_rtcp(srtcp)


class _Receiver:
    """One key of the far end's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sources: dict[bytes, None] = {}

    def unprotect(self, srtp: bytes) -> bytes | None:
        if len(srtp) < _HEADER_OF_RTP:
            return None
        rtp = _attempt(self._session.unprotect, srtp)
        if rtp is not None:
            self._heard(rtp[_SSRC_OF_RTP : _SSRC_OF_RTP + 4])
        return rtp

    def unprotect_rtcp(self, srtcp: bytes) -> bytes | None:
        if len(srtcp) < _HEADER_OF_RTCP:
            return None
        rtcp = _attempt(self._session.unprotect_rtcp, srtcp)
        if rtcp is not None:
            self._heard(rtcp[_SSRC_OF_RTCP : _SSRC_OF_RTCP + 4])
        return rtcp

    def _heard(self, source: bytes) -> None:
        if source in self._sources:
            return
        if len(self._sources) >= MAX_SOURCES:
            eldest = next(iter(self._sources))
            del self._sources[eldest]
            self._session.remove_stream(int.from_bytes(eldest))
        self._sources[source] = None


def _session(profile: int, key: bytes, *, outbound: bool) -> Session:
    kind = Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND
    return Session(Policy(key=key, ssrc_type=kind, srtp_profile=profile))


def _attempt(process: Callable[[bytes], bytes], packet: bytes) -> bytes | None:
    try:
        return process(packet)
    except (Error, ValueError):  # ValueError: longer than any packet that goes over a network in one piece
        return None


def _kept(
    contexts: dict[tuple[str, bytes], _Context], key: tuple[str, bytes], begin: Callable[[], _Context]
) -> _Context:
    context = contexts.pop(key, None) or begin()
    contexts[key] = context
    if len(contexts) > MAX_CONTEXTS:
        del contexts[next(iter(contexts))]
    return context
