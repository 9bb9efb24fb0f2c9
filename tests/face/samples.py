"""A screen for each page, easy ones and hard ones."""

from offhook.phone.screen import Icon, Page, Screen

ALL_ICONS = tuple(icon for icon in Icon if icon is not Icon.UNREGISTERED)
LONG = "Maximiliane Freifrau von und zu Guttenberg-Hohenzollern, Vorzimmer"

IDLE_KEYS = ("Redial", "Forward", "DND", "Menu")

SCREENS = {
    "idle": Screen(Page.IDLE, "Jürgen Müller", ("1001: registered",), IDLE_KEYS, (Icon.REGISTERED,)),
    "idle-busy": Screen(
        Page.IDLE,
        "Empfang",
        (
            "Bob: talking 12:07",
            "1001: registered",
            "1002: registered",
            "1003: failed (403 Forbidden)",
            "1004",
        ),
        IDLE_KEYS,
        ALL_ICONS,
        notice="missed Łukasz Żółć",
    ),
    "idle-none": Screen(Page.IDLE, "offhook", ("no account",), IDLE_KEYS, (Icon.UNREGISTERED,)),
    "offhook": Screen(
        Page.OFF_HOOK, "Dial", ("handset: dial a number",), ("Redial", "Cancel"), (Icon.REGISTERED,)
    ),
    "entry": Screen(
        Page.ENTRY, "Dial", ("030 1234567",), ("Call", "Delete", "Cancel"), (Icon.REGISTERED,), cursor=11
    ),
    "entry-long": Screen(
        Page.ENTRY,
        "Dial",
        ("sip:maximiliane.von.und.zu.guttenberg@telefon.example.org",),
        ("Call", "Delete", "Cancel"),
        cursor=44,
    ),
    "transfer": Screen(
        Page.TRANSFER,
        f"Transfer {LONG} to",
        ("1003",),
        ("Transfer", "Call", "Delete", "Cancel"),
        (Icon.REGISTERED, Icon.MUTED),
        cursor=2,
    ),
    "ringing": Screen(
        Page.RINGING,
        "Incoming call",
        ("Σωκράτης Παπαδόπουλος", "+30 210 1234567"),
        ("Answer", "Reject", "Forward", "Silence"),
        (Icon.REGISTERED, Icon.FORWARD),
    ),
    "calling": Screen(
        Page.CALLING, "Ringing", ("1002", "sip:1002@pbx.example"), ("Cancel",), (Icon.REGISTERED,)
    ),
    "talking": Screen(
        Page.TALKING,
        "Talking",
        ("Алиса Иванова", "sip:alice@example.org", "02:14"),
        ("Hold", "Transfer", "Conference", "End"),
        (Icon.REGISTERED, Icon.ENCRYPTED, Icon.MUTED),
    ),
    "talking-full": Screen(
        Page.TALKING,
        "Talking",
        (
            LONG,
            "sip:maximiliane.von.und.zu.guttenberg@telefon.example.org",
            "transferred by 1002",
            "1:02:14",
            "held by the far end",
            "123#",
            "Bob: held 00:31",
            "Carol: held 10:59",
        ),
        ("Hold", "Transfer", "Conference", "End"),
        ALL_ICONS,
        notice="1002 could not be reached (503 Service Unavailable, try again in some minutes)",
    ),
    "held": Screen(
        Page.HELD,
        "On hold",
        ("Bob", "sip:bob@example.org", "12:07"),
        ("Resume", "Transfer", "Conference", "End"),
        (Icon.REGISTERED,),
        notice="Bob was not transferred to 1003: 486 Busy Here",
    ),
    "conference": Screen(
        Page.CONFERENCE,
        "Conference",
        ("12:07 Bob", "02:14 Алиса Иванова", f"00:31 {LONG}", "Carol: held 00:02"),
        ("Hold", "Conference", "End"),
        (Icon.REGISTERED,),
    ),
    "menu": Screen(
        Page.MENU,
        "Menu",
        ("Dialled calls", "Missed calls (2)", "Forwarding", "Do not disturb: off", "Accounts"),
        ("Select", "Back"),
        (Icon.REGISTERED, Icon.MISSED),
        selected=1,
    ),
    "list": Screen(
        Page.MENU,
        "Dialled calls",
        (*(f"0301234{number}" for number in range(12)), LONG),
        ("Select", "Back"),
        (Icon.REGISTERED,),
        selected=8,
        notice="do not disturb is on",
    ),
    "scripts": Screen(
        Page.RINGING,
        "Incoming call",
        ("山田 太郎 ☎", "שלום עולם 1002", "مرحبا", "👩\u200d💻 Ada", "Jose\u0301 Nguyễn Đặng"),
        ("Answer", "Reject"),
        (Icon.REGISTERED,),
    ),
}
