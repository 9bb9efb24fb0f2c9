"""What each key means on each page.

The rows and columns are those of the key table in `docs/action-uri.md`; a cell is the verb that the key
stands for there. What a later version of the phone will do is `not_built` until it does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from . import conversation, entry, hook
from .call import Call
from .events import Key
from .refusal import Refused
from .reply import Verdict
from .screen import Page

if TYPE_CHECKING:
    from .phone import Phone

Verb = Callable[["Phone", Key], str]


def down(phone: Phone, key: Key) -> str:
    row = ROWS.get(key)
    return not_built(phone, key) if row is None else row[COLUMNS[phone.page]](phone, key)


def up(phone: Phone, key: Key) -> str:
    if key is not Key.HOOK:
        raise Refused(f"keyup={key} means nothing; only Hook is released", Verdict.INVALID)
    return hook.put_down(phone)


# --- cells


def not_built(phone: Phone, key: Key) -> NoReturn:
    raise Refused(f"keydown={key} on the {phone.page} page is not built yet", Verdict.NOT_BUILT)


def refused(why: str) -> Verb:
    def refuse(_phone: Phone, key: Key) -> NoReturn:
        raise Refused(f"{key} {why}")

    return refuse


def nothing_changes(_phone: Phone, _key: Key) -> str:
    return "nothing changes"


def type_digit(phone: Phone, key: Key) -> str:
    return entry.append(phone, CHARACTERS[key])


def send_digit(phone: Phone, key: Key) -> str:
    return conversation.send_digit(phone, _focused(phone, key), CHARACTERS[key])


def soft_key(phone: Phone, key: Key) -> str:
    shown = SOFT_KEYS[phone.page]
    place = SOFT_KEY_PLACES.index(key)
    if place >= len(shown):
        labels = ", ".join(f"F{number} {label}" for number, (label, _) in enumerate(shown, 1)) or "none"
        raise Refused(f"the {phone.page} page has no soft key {key}; it has {labels}")
    return shown[place][1](phone, key)


def plain(verb: Callable[[Phone], str]) -> Verb:
    return lambda phone, _key: verb(phone)


def on_call(verb: Callable[[Phone, Call], str]) -> Verb:
    return lambda phone, key: verb(phone, _focused(phone, key))


def _focused(phone: Phone, key: Key) -> Call:
    if phone.focused is None:
        raise Refused(f"{key} needs a call, and there is none")
    return phone.focused


dial = plain(entry.dial)
redial = plain(entry.redial)
leave = plain(entry.leave)
delete = plain(entry.delete)
on_hook = plain(hook.back_on_hook)
lift = plain(hook.lift)
speaker = plain(hook.speaker)
answer = on_call(conversation.answer)
reject = on_call(conversation.reject)
end = on_call(conversation.end)

no_entry = refused("does nothing while a call is ringing or calling out")
no_more = refused("has nothing to do while a call is up or calling out; Cancel ends it")
no_idle = refused("has nothing to cancel: the phone is idle")

COLUMNS = {
    page: place
    for place, page in enumerate(
        (Page.IDLE, Page.ENTRY, Page.OFF_HOOK, Page.RINGING, Page.CALLING, Page.TALKING)
    )
}

DIGITS = (*map(Key, "0123456789*"), Key.POUND)
CHARACTERS = {key: "#" if key is Key.POUND else key.value for key in DIGITS}
SOFT_KEY_PLACES = (Key.F1, Key.F2, Key.F3, Key.F4)

# fmt: off
ROWS: dict[Key, tuple[Verb, ...]] = {
    #               idle             entry       off-hook    ringing    calling    talking
    **dict.fromkeys(DIGITS,
                   (type_digit,      type_digit, type_digit, no_entry,  no_entry,  send_digit)),
    Key.OK:        (not_built,       dial,       redial,     answer,    no_more,   no_more),
    Key.CANCEL:    (no_idle,         leave,      on_hook,    reject,    end,       end),
    Key.SPEAKER:   (speaker,         speaker,    speaker,    speaker,   speaker,   speaker),
    Key.HOOK:      (lift,            lift,       lift,       lift,      lift,      lift),
    Key.HOME:      (nothing_changes, on_hook,    on_hook,    not_built, not_built, not_built),
    **dict.fromkeys(SOFT_KEY_PLACES,
                   (soft_key,        soft_key,   soft_key,   soft_key,  soft_key,  soft_key)),
}

SOFT_KEYS: dict[Page, tuple[tuple[str, Verb], ...]] = {
    Page.IDLE:     (),
    Page.ENTRY:    (("Call", dial), ("Delete", delete), ("Cancel", leave)),
    Page.OFF_HOOK: (("Redial", redial), ("Cancel", on_hook)),
    Page.RINGING:  (("Answer", answer), ("Reject", reject)),
    Page.CALLING:  (("Cancel", end),),
    Page.TALKING:  (("End", end),),
}
# fmt: on
