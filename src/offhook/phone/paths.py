"""The handset, its cradle, hands-free and headset, and how loud they are.

Each of these keys is one movement whatever the page: it opens, moves or closes the path of the sound, and
what the page waits for (a number to be dialled, a call to be answered) happens on that path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import conversation, entry, holding
from .audio_path import RINGER, Path
from .call import Call, CallState
from .screen import Page
from .views import Entry, Menu, Purpose

if TYPE_CHECKING:
    from .phone import Phone


def back_on_hook(phone: Phone) -> str:
    phone.hang_up()
    return "on-hook"


def lift(phone: Phone) -> str:
    """A lifted handset that has the sound stays as it is, except that a ringing call is answered."""
    ringing = phone.ringing
    if ringing is None and phone.lifted and phone.path is Path.HANDSET:
        return "the handset is lifted already"
    call = phone.focused
    if ringing is None and call and call.state is CallState.HELD and not isinstance(phone.view, Entry):
        text = holding.resume(phone, call)
    else:
        text = _what_waits(phone) or _moved(phone, Path.HANDSET)
    phone.lifted = True
    phone.path = Path.HANDSET
    return text


def put_down(phone: Phone) -> str:
    """Ends what the handset was used for; what goes on elsewhere goes on, and a ringing call rings on."""
    if not phone.lifted:
        return "the handset is in its cradle already"
    if phone.path is not Path.HANDSET:
        phone.lifted = False
        return f"the handset is in its cradle, {phone.path} goes on"
    call = phone.focused
    if call and call.state is not CallState.RINGING:
        text = conversation.end(phone, call)
        # Other calls stay held: nothing is left to hear them with.
        phone.lifted = False
        phone.path = Path.NONE
        return text
    if isinstance(phone.view, Menu):
        phone.lifted = False
        phone.path = Path.NONE
    else:
        phone.hang_up()
    return "on-hook"


def speaker(phone: Phone) -> str:
    """Opens hands-free, moves the sound there, or hangs up what is there already."""
    text = _what_waits(phone)
    if text is None and phone.path is Path.HANDSFREE:
        call = phone.focused
        return conversation.end(phone, call) if call else back_on_hook(phone)
    phone.path = Path.HANDSFREE
    return text or _moved(phone, Path.HANDSFREE)


def headset(phone: Phone) -> str:
    """Opens the headset, moves the sound there, or back to where it was before."""
    text = _what_waits(phone)
    if text is None and phone.path is Path.HEADSET:
        return _off_headset(phone)
    if phone.path is not Path.HEADSET:
        phone.path_before = phone.path
    phone.path = Path.HEADSET
    return text or _moved(phone, Path.HEADSET)


def _off_headset(phone: Phone) -> str:
    if phone.focused is None and phone.path_before is Path.NONE and not phone.lifted:
        return back_on_hook(phone)
    phone.path = phone.path_before
    if phone.path in {Path.NONE, Path.HEADSET}:
        phone.path = Path.HANDSET if phone.lifted else Path.HANDSFREE
    if phone.path is Path.HANDSET and not phone.lifted:
        phone.path = Path.HANDSFREE
    return f"back on {phone.path}"


def _what_waits(phone: Phone) -> str | None:
    """Answers the ringing call or dials what is typed; None where neither waits."""
    if phone.ringing and not (phone.at_home and _other_than_ringing(phone)):
        return conversation.answer(phone, phone.ringing)
    if isinstance(phone.view, Entry) and phone.view.purpose is not Purpose.FORWARD:
        return entry.done(phone)
    # A menu, or a rule that nobody said yes to: neither waits for a path.
    phone.views.clear()
    return None


def _moved(phone: Phone, path: Path) -> str:
    return f"the sound is on the {path}" if phone.focused else f"off-hook, {path}"


def _other_than_ringing(phone: Phone) -> Call | None:
    call = phone.focused
    return call if call and call.state is not CallState.RINGING else None


def louder(phone: Phone, by: int) -> str:
    """The ringer, or the open path once there is one in use."""
    heard = phone.page in {Page.OFF_HOOK, Page.CALLING, Page.TALKING, Page.HELD, Page.CONFERENCE} or (
        phone.page is Page.IDLE and _other_than_ringing(phone) is not None
    )
    which = phone.path if heard and phone.path is not Path.NONE else RINGER
    return f"volume of the {which}: {phone.volumes.change(which, by)}"


def mute(phone: Phone, *, on: bool | None = None) -> str:
    """The microphone where a call is up or going out, else the ringer; `on` None changes over."""
    if phone.page is Page.RINGING and phone.ringing:
        ringing = phone.ringing
        if on is None or ringing.silenced is not on:
            return conversation.silence(phone, ringing)
        return "silenced already" if on else "rings already"
    if _other_than_ringing(phone):
        phone.muted = not phone.muted if on is None else on
        return "microphone off" if phone.muted else "microphone on"
    phone.ringer_muted = not phone.ringer_muted if on is None else on
    return "ringer silent" if phone.ringer_muted else "ringer on"
