"""Drawing the screen from the phone's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .account import Account
from .call import Call
from .events import Registration
from .keys import SOFT_KEYS
from .screen import Page, Screen

if TYPE_CHECKING:
    from .phone import Phone


def screen(phone: Phone, now: float) -> Screen:
    page = phone.page
    title, lines = PAINTERS[page](phone, now)
    if phone.notice is not None:
        lines = (phone.notice, *lines)
    return Screen(page, title, lines, tuple(label for label, _ in SOFT_KEYS[page]))


Painted = tuple[str, tuple[str, ...]]


def _idle(phone: Phone, _now: float) -> Painted:
    accounts = list(phone.accounts.values())
    title = accounts[0].name or accounts[0].username if accounts else "offhook"
    return title, tuple(_account_line(account) for account in accounts) or ("no account",)


def _account_line(account: Account) -> str:
    if account.state is Registration.DIRECT:
        return account.username
    return f"{account.username}: {account.whereabouts()}"


def _entry(phone: Phone, _now: float) -> Painted:
    return "Dial", (phone.entry or "",)


def _off_hook(phone: Phone, _now: float) -> Painted:
    return "Dial", (f"{phone.path}: dial a number",)


def _on_call(title: Callable[[Call], str]) -> Callable[[Phone, float], Painted]:
    def paint(phone: Phone, now: float) -> Painted:
        call = phone.focused
        if call is None:
            return "", ()
        lines = [call.who]
        if call.remote_name:
            lines.append(call.remote)
        if call.answered is not None:
            minutes, seconds = divmod(int(call.duration(now)), 60)
            lines.append(f"{minutes:02}:{seconds:02}")
        if call.digits_sent:
            lines.append(call.digits_sent)
        return title(call), tuple(lines)

    return paint


PAINTERS: dict[Page, Callable[[Phone, float], Painted]] = {
    Page.IDLE: _idle,
    Page.ENTRY: _entry,
    Page.OFF_HOOK: _off_hook,
    Page.RINGING: _on_call(lambda _: "Incoming call"),
    Page.CALLING: _on_call(lambda call: "Ringing" if call.rings_there else "Calling"),
    Page.TALKING: _on_call(lambda _: "Talking"),
}
