"""What lies over the page of a call or of the idle phone: a number being typed, a menu."""

from dataclasses import dataclass
from enum import StrEnum

from .phone_book import Contact
from .settings import Forwarding


class Purpose(StrEnum):
    """What a number is typed for."""

    CALL = "call"
    TRANSFER = "transfer"
    CONFERENCE = "conference"
    DEFLECT = "deflect"
    FORWARD = "forward"


@dataclass(slots=True)
class Entry:
    """`call` is the one that waits for the number, `forwarding` the rule that it is for."""

    purpose: Purpose
    text: str = ""
    cursor: int = 0
    call: str | None = None
    forwarding: Forwarding | None = None

    def insert(self, character: str) -> None:
        self.text = self.text[: self.cursor] + character + self.text[self.cursor :]
        self.cursor += 1

    def delete(self) -> None:
        if self.cursor:
            self.text = self.text[: self.cursor - 1] + self.text[self.cursor :]
            self.cursor -= 1

    def move(self, by: int) -> None:
        self.cursor = min(len(self.text), max(0, self.cursor + by))


class List(StrEnum):
    """The menus and lists."""

    MENU = "Menu"
    DIALLED = "Dialled calls"
    MISSED = "Missed calls"
    RECEIVED = "Received calls"
    FORWARDED = "Forwarded calls"
    PHONE_BOOK = "Phone book"
    CONTACT = "Contact"
    FORWARDING = "Forwarding"
    ACCOUNTS = "Accounts"
    REFER = "Transfer asked for"


@dataclass(slots=True)
class Menu:
    """`call` and `contact` are what it is about, where it is about one."""

    shown: List
    selected: int = 0
    call: str | None = None
    contact: Contact | None = None

    @property
    def title(self) -> str:
        return self.contact.name if self.contact else self.shown.value


View = Entry | Menu
