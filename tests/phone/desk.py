"""A phone on a test bench: accounts, ways to each page, and what a key or an event made it do."""

from itertools import count

from offhook.phone import Account, Phone, Reply
from offhook.phone.effects import Effect
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    Event,
    Function,
    Key,
    KeyDown,
    KeyUp,
    MakeCall,
    Perform,
    Registration,
)

CALLER = CallArrived("in-1", 1, "sip:1002@pbx.example", "Bob")


def account(number: int, user: str, state: Registration = Registration.REGISTERED) -> Account:
    return Account(number, user, "pbx.example", f"Desk {user}", state)


class Desk:
    """Keeps what the phone said and asked for since the last `press` or `happen`."""

    def __init__(self, *accounts: Account) -> None:
        self.phone = Phone(accounts or (account(1, "1001"),), (f"out-{number}" for number in count(1)))
        self.now = 1_700_000_000.0
        self.reply: Reply | None = None
        self.effects: tuple[Effect, ...] = ()

    def happen(self, *events: Event) -> "Desk":
        for event in events:
            self.now += 1.0
            result = self.phone.handle(event, self.now)
            self.reply, self.effects = result.reply, result.effects
        return self

    def press(self, *keys: str) -> "Desk":
        """Keys by name; `^Hook` puts the handset down, `=CallEnd` performs a function."""
        for name in keys:
            match name[0]:
                case "^":
                    self.happen(KeyUp(Key(name[1:])))
                case "=":
                    self.happen(Perform(Function(name[1:])))
                case _:
                    self.happen(KeyDown(Key(name)))
        return self

    def call(self, number: str, line: str | None = None, line_id: int | None = None) -> "Desk":
        return self.happen(MakeCall(number, line, line_id))


def reach(situation: str) -> Desk:
    """A desk in the named situation: a page, and where it matters the path of the sound."""
    desk = Desk()
    match situation:
        case "idle":
            pass
        case "entry":
            desk.press("1", "2")
        case "entry lifted":
            desk.press("Hook", "1", "2")
        case "offhook lifted":
            desk.press("Hook")
        case "offhook handsfree":
            desk.press("Speaker")
        case "offhook lifted handsfree":
            desk.press("Hook", "Speaker")
        case "ringing":
            desk.happen(CALLER)
        case "ringing lifted":
            desk.press("Hook").happen(CALLER)
        case "calling handsfree":
            desk.call("1002")
        case "calling lifted":
            desk.press("Hook", "1", "2", "OK")
        case "talking handsfree":
            desk.call("1002").happen(CallAnswered("out-1"))
        case "talking lifted":
            desk.press("Hook", "1", "2", "OK").happen(CallAnswered("out-1"))
        case _:
            raise ValueError(situation)
    return desk
