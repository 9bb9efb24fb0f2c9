"""Phones that a test kills: `python killable.py` forks one for each folder that it is told on standard input.

A phone takes requests on a port of its own, and without a pause changes two settings together by
`Station.change`. It prints its process, its port and what it found saved of the two; then `asked N` before
and `saved N` after each change, and at its end the next can be asked for.
"""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options

PAIR = ("accounts.2.user", "accounts.2.display_name")


def say(*words: object) -> None:
    # In one write, so that no line is ever half.
    os.write(sys.stdout.fileno(), f"{' '.join(map(str, words))}\n".encode())


async def live(folder: Path) -> None:
    flash = Flash(folder / FILE_NAME)
    assert flash.set_aside is None, flash.set_aside
    host = Host(flash)
    options = run_options({"http_port": "0", "https_port": "0", "sip_port": "0"}, {})
    [listening] = await host.start([options.device("0c1105000001")])
    station = host.stations[0]
    found = [str(station.memory.layers.user.get(name, "0")) for name in PAIR]
    say("ready", os.getpid(), listening.web[0], *found)
    for number in count(int(found[0]) + 1):
        say("asked", number)
        await station.change(dict.fromkeys(PAIR, str(number)))
        say("saved", number)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live(Path(line.rstrip("\n"))))
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
