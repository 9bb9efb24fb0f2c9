"""Who may ask anything of this end, judged before anything is looked up or kept for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Callers(StrEnum):
    """Whose requests are heard that belong to no call: anybody's, or those of the accounts' registrars."""

    ANYONE = "anyone"
    REGISTRAR = "registrar"


class UnknownCallers(StrEnum):
    """What becomes of who is not admitted, and of who asks for a user that there is not: a refusal, or
    nothing at all, as if nobody were here."""

    REFUSE = "refuse"
    IGNORE = "ignore"


FORBIDDEN, NOT_FOUND = 403, 404

SILENCE = 0
"""In the place of a code: no answer."""


def _nobody(_address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Admission:
    """`unlimited` says of an address whether the limits of `rate_limit` are not for it."""

    callers: Callers = Callers.ANYONE
    unknown: UnknownCallers = UnknownCallers.REFUSE
    unlimited: Callable[[str], bool] = _nobody

    def of_new(self, *, trusted: bool, known: bool) -> int | None:
        """None: come in; else the code that refuses a request outside of any dialog, or SILENCE.

        `trusted`: it came from an account's registrar or proxy. `known`: it is for a user of this end.
        """
        if not trusted and self.callers is Callers.REGISTRAR:
            return self._refusal(FORBIDDEN)
        if not known:
            # A registrar is told: it is no scanner, and would repeat what nobody answers.
            return NOT_FOUND if trusted else self._refusal(NOT_FOUND)
        return None

    def ignores_strays(self, *, trusted: bool) -> bool:
        """Of a request within a dialog, or a CANCEL, that fits none of ours."""
        return not trusted and self.unknown is UnknownCallers.IGNORE

    def _refusal(self, code: int) -> int:
        return SILENCE if self.unknown is UnknownCallers.IGNORE else code


ANYBODY = Admission()
