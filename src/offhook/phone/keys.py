"""What each key means on each page.

The rows and columns are those of the key table in `docs/action-uri.md`; a cell is the verb that the key
stands for there.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, NoReturn

from . import conferencing, conversation, entry, forwarding, holding, menus, paths, transfer
from .call import Call, CallState
from .events import Key
from .refusal import Refused
from .reply import Verdict
from .screen import Page
from .views import Entry, Purpose

if TYPE_CHECKING:
    from .phone import Phone

Verb = Callable[["Phone", Key], str]


class Column(Enum):
    """A page as far as keys go: a conference is a call as any other, and the idle page over a call is its own."""

    IDLE = auto()
    ENTRY = auto()
    OFF_HOOK = auto()
    RINGING = auto()
    CALLING = auto()
    TALKING = auto()
    HELD = auto()
    MENU = auto()
    HOME = auto()


COLUMN_OF = {
    Page.IDLE: Column.IDLE,
    Page.ENTRY: Column.ENTRY,
    Page.TRANSFER: Column.ENTRY,
    Page.OFF_HOOK: Column.OFF_HOOK,
    Page.RINGING: Column.RINGING,
    Page.CALLING: Column.CALLING,
    Page.TALKING: Column.TALKING,
    Page.HELD: Column.HELD,
    Page.MENU: Column.MENU,
}


def column(phone: Phone) -> Column:
    page, call = phone.page, phone.focused
    if page is Page.CONFERENCE:
        return Column.HELD if call and call.state is CallState.HELD else Column.TALKING
    if page is Page.IDLE and call:
        return Column.HOME
    return COLUMN_OF[page]


def down(phone: Phone, key: Key) -> str:
    return CELLS[key][column(phone)](phone, key)


def up(phone: Phone, key: Key) -> str:
    if key is not Key.HOOK:
        raise Refused(f"keyup={key} means nothing; only Hook is released", Verdict.INVALID)
    return paths.put_down(phone)


# --- cells


def refused(why: str) -> Verb:
    def refuse(_phone: Phone, key: Key) -> NoReturn:
        raise Refused(f"{key} {why}")

    return refuse


def plain(verb: Callable[[Phone], str]) -> Verb:
    return lambda phone, _key: verb(phone)


def on_call(verb: Callable[[Phone, Call], str]) -> Verb:
    """On the call that the page is about: the ringing one on its page, else the focused one."""
    return lambda phone, key: verb(phone, _call(phone, key))


def _call(phone: Phone, key: Key) -> Call:
    call = phone.ringing if phone.page is Page.RINGING else phone.focused
    if call is None:
        raise Refused(f"{key} needs a call, and there is none")
    return call


def by(verb: Callable[[Phone, int], str], step: int) -> Verb:
    return lambda phone, _key: verb(phone, step)


def nothing_changes(_phone: Phone, _key: Key) -> str:
    return "nothing changes"


def type_digit(phone: Phone, key: Key) -> str:
    return entry.append(phone, CHARACTERS[key])


def send_digit(phone: Phone, key: Key) -> str:
    return conversation.send_digit(phone, _call(phone, key), CHARACTERS[key])


def ringing_digit(phone: Phone, key: Key) -> str:
    """Digits stay with the call that talks behind the ringing one."""
    call = phone.focused
    if call and call.state is CallState.TALKING:
        return conversation.send_digit(phone, call, CHARACTERS[key])
    raise Refused(f"{key} does nothing while a call is ringing")


def calling_digit(phone: Phone, key: Key) -> str:
    call = _call(phone, key)
    if call.plays_early:
        return conversation.send_digit(phone, call, CHARACTERS[key])
    raise Refused(f"{key} does nothing while the phone is calling out")


def pick(phone: Phone, key: Key) -> str:
    return menus.pick(phone, CHARACTERS[key])


def back_to_call(phone: Phone, _key: Key) -> str:
    phone.at_home = False
    return "back to the call"


def home(phone: Phone, _key: Key) -> str:
    """The idle page; what is up goes on behind it."""
    phone.views.clear()
    if phone.calls:
        phone.at_home = True
    else:
        phone.hang_up()
    return "the idle page"


def redial(phone: Phone, _key: Key) -> str:
    return entry.redial(phone)


def redial_entry(phone: Phone, key: Key) -> str:
    typed = phone.view
    if isinstance(typed, Entry) and typed.purpose is not Purpose.CALL:
        raise Refused("a number is being typed for something else; Cancel leaves it")
    return open_dialled(phone, key)


def redial_selected(phone: Phone, key: Key) -> str:
    """`Redial` again in its list dials; in another list it opens its own."""
    if phone.page is Page.MENU and menus.in_dialled(phone):
        return menus.open_selected(phone)
    return open_dialled(phone, key)


def message(phone: Phone, _key: Key) -> str:
    for account in phone.accounts.values():
        number = phone.settings.voicemail.get(account.id)
        if account.ready and number:
            return entry.place(phone, entry.read(phone, number), account)
    raise Refused("no account that is ready has a voicemail number")


def forward_entry(phone: Phone, _key: Key) -> str:
    typed = phone.view
    if isinstance(typed, Entry) and typed.purpose is Purpose.TRANSFER:
        return entry.blind_transfer(phone)
    return forwarding.take_entry(phone)


def soft_key(phone: Phone, key: Key) -> str:
    shown = soft_keys(phone)
    place = SOFT_KEY_PLACES.index(key)
    if place >= len(shown):
        labels = ", ".join(f"F{number} {label}" for number, (label, _) in enumerate(shown, 1)) or "none"
        raise Refused(f"the {phone.page} page has no soft key {key}; it has {labels}")
    return shown[place][1](phone, key)


def dnd(phone: Phone, _key: Key) -> str:
    return menus.toggle_dnd(phone)


done = plain(entry.done)
blind = plain(entry.blind_transfer)
leave = plain(entry.leave)
delete = plain(entry.delete)
on_hook = plain(paths.back_on_hook)
lift = plain(paths.lift)
speaker = plain(paths.speaker)
headset = plain(paths.headset)
mute = plain(paths.mute)
open_menu = plain(menus.open_menu)
open_dialled = plain(menus.open_dialled)
open_item = plain(menus.open_selected)
one_up = plain(menus.up_one_level)
forwarding_page = plain(forwarding.open_page)
answer = on_call(conversation.answer)
reject = on_call(conversation.reject)
silence = on_call(conversation.silence)
end = on_call(conversation.end)
hold = on_call(holding.hold)
resume = on_call(holding.resume)
do_transfer = on_call(transfer.transfer)
do_conference = on_call(conferencing.conference)
deflect = on_call(forwarding.ask_deflection)
louder, softer = by(paths.louder, 1), by(paths.louder, -1)
item_up, item_down = by(menus.move, -1), by(menus.move, 1)
cursor_left, cursor_right = by(entry.move, -1), by(entry.move, 1)
call_up, call_down = by(holding.next_call, -1), by(holding.next_call, 1)

no_ok = refused("has nothing to do in a call; Cancel ends it")
no_idle = refused("has nothing to cancel: the phone is idle")
no_redial = refused("does nothing while a call is up or on its way")
no_forward = refused("does nothing while the phone is calling out")
no_message = refused("does nothing while a call is up or on its way")
no_arrow = refused("has nothing to move on this page")

DIGITS = (*map(Key, "0123456789*"), Key.POUND)
CHARACTERS = {key: "#" if key is Key.POUND else key.value for key in DIGITS}
SOFT_KEY_PLACES = (Key.F1, Key.F2, Key.F3, Key.F4)

# fmt: off
ROWS: dict[Key, tuple[Verb, ...]] = {
    #                 idle             entry          off-hook         ringing        calling        talking      held         menu             home
    **dict.fromkeys(DIGITS,
                     (type_digit,      type_digit,    type_digit,      ringing_digit, calling_digit, send_digit,  type_digit,  pick,            type_digit)),
    Key.OK:          (open_menu,       done,          redial,          answer,        no_ok,         no_ok,       resume,      open_item,       back_to_call),
    Key.CANCEL:      (no_idle,         leave,         on_hook,         reject,        end,           end,         end,         one_up,          end),
    Key.SPEAKER:     (speaker,         speaker,       speaker,         speaker,       speaker,       speaker,     speaker,     speaker,         speaker),
    Key.HOOK:        (lift,            lift,          lift,            lift,          lift,          lift,        lift,        lift,            lift),
    Key.HEADSET:     (headset,         headset,       headset,         headset,       headset,       headset,     headset,     headset,         headset),
    Key.REDIAL:      (open_dialled,    redial_entry,  redial,          no_redial,     no_redial,     no_redial,   redial,      redial_selected, no_redial),
    Key.MESSAGE:     (message,         message,       message,         no_message,    no_message,    no_message,  message,     message,         message),
    Key.FORWARD:     (forwarding_page, forward_entry, forwarding_page, deflect,       no_forward,    do_transfer, do_transfer, forwarding_page, do_transfer),
    Key.VOLUME_UP:   (louder,          louder,        louder,          louder,        louder,        louder,      louder,      louder,          louder),
    Key.VOLUME_DOWN: (softer,          softer,        softer,          softer,        softer,        softer,      softer,      softer,          softer),
    Key.MUTE:        (mute,            mute,          mute,            mute,          mute,          mute,        mute,        mute,            mute),
    Key.HOME:        (nothing_changes, home,          home,            home,          home,          home,        home,        home,            back_to_call),
    Key.UP:          (no_arrow,        no_arrow,      no_arrow,        no_arrow,      no_arrow,      call_up,     call_up,     item_up,         no_arrow),
    Key.DOWN:        (no_arrow,        no_arrow,      no_arrow,        no_arrow,      no_arrow,      call_down,   call_down,   item_down,       no_arrow),
    Key.LEFT:        (no_arrow,        cursor_left,   no_arrow,        no_arrow,      no_arrow,      no_arrow,    no_arrow,    no_arrow,        no_arrow),
    Key.RIGHT:       (no_arrow,        cursor_right,  no_arrow,        no_arrow,      no_arrow,      no_arrow,    no_arrow,    no_arrow,        no_arrow),
    **dict.fromkeys(SOFT_KEY_PLACES, (soft_key,) * len(Column)),
}

CELLS = {key: dict(zip(Column, row, strict=True)) for key, row in ROWS.items()}

SoftKeys = tuple[tuple[str, Verb], ...]

SOFT_KEYS: dict[Column, SoftKeys] = {
    Column.IDLE:     (("Redial", open_dialled), ("Forward", forwarding_page), ("DND", dnd), ("Menu", open_menu)),
    Column.OFF_HOOK: (("Redial", redial), ("Cancel", on_hook)),
    Column.RINGING:  (("Answer", answer), ("Reject", reject), ("Forward", deflect), ("Silence", silence)),
    Column.CALLING:  (("Cancel", end),),
    Column.TALKING:  (("Hold", hold), ("Transfer", do_transfer), ("Conference", do_conference), ("End", end)),
    Column.HELD:     (("Resume", resume), ("Transfer", do_transfer), ("Conference", do_conference), ("End", end)),
    Column.MENU:     (("Select", open_item), ("Back", one_up)),
    Column.HOME:     (("Back", back_to_call),),
}

CONFERENCE_SOFT_KEYS: SoftKeys = (("Conference", do_conference), ("End", end))

ENTRY_SOFT_KEYS: dict[Purpose, SoftKeys] = {
    Purpose.CALL:       (("Call", done), ("Delete", delete), ("Cancel", leave)),
    Purpose.TRANSFER:   (("Transfer", blind), ("Call", done), ("Delete", delete), ("Cancel", leave)),
    Purpose.CONFERENCE: (("Call", done), ("Delete", delete), ("Cancel", leave)),
    Purpose.DEFLECT:    (("Forward", done), ("Delete", delete), ("Cancel", leave)),
    Purpose.FORWARD:    (("Set", done), ("Delete", delete), ("Cancel", leave)),
}
# fmt: on


def soft_keys(phone: Phone) -> SoftKeys:
    here, view, call = column(phone), phone.view, phone.focused
    if phone.page is Page.CONFERENCE:
        return (("Resume", resume) if here is Column.HELD else ("Hold", hold), *CONFERENCE_SOFT_KEYS)
    if here is Column.ENTRY and isinstance(view, Entry):
        return ENTRY_SOFT_KEYS[view.purpose]
    if here is Column.CALLING and call and call.consults_for is not None and not call.joins:
        return (("Transfer", do_transfer), ("Cancel", end))
    return SOFT_KEYS[here]
