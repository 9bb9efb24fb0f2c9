"""What a finger could do, asked for by a program."""

from offhook.phone.events import Event
from offhook.phone.reply import Reply
from offhook.station import Station


async def press(station: Station, event: Event) -> Reply:
    reply = station.press(event)
    return reply if isinstance(reply, Reply) else await reply
