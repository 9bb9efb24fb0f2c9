"""What becomes of a number that is dialled: its beginning replaced, or the call not made.

Every way out of the phone goes by them: keys, URLs, redial, lists, voice mail, the targets of transfers,
deflection and forwarding, and those that a far end asks for. A number that must not be called must not be
reached in a roundabout way either.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .number import DIGITS, SEPARATORS, Dialled
from .party import user_part
from .refusal import Refused


@dataclass(frozen=True, slots=True)
class DialRules:
    """`replacements` are beginnings and what stands there instead, `blocked` beginnings."""

    replacements: tuple[tuple[str, str], ...] = ()
    blocked: tuple[str, ...] = ()

    @classmethod
    def of(cls, replacements: Iterable[str], blocked: Iterable[str]) -> "DialRules":
        """From rules as they are written, `0049=+49`."""
        pairs = (rule.partition("=") for rule in replacements)
        return cls(tuple((begins, becomes) for begins, _, becomes in pairs), tuple(blocked))

    def applied(self, target: Dialled) -> Dialled:
        """The target as it is called. Raises Refused.

        A full URI says for itself where it goes and is not rewritten. A number is judged as it was dialled
        and as it is called, so that no replacement leads around a block.
        """
        self.expect_allowed(target.uri or target.user or "")
        if target.user is None or not self.replacements:
            return target
        number = user_part(target.user)
        fitting = [pair for pair in self.replacements if number.startswith(pair[0])]
        if not fitting or not DIGITS.fullmatch(number):
            return target
        begins, becomes = max(fitting, key=lambda pair: len(pair[0]))
        called = becomes + number[len(begins) :]
        if not DIGITS.fullmatch(called):
            raise Refused(f"{target.shown} is no number once the dial rule {begins}={becomes} is applied")
        self.expect_allowed(called)
        return replace(target, user=called.replace("#", "%23"))

    def expect_allowed(self, address: str) -> None:
        """`address` is a URI or what was dialled. Raises Refused."""
        if (begins := self.blocking(address)) is not None:
            number = user_part(address).translate(SEPARATORS)
            raise Refused(f"{number} is not called: a dial rule blocks what begins with {begins}")

    def blocking(self, address: str) -> str | None:
        """The beginning for which it is blocked."""
        if not self.blocked:
            return None
        number = user_part(address).translate(SEPARATORS)
        return next((begins for begins in self.blocked if number.startswith(begins)), None)
