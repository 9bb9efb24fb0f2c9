"""Three layers of settings: built in, the factory's, the user's. The last one that has a value wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from .phone_settings import BadSettings, PhoneSettings, Plain, plain_values, settings_of, values_of


@dataclass(frozen=True)
class Layers:
    """`factory` came with the start, `user` is what was changed since and is kept."""

    factory: Mapping[str, Plain] = field(repr=False)
    user: Mapping[str, Plain] = field(default_factory=dict, repr=False)
    settings: PhoneSettings = field(init=False)

    def __post_init__(self) -> None:
        """Raises BadSettings."""
        object.__setattr__(self, "settings", settings_of({**self.factory, **self.user}))

    def understood(self, changes: Mapping[str, object]) -> dict[str, Plain]:
        """What was typed, as its reader took it: a password as its hash. Raises BadSettings."""
        settings = settings_of({**self.factory, **self.user, **changes})
        if wrong := _twice(settings, changes):
            raise BadSettings(wrong)
        return plain_values(settings, changes)

    def changed(self, changes: Mapping[str, object]) -> Self:
        """With these values in the user's layer, all or, with BadSettings raised, none of them."""
        return type(self)(self.factory, {**self.user, **self.understood(changes)})

    def unset(self, names: frozenset[str]) -> Self:
        """As if these had never been changed."""
        return type(self)(self.factory, {name: self.user[name] for name in self.user if name not in names})

    @property
    def overridden(self) -> list[str]:
        """What the start asked for, and a saved setting has otherwise."""
        asked, now = values_of(settings_of(self.factory)), values_of(self.settings)
        return [name for name in self.factory if asked.get(name) != now.get(name)]


def recalled(factory: Mapping[str, Plain], user: Mapping[str, Plain]) -> tuple[Layers, dict[str, str]]:
    """The layers as they were kept, and what of the user's had to be left out, with why: a version before
    this one may have known a setting that this one does not."""
    left_out: dict[str, str] = {}
    while True:
        kept = {name: value for name, value in user.items() if name not in left_out}
        try:
            return Layers(factory, kept), left_out
        except BadSettings as bad:
            new = {name: why for name, why in bad.wrong.items() if name in kept}
            # A rule between settings names none of them.
            left_out |= new or dict.fromkeys(kept, str(bad))


def _twice(settings: PhoneSettings, changes: Iterable[str]) -> dict[str, str]:
    """Those of the changes that would make one account of a server the phone's twice, which rings twice and
    is registered by turns. What is saved already stays: it is for its owner to mend, and for no start to
    refuse."""
    wrong: dict[str, str] = {}
    first: dict[tuple[str, str], int] = {}
    for number, account in sorted(settings.accounts.items()):
        if not (account.enabled and account.user and account.host):
            continue
        earlier = first.setdefault((account.user, account.host.lower()), number)
        if earlier != number:
            why = f"accounts {earlier} and {number} have the same user and server; change or leave out one"
            wrong |= dict.fromkeys(_whose(number, changes) or _whose(earlier, changes), why)
    return wrong


def _whose(number: int, changes: Iterable[str]) -> list[str]:
    """Changes of what tells this account from others."""
    telling = {f"accounts.{number}.{part}" for part in ("user", "host", "enabled")}
    return [name for name in changes if name in telling]
