"""Icons as SVG paths, stroked with round ends: small ones on a field of 20 by 20, large ones of 48 by 48."""

from offhook.phone.screen import Icon, Page

SMALL = 20
LARGE = 48

ICONS = {
    Icon.REGISTERED: "M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15z M6.5 10.2l2.4 2.4l4.6-4.8",
    Icon.UNREGISTERED: "M10 3L18 17H2z M10 8.2v4 M10 14.6v.1",
    Icon.DND: "M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15z M6.2 10h7.6",
    Icon.FORWARD: "M3 15.5v-3a4.5 4.5 0 0 1 4.5-4.5H17 M13 3.8L17.2 8L13 12.2",
    Icon.MUTED: "M7.5 6v-.5a2.5 2.5 0 0 1 5 0V9.5 M7.5 9v.5a2.5 2.5 0 0 0 3.8 2.1"
    " M4.5 9.5a5.5 5.5 0 0 0 8.6 4.5 M15.5 9.5a5.5 5.5 0 0 1-.5 2 M10 15v2.7 M3 3L17 17",
    Icon.RINGER_MUTED: "M6.7 6A4.6 4.6 0 0 1 14.6 8.2v2.3 M5.4 8.2v3.3L3.8 14.2H13"
    " M8.4 16.6a1.8 1.8 0 0 0 3.2 0 M3 3L17 17",
    Icon.MISSED: "M17 5.5L10 12.5L3.8 6.3 M3.5 11V6H8.5 M3.5 16.5H16.5",
    Icon.MESSAGE: "M2.5 5H17.5V15.5H2.5z M2.8 5.6L10 11.2L17.2 5.6",
    Icon.ENCRYPTED: "M4.5 9H15.5V17H4.5z M7 9V6.2a3 3 0 0 1 6 0V9 M10 12.2v1.8",
}

# The handset lies on its back, as it does in a hand that is about to take it.
HANDSET = (
    "M15.2 9.4l4.6 4.6a2.6 2.6 0 0 1 0 3.7l-2.3 2.3c1.5 4.3 6.2 9 10.5 10.5l2.3-2.3"
    "a2.6 2.6 0 0 1 3.7 0l4.6 4.6"
    "a2.6 2.6 0 0 1 0 3.7l-2.6 2.6C26.5 43.6 4.4 21.5 8.9 12l2.6-2.6a2.6 2.6 0 0 1 3.7 0z"
)
STATES = {
    Page.OFF_HOOK: HANDSET,
    Page.RINGING: f"{HANDSET} M40 8L28.5 19.5 M28 11V20H37",
    Page.CALLING: f"{HANDSET} M28 20L39.5 8.5 M31 8H40V17",
    Page.TALKING: f"{HANDSET} M27 14.5a7.5 7.5 0 0 1 6.5 6.5 M28 7a15 15 0 0 1 13 13",
    Page.HELD: "M18 13V35 M30 13V35",
    Page.CONFERENCE: "M24 12a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z M13.5 38v-2.5a10.5 10 0 0 1 21 0V38"
    " M10.5 16a4 4 0 1 0 2 7.6 M4.5 34v-1a7.5 7.5 0 0 1 6-5.5"
    " M37.5 16a4 4 0 1 1-2 7.6 M43.5 34v-1a7.5 7.5 0 0 0-6-5.5",
}
