"""Where the time from `MakeCall` to the INVITE goes, room by room.

    python -m benchmarks.where_time_goes [--rounds 400]

Driver and phone read one clock, so the stages add up to what the caller waited. Noting them costs something
too: `make_call` tells the time without.
"""

import argparse
import gc
import json
import statistics
import time

from . import phones
from .dialling import Dialled, FarEnd, dial
from .make_call import PAUSE, WARM_UP

STAGES = {
    "connected": "connect() in the caller",
    "accepted": "kernel, uvloop: accept",
    "connection set up": "a connection's protocol set up",
    "readable": "kernel, uvloop: until its first bytes are read",
    "parsed": "httptools: the request parsed",
    "request made": "HttpRequest",
    "admitted": "guard and allow list",
    "parameters read": "query decoded",
    "understood": "grammar",
    "pressed": "to the device",
    "phone asked": "to the phone",
    "phone decided": "Phone.handle",
    "leg asked for": "to the leg",
    "leg open": "RTP and RTCP sockets (bound ahead)",
    "invite asked for": "to the user agent",
    "invite built": "UserAgent.invite: message, SDP, transaction",
    "sending": "Endpoint.flush: hop",
    "invited": "sendto, and the kernel until it is here",
}
"""Each by the note at its end."""
AFTER = {
    "sent": "sendto in the phone",
    "told": "call kept, InviteSent told",
    "timer set": "timer set",
    "answered": "back out of the device",
    "reply made": "reply in words",
    "reply written": "reply written",
}


def measure(rounds: int) -> tuple[list[Dialled], list[dict[str, int]]]:
    with FarEnd() as far_end, phones.offhook(far_end.port, "benchmarks.traced_phone") as phone:
        gc.disable()
        dialled = []
        for _ in range(WARM_UP + rounds):
            time.sleep(PAUSE)
            dialled.append(dial(phone.port, phone.request, far_end))
        gc.enable()
        phone.process.terminate()
        _, notes = phone.process.communicate()
    # The first connection only asked whether the port is open. What came last is the note that counts, but
    # for what happens again when the far end refuses.
    lines = notes.splitlines()[-len(dialled) :]
    return dialled[WARM_UP:], [dict(reversed(json.loads(line))) for line in lines[WARM_UP:]]


def report(rounds: int) -> None:
    dialled, notes = measure(rounds)
    for call, noted in zip(dialled, notes, strict=True):
        noted |= {"began": call.began, "connected": call.connected, "invited": call.invited}
    by_time = sorted(notes, key=lambda noted: noted["invited"] - noted["began"])
    middle = by_time[len(by_time) // 4 : -len(by_time) // 4]
    print("From connect() to the INVITE, µs: means over the middle half of the calls")
    total = _print_stages(middle, "began", STAGES)
    print(f"  {'sum':52}{total:8.1f}")
    median = statistics.median(call.took for call in dialled)
    print(f"  {'median of all, from end to end':52}{median:8.1f}")
    print("While it is on its way, and after, µs")
    _print_stages(middle, "sending", AFTER)


def _print_stages(calls: list[dict[str, int]], before: str, stages: dict[str, str]) -> float:
    """Returns the sum."""
    total = 0.0
    for stage, text in stages.items():
        mean = statistics.fmean(noted[stage] - noted[before] for noted in calls) / 1000
        print(f"  {text:52}{mean:8.1f}")
        total += mean
        before = stage
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=400)
    report(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
