"""A phone on a test bench: accounts, ways to each page, and what a key or an event made it do."""

from itertools import count

from offhook.phone import Account, Phone, Reply, Settings
from offhook.phone.effects import Effect, Keep, LogCall, SeeMissed, SetSound, SetTimer
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
    PhoneBookChanged,
    Registration,
)
from offhook.phone.phone_book import PhoneBook, contact

NOT_ON_THE_WIRE = (SetTimer, SetSound, Keep, LogCall, SeeMissed)

CALLER = CallArrived("in-1", 1, "sip:1002@pbx.example", "Bob")
SECOND = CallArrived("in-2", 1, "sip:1003@pbx.example", "Carol")
BOOK = PhoneBook(
    [
        contact("Ada", [("1002", "")]),
        contact("Bea", [("1003", "")]),
        contact("Cleo", [("1004", "work"), ("1005", "mobile")]),
    ]
)


def account(number: int, user: str, state: Registration = Registration.REGISTERED) -> Account:
    return Account(number, user, "pbx.example", f"Desk {user}", state)


class Desk:
    """Keeps what the phone said and asked for since the last `press` or `happen`.

    `asked` is all it asked for, `effects` what of that goes on the wire, `timers` its timers, and
    `sound` holds what was last asked of the sound.
    """

    def __init__(self, *accounts: Account, settings: Settings | None = None) -> None:
        ids = (f"out-{number}" for number in count(1))
        self.phone = Phone(accounts or (account(1, "1001"),), ids, settings)
        self.now = 1_700_000_000.0
        self.reply: Reply | None = None
        self.asked: tuple[Effect, ...] = ()
        self.effects: tuple[Effect, ...] = ()
        self.sound: SetSound | None = None
        self.timers: tuple[SetTimer, ...] = ()

    def happen(self, *events: Event) -> "Desk":
        for event in events:
            self.now += 1.0
            result = self.phone.handle(event, self.now)
            self.reply, self.asked = result.reply, result.effects
            self.timers = tuple(each for each in result.effects if isinstance(each, SetTimer))
            self.effects = tuple(each for each in result.effects if not isinstance(each, NOT_ON_THE_WIRE))
            for effect in result.effects:
                if isinstance(effect, SetSound):
                    self.sound = effect
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

    @property
    def entry(self) -> str | None:
        return getattr(self.phone.view, "text", None)


# A situation is what led to it: keys by name, and events.
SITUATIONS: dict[str, tuple[str | Event, ...]] = {
    "idle": (),
    "entry": ("1", "2"),
    "entry, handset lifted": ("Hook", "1", "2"),
    "offhook, handset": ("Hook",),
    "offhook, hands-free": ("Speaker",),
    "offhook, headset": ("Headset",),
    "offhook, hands-free, handset lifted": ("Hook", "Speaker"),
    "ringing": (CALLER,),
    "ringing, handset lifted": ("Hook", CALLER),
    "calling, hands-free": (MakeCall("1002"),),
    "calling, handset": ("Hook", "1", "2", "OK"),
    "talking, hands-free": (MakeCall("1002"), CallAnswered("out-1")),
    "talking, handset": ("Hook", "1", "2", "OK", CallAnswered("out-1")),
    "talking, headset": ("Headset", "1", "2", "OK", CallAnswered("out-1")),
    "held, hands-free": (MakeCall("1002"), CallAnswered("out-1"), "=Hold"),
    "held, handset": ("Hook", "1", "2", "OK", CallAnswered("out-1"), "=Hold"),
    "waiting": (MakeCall("1002"), CallAnswered("out-1"), SECOND),
    "home over a call": (MakeCall("1002"), CallAnswered("out-1"), "Home"),
    "home over ringing": (CALLER, "Home"),
    "menu": ("OK",),
    "dialled list": (MakeCall("1002"), "Cancel", MakeCall("1003"), "Cancel", "Redial"),
    "forwarding": ("Forward",),
    "phone book": (PhoneBookChanged(BOOK), "OK", "5"),
    "contact": (PhoneBookChanged(BOOK), "OK", "5", "3"),
    "transfer entry": (MakeCall("1002"), CallAnswered("out-1"), "=Transfer", "3"),
    "conference entry": (MakeCall("1002"), CallAnswered("out-1"), "=Conference", "3"),
    "deflection entry": (CALLER, "Forward", "3"),
    "consulting": (MakeCall("1002"), CallAnswered("out-1"), "=Transfer", "3", "OK"),
    "consulted": (MakeCall("1002"), CallAnswered("out-1"), "=Transfer", "3", "OK", CallAnswered("out-2")),
    "conferring": (MakeCall("1002"), CallAnswered("out-1"), "=Conference", "3", "OK", CallAnswered("out-2")),
    "conference": (
        MakeCall("1002"), CallAnswered("out-1"), "=Conference", "3", "OK", CallAnswered("out-2"),
        "=Conference",
    ),
}  # fmt: skip


def reach(situation: str) -> Desk:
    desk = Desk()
    for step in SITUATIONS[situation]:
        desk = desk.press(step) if isinstance(step, str) else desk.happen(step)
    return desk
