"""`offhook` as a person runs it: a process, driven by URLs, watched through `/api/v1/state`."""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .ports import HOST
from .program import Program
from .waiting import PATIENCE, until

State = dict[str, Any]

# The phone under test has the options that the test gives it, and no others; no proxy stands before it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Phone:
    """`web` is its URL without a path; `sip` the port at which it takes calls."""

    def __init__(self, web: str, sip: int) -> None:
        self.web = web
        self.sip = sip

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        try:
            with OPENER.open(f"{self.web}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def do(self, query: str) -> str:
        """Have it do what `/fcgi/do?query` means; the line it answers with. Fails unless that is a 200."""
        status, text = self.get(f"/fcgi/do?{query}")
        assert status == 200, (query, status, text)
        return text

    def state(self) -> State:
        status, text = self.get("/api/v1/state")
        assert status == 200, text
        return dict(json.loads(text))

    def until(self, holds: Callable[[State], object], what: str, seconds: float = PATIENCE) -> State:
        """Its state, once `holds`."""
        last: State = {}

        def look() -> State | None:
            nonlocal last
            last = self.state()
            return last if holds(last) else None

        try:
            return until(look, what, seconds)
        except AssertionError:
            raise AssertionError(f"waited {seconds:g} s for {what}; last seen: {last}") from None

    def until_page(self, page: str) -> State:
        return self.until(lambda state: state["screen"]["page"] == page, f"the page {page}")

    def until_idle(self, notice: str = "") -> State:
        """Its state, once no call is left and `notice` is on its screen."""
        return self.until(
            lambda state: not state["calls"] and any(notice in line for line in ["", *lines(state)]),
            f"an idle phone that shows {notice!r}",
        )

    def until_account(self, wanted: str) -> State:
        """Its first account, once that has come to the state `wanted`."""
        return account(
            self.until(lambda state: account(state)["state"] == wanted, f"an account that is {wanted}")
        )


def lines(state: State) -> list[str]:
    return list(state["screen"]["lines"])


def account(state: State) -> State:
    return dict(state["accounts"][0])


def call(state: State) -> State:
    """The one call there is."""
    (only,) = state["calls"]
    return dict(only)


class OffhookProgram(Program):
    def __init__(self, directory: Path, *arguments: str, within: Sequence[str] = ()) -> None:
        command = [*within, sys.executable, "-m", "offhook", *arguments, "--data", str(directory / "data")]
        super().__init__(command, directory, ENVIRONMENT)


class OffhookRun(OffhookProgram):
    """`offhook run` on loopback, at ports that the system picks, but for a `sip_port` of one's own."""

    phone: Phone

    def __init__(self, directory: Path, *options: str, sip_port: int = 0, within: Sequence[str] = ()) -> None:
        ports = ["--http-port", "0", "--https-port", "0", "--sip-port", str(sip_port)]
        super().__init__(directory, "run", *ports, *options, within=within)

    def until_ready(self) -> None:
        printed = self.until_printed("/api/v1/state\n")
        web, sip = (
            re.search(pattern, printed) for pattern in (r"(http://\S+)/api", r"(?m)^SIP: \S+:(\d+)(?:\s|$)")
        )
        assert web, printed
        assert sip, printed
        self.phone = Phone(web[1], int(sip[1]))


class OffhookFarm(OffhookProgram):
    """`offhook farm`; `curl` are the two command lines that it proposes."""

    phones: dict[str, Phone]
    curl: list[str]

    def __init__(self, directory: Path, count: int) -> None:
        super().__init__(directory, "farm", str(count), "--http-port", "0", "--sip-port", "0")

    def until_ready(self) -> None:
        printed = self.until_printed("keydown=OK'\n")
        self.phones = {
            extension: Phone(web, int(sip))
            for extension, web, sip in re.findall(rf"(?m)^ +(\d+) +(http://\S+) +sip {HOST}:(\d+)$", printed)
        }
        self.curl = re.findall(r"(?m)^ +(curl .+)$", printed)
