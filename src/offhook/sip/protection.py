"""Whether the sound of one call is encrypted, and by which keys (RFC 4568, RFC 8643)."""

from collections.abc import Callable
from dataclasses import replace

from .account import Account, Srtp
from .media import SrtpKeys
from .sdes import SUITES, CryptoLine, Unusable, crypto_lines
from .sdp import Media

PLAIN = "RTP/AVP"
SECURE = "RTP/SAVP"
PROFILES = frozenset({PLAIN, SECURE})

_NOT_SPOKEN = f"{SECURE} is not spoken here, {PLAIN} is: srtp=no"
_EXPOSED = "srtp=required, and its keys go over TLS alone"
_KEYLESS = f"{SECURE} wants keys, and here they go over TLS alone"


class NotProtected(Exception):
    """Offer or answer do not fit what this end wants of encryption; the text says why."""


def policy_of(account: Account | None, *, incoming: bool) -> Srtp:
    """The account's own. In a direct call nobody has set one: what is offered is plain, and a caller who
    wants to be heard by nobody else is answered so."""
    if account is None:
        return "optional" if incoming else "no"
    return account.srtp


class Protection:
    """This end's part in the keys of one call.

    A key that was agreed on stays through every offer of ours (§7.1.4), where it stands alone. A new key from
    the far end may mean another party with a count of packets that begins anew: it is answered by a new key
    of ours, so that both begin together. Keys come from `octets`, which gives as many random ones as asked.

    `exposed`: what is said next can be read by others, and is to hold no keys (§8.3).
    """

    def __init__(self, policy: Srtp, octets: Callable[[int], bytes]) -> None:
        self.exposed = False
        self._policy = policy
        self._octets = octets
        self._offered: tuple[CryptoLine, ...] = ()
        self._profile = SECURE if policy == "required" else PLAIN
        self._agreed: SrtpKeys | None = None

    # --- our offer

    def begin_offer(self, *, whole: bool) -> None:
        """Have keys for the next offer. `whole`: it is to say everything this end can do, whatever was agreed
        before, for others may be meant by it than those who agreed (RFC 3261 §14.2). Raises NotProtected."""
        if self._spoken == "required" and self.exposed:
            raise NotProtected(_EXPOSED)
        if self._spoken == "no":
            self._offered = ()
            return
        suites = list(SUITES)
        keys = {}
        if self._agreed is not None:
            current = self._agreed.suite
            keys[current] = self._agreed.sending
            suites = [current, *(suite for suite in suites if suite != current)] if whole else [current]
        self._offered = tuple(
            CryptoLine(tag, suite, keys.get(suite) or self._octets(SUITES[suite]))
            for tag, suite in enumerate(suites, 1)
        )

    def offer(self, stream: Media) -> Media:
        """The stream with what is offered to protect it."""
        if self._spoken == "no":
            return stream
        lines = tuple(line.attribute for line in self._offered)
        return replace(stream, protocol=self._profile, attributes=(*stream.attributes, *lines))

    def accept(self, answered: Media) -> SrtpKeys | None:
        """What the answer to our offer agrees on; None: nothing is encrypted. Raises NotProtected."""
        secure = answered.protocol.upper() == SECURE
        if self._spoken == "no" and secure:
            raise NotProtected(self._unspoken)
        lines = () if self._spoken == "no" else tuple(crypto_lines(answered))
        if not lines:
            if secure or self._policy == "required":
                raise NotProtected(f"the answer has no key for {self._profile}, which was asked for")
            return self._agree(None, PLAIN)
        if len(lines) > 1:
            raise NotProtected("the answer has several crypto lines, where one was to be chosen")
        [line] = lines
        if isinstance(line, Unusable):
            raise NotProtected(f"the answer's crypto line cannot be used: {line}")
        ours = next((offered for offered in self._offered if offered.tag == line.tag), None)
        if ours is None or ours.suite != line.suite:
            raise NotProtected(f"the answer chose {line.suite} by the tag {line.tag}: no line of ours")
        if self._policy == "required" and not secure and self._profile == SECURE:
            raise NotProtected(f"{SECURE} was offered, and {PLAIN} answered")
        return self._agree(SrtpKeys(line.suite, ours.key, line.key), SECURE if secure else PLAIN)

    # --- their offer

    def answer(self, offered: Media, stream: Media) -> tuple[Media, SrtpKeys | None]:
        """Our stream as the offered one wants it, and what is agreed on by that. Raises NotProtected."""
        profile = offered.protocol.upper()
        line = self._chosen(offered, profile)
        if line is None:
            return stream, self._agree(None, PLAIN)
        agreed = self._agreed
        if agreed is None or (agreed.suite, agreed.receiving) != (line.suite, line.key):
            agreed = SrtpKeys(line.suite, self._octets(SUITES[line.suite]), line.key)
        ours = CryptoLine(line.tag, line.suite, agreed.sending)
        answered = replace(stream, protocol=profile, attributes=(*stream.attributes, ours.attribute))
        return answered, self._agree(agreed, profile)

    def _chosen(self, offered: Media, profile: str) -> CryptoLine | None:
        """The first line that can be used (§7.1.2)."""
        if self._spoken == "no":
            if profile == SECURE:
                raise NotProtected(self._unspoken)
            return None
        if self.exposed:
            raise NotProtected(_EXPOSED)
        lines = list(crypto_lines(offered))
        for line in lines:
            if isinstance(line, CryptoLine):
                return line
        if profile == SECURE or self._policy == "required":
            why = "; ".join(dict.fromkeys(str(line) for line in lines)) or "it has none"
            wanted = "" if profile == SECURE else ", and srtp=required"
            raise NotProtected(f"{profile} without a crypto line that can be used: {why[:300]}{wanted}")
        return None

    @property
    def _spoken(self) -> Srtp:
        return "no" if self.exposed and self._policy == "optional" else self._policy

    @property
    def _unspoken(self) -> str:
        return _NOT_SPOKEN if self._policy == "no" else _KEYLESS

    def _agree(self, keys: SrtpKeys | None, profile: str) -> SrtpKeys | None:
        self._agreed = keys
        self._profile = profile
        return keys
