"""The handset, its cradle, and hands-free.

`Speaker` and `Hook` are one movement each, whatever the page: they open, move or close the path of the sound,
and what the page waits for (a number to be dialled, a call to be answered) happens on that path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import conversation, entry
from .audio_path import Path
from .call import CallState

if TYPE_CHECKING:
    from .phone import Phone


def back_on_hook(phone: Phone) -> str:
    phone.hang_up()
    return "on-hook"


def lift(phone: Phone) -> str:
    """A lifted handset that has the sound stays as it is, except that a ringing call is answered."""
    call = phone.focused
    if call and call.state is CallState.RINGING:
        text = conversation.answer(phone, call)
    elif phone.lifted and phone.path is Path.HANDSET:
        return "the handset is lifted already"
    elif call is None and phone.entry is not None:
        text = entry.dial(phone)
    else:
        text = "off-hook, on the handset"
    phone.lifted = True
    phone.path = Path.HANDSET
    return text


def put_down(phone: Phone) -> str:
    """Ends what the handset was used for; what goes on hands-free goes on, and a ringing call rings on."""
    if not phone.lifted:
        return "the handset is in its cradle already"
    call = phone.focused
    if phone.path is Path.HANDSFREE:
        phone.lifted = False
        return "the handset is in its cradle, hands-free goes on"
    if call and call.state is not CallState.RINGING:
        return conversation.end(phone, call)
    phone.hang_up()
    return "on-hook"


def speaker(phone: Phone) -> str:
    """Opens hands-free, moves the sound there, or hangs up what is there already."""
    call = phone.focused
    if call and call.state is CallState.RINGING:
        text = conversation.answer(phone, call)
    elif call is None and phone.entry is not None:
        text = entry.dial(phone)
    elif phone.path is not Path.HANDSFREE:
        text = "off-hook, hands-free"
    elif call:
        return conversation.end(phone, call)
    else:
        return back_on_hook(phone)
    phone.path = Path.HANDSFREE
    return text
