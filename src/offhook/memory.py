"""What one phone keeps through a power cut: its settings, its calls, its phone book."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Self

from offhook.flash import call_rows, contact_rows, setting_rows
from offhook.flash.flash import Change, Flash
from offhook.phone.call_log import CallLog, CallRecord
from offhook.phone.phone_book import PhoneBook
from offhook.settings.layers import recalled
from offhook.settings.phone_settings import PhoneSettings, Plain, values_of


class Memory:
    """`phone` names it among those that share the flash; `factory` is what the start asked for.

    `left_out` are saved settings that mean nothing any more, with why.
    """

    def __init__(self, flash: Flash, phone: str, factory: Mapping[str, Plain]) -> None:
        self._flash = flash
        self._phone = phone
        self._factory = factory
        user, self._log, contacts = flash.read(
            lambda connection: (
                setting_rows.recall(connection, phone),
                call_rows.recall(connection, phone),
                contact_rows.recall(connection, phone),
            )
        )
        self.book = PhoneBook(contacts)
        self.layers, self.left_out = recalled(factory, user)
        self.saves_failed = 0
        self.not_saved: str | None = None
        """Why the latest that was to be saved was not."""
        self._noted: dict[str, object] = {}
        """Settings that the phone changed itself, and when: what waited for the disk is not to undo it."""
        self._owed: dict[str, object] = {}
        """Such settings whose value of now is not known to be on the disk, and who saves them."""

    @property
    def settings(self) -> PhoneSettings:
        return self.layers.settings

    def notes(self) -> list[str]:
        """What a person may not expect, one line each."""
        return [
            *(f"the saved setting {name} means nothing here: {why}" for name, why in self.left_out.items()),
            *(
                f"a saved setting goes before what the start asks for: {name}; "
                f"offhook settings unset {name} lets the start have its way"
                for name in self.layers.overridden
            ),
        ]

    def log(self) -> CallLog:
        """The calls as they were when this was made."""
        return CallLog(self._log)

    def anew(self) -> Self:
        """As the next start finds it."""
        return type(self)(self._flash, self._phone, self._factory)

    async def change(self, changes: Mapping[str, object]) -> None:
        """Change settings by name, as typed or as JSON has them.

        Raises BadSettings, with nothing changed, and NotSaved, likewise.
        """
        understood = self.layers.understood(changes)
        noted = dict(self._noted)
        await self._save(setting_rows.put(self._phone, understood, frozenset()))
        # Anew, for others may have changed while the disk was waited for.
        kept = understood.keys() - self._noted_since(noted)
        self.layers = self.layers.changed({name: understood[name] for name in kept})

    async def unset(self, names: Iterable[str]) -> None:
        """Back to the factory's. Raises BadSettings or NotSaved, with nothing changed."""
        gone = frozenset(names)
        # A rule may need two settings together: what would not be understood at the next start is not saved.
        self.layers.unset(gone)
        noted = dict(self._noted)
        await self._save(setting_rows.put(self._phone, {}, gone))
        self.layers = self.layers.unset(gone - self._noted_since(noted))

    def note(self, values: Mapping[str, Plain]) -> dict[str, Plain]:
        """Take what the phone has changed itself; what is to be saved of it, for it is new or what was to be
        saved before is not on the disk yet."""
        before = values_of(self.settings)
        new = {name: value for name, value in values.items() if before[name] != value}
        self.layers = self.layers.changed(new)
        self._noted |= dict.fromkeys(new, object())
        return {name: value for name, value in values.items() if name in new or name in self._owed}

    def save(self, values: Mapping[str, Plain]) -> asyncio.Future[None]:
        turn = object()
        self._owed |= dict.fromkeys(values, turn)
        saved = self._save(setting_rows.put(self._phone, values, frozenset()))
        saved.add_done_callback(partial(self._settle_up, turn))
        return saved

    def _save(self, change: Change) -> asyncio.Future[None]:
        saved = self._flash.save(change)
        saved.add_done_callback(self._note_outcome)
        return saved

    def _note_outcome(self, saved: asyncio.Future[None]) -> None:
        if not saved.cancelled():
            failure = saved.exception()
            self.not_saved = None if failure is None else str(failure)
            self.saves_failed += failure is not None

    def _noted_since(self, before: Mapping[str, object]) -> frozenset[str]:
        return frozenset(name for name, when in self._noted.items() if before.get(name) is not when)

    def _settle_up(self, turn: object, saved: asyncio.Future[None]) -> None:
        if not saved.cancelled() and saved.exception() is None:
            self._owed = {name: whose for name, whose in self._owed.items() if whose is not turn}

    def log_call(self, record: CallRecord) -> asyncio.Future[None]:
        return self._save(call_rows.put(self._phone, record))

    def see_missed(self) -> asyncio.Future[None]:
        return self._save(call_rows.see(self._phone))

    def forget_calls(self) -> asyncio.Future[None]:
        return self._flash.save(call_rows.forget_all(self._phone))

    async def change_book(self, book: PhoneBook) -> None:
        """Raises NotSaved, with the book as it was."""
        await self._save(contact_rows.put_all(self._phone, book))
        self.book = book

    async def settle(self) -> None:
        """Until all that was to be saved is. Raises NotSaved."""
        await self._save(lambda _connection: None)

    async def reset(self) -> None:
        """Everything but the factory's goes. Raises NotSaved."""
        forgets = [rows.forget_all(self._phone) for rows in (setting_rows, call_rows, contact_rows)]
        await self._save(lambda connection: [forget(connection) for forget in forgets])
