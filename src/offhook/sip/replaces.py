"""The Replaces header (RFC 3891): a call that takes the place of another."""

import re
from dataclasses import dataclass

from sipmessage import Request

from .dialog import Dialog, DialogId
from .name_addr import parse_parameters

_CALL_ID = re.compile(r"[!-+\--:<-~]{1,256}")
_TAG = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,256}")


@dataclass(frozen=True, slots=True)
class Replaces:
    """`to_tag` is the tag of the one who receives it."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> "Replaces":
        """Raises ValueError."""
        call_id, semicolon, rest = text.strip().partition(";")
        parameters = parse_parameters(semicolon + rest)
        tags = [parameters.get(name) or "" for name in ("to-tag", "from-tag")]
        if not _CALL_ID.fullmatch(call_id.strip()) or not all(map(_TAG.fullmatch, tags)):
            raise ValueError(f"not a dialog to replace: {text[:80]!r}")
        return cls(call_id.strip(), tags[0], tags[1], "early-only" in parameters)

    @classmethod
    def of(cls, invite: Request) -> "Replaces | None":
        """None where there is none. Raises ValueError for what §3 has refused with 400."""
        values = invite.headers.getlist("Replaces")
        if not values:
            return None
        if len(values) > 1 or invite.headers.getlist("Join"):
            raise ValueError("more than one Replaces, or Join beside it")
        return cls.parse(values[0])

    @classmethod
    def of_dialog(cls, dialog: Dialog) -> "Replaces":
        """For the far end of `dialog` to receive."""
        return cls(dialog.call_id, dialog.remote_tag or "0", dialog.local_tag)

    @property
    def dialogs(self) -> list[DialogId]:
        """The dialogs that are meant: the tag 0 stands for the missing one of an RFC 2543 peer too (§3)."""
        tags = [(to, from_) for to in _variants(self.to_tag) for from_ in _variants(self.from_tag)]
        return [(self.call_id, to, from_) for to, from_ in tags]

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


def _variants(tag: str) -> tuple[str, ...]:
    return (tag, "") if tag == "0" else (tag,)
