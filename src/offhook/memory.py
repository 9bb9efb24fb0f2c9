"""What one phone keeps through a power cut: its settings, its calls."""

from collections.abc import Awaitable, Iterable, Mapping

from offhook.flash import call_rows, setting_rows
from offhook.flash.flash import Flash
from offhook.phone.call_log import CallLog, CallRecord
from offhook.settings.layers import recalled
from offhook.settings.phone_settings import PhoneSettings, Plain


class Memory:
    """`phone` names it among those that share the flash; `factory` is what the start asked for.

    `left_out` are saved settings that mean nothing any more, with why.
    """

    def __init__(self, flash: Flash, phone: str, factory: Mapping[str, Plain]) -> None:
        self._flash = flash
        self._phone = phone
        user = flash.read(lambda connection: setting_rows.recall(connection, phone))
        self.layers, self.left_out = recalled(factory, user)
        self._log = flash.read(lambda connection: call_rows.recall(connection, phone))

    @property
    def settings(self) -> PhoneSettings:
        return self.layers.settings

    def log(self) -> CallLog:
        """The calls as they were when this was made."""
        return CallLog(self._log)

    async def change(self, changes: Mapping[str, object]) -> None:
        """Change settings by name, as typed or as JSON has them.

        Raises BadSettings, with nothing changed, and NotSaved, likewise.
        """
        understood = self.layers.understood(changes)
        await self._flash.save(setting_rows.put(self._phone, understood, frozenset()))
        # Anew, for others may have changed while the disk was waited for.
        self.layers = self.layers.changed(understood)

    async def unset(self, names: Iterable[str]) -> None:
        """Back to the factory's. Raises NotSaved."""
        gone = frozenset(names)
        await self._flash.save(setting_rows.put(self._phone, {}, gone))
        self.layers = self.layers.unset(gone)

    def note(self, values: Mapping[str, Plain]) -> Awaitable[None] | None:
        """What the phone has changed itself; to be waited for where it is to be saved. May raise NotSaved."""
        now = {name: value for name, value in values.items() if self.layers.value(name) != value}
        if not now:
            return None
        self.layers = self.layers.changed(now)
        return self._flash.save(setting_rows.put(self._phone, now, frozenset()))

    def log_call(self, record: CallRecord) -> Awaitable[None]:
        return self._flash.save(call_rows.put(self._phone, record))

    def see_missed(self) -> Awaitable[None]:
        return self._flash.save(call_rows.see(self._phone))

    async def reset(self) -> None:
        """Everything but the factory's goes. Raises NotSaved."""
        forgets = (setting_rows.forget_all(self._phone), call_rows.forget_all(self._phone))
        await self._flash.save(lambda connection: [forget(connection) for forget in forgets])
