"""How the accounts of a phone stand, for a person."""

from typing import TYPE_CHECKING, Final, NamedTuple

from offhook.phone.events import Registration as State

if TYPE_CHECKING:
    from offhook.station import Station

WORDS: Final = {
    State.REGISTERING: "Registering",
    State.REGISTERED: "Registered",
    State.FAILED: "Registration failed",
    State.DIRECT: "Ready, without registration",
    State.DISABLED: "Out of service",
}
INACTIVE: Final = "Not active"
INCOMPLETE: Final = "Not complete: it needs a user name and a server"


class Registration(NamedTuple):
    """`ready` is whether calls can be made with it."""

    text: str
    reason: str
    ready: bool


def registrations(station: "Station") -> dict[int, Registration]:
    """Of all accounts that there are settings for, by number. Raises Booting."""
    running = {account["id"]: account for account in station.state()["accounts"]}
    told: dict[int, Registration] = {}
    for number, given in station.layers.settings.accounts.items():
        account = running.get(number)
        if account is None:
            told[number] = Registration(INACTIVE if not given.enabled else INCOMPLETE, "", ready=False)
        else:
            state = State(account["state"])
            ready = state in {State.REGISTERED, State.DIRECT}
            told[number] = Registration(WORDS[state], account["reason"] or "", ready)
    return told
