"""Settings of an account changed while a call is up: the registrations that go out for it, and the call."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from offhook.phone.events import MakeCall

from ..peers.ports import HOST  # noqa: TID252 - the far end of other tests too
from ..peers.small_pbx import SmallPbx  # noqa: TID252
from .phones import said, started, until


def bound() -> socket.socket:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind((HOST, 0))
    return sock


@pytest.fixture
def pbxs() -> Iterator[tuple[SmallPbx, SmallPbx]]:
    with SmallPbx(bound()) as one, SmallPbx(bound()) as other:
        yield one, other


def removals(pbx: SmallPbx) -> int:
    return sum("expires=0" in each for each in pbx.requests("REGISTER"))


CHANGES = {
    "password": ({"accounts.1.password": "new"}, 0),
    "display name": ({"accounts.1.display_name": "Desk"}, 0),
    "codecs": ({"accounts.1.codecs": "PCMA"}, 0),
    "user": ({"accounts.1.user": "1009"}, 1),
    "disabled": ({"accounts.1.enabled": False}, 1),
    "no registration": ({"accounts.1.registers": "no"}, 1),
}


@pytest.mark.parametrize(("change", "removed"), CHANGES.values(), ids=CHANGES)
def test_a_change_ends_no_call_and_leaves_no_old_binding(tmp_path, caplog, pbxs, change, removed):
    async def run() -> None:
        pbx, _ = pbxs
        async with started(tmp_path, account=[f"sip:1001:old@{HOST}:{pbx.port}"]) as station:
            await until(lambda: station.state()["accounts"][0]["state"] == "registered")
            await said(station.press(MakeCall("2000")))
            await until(lambda: station.state()["calls"][0]["state"] == "talking")
            await station.change(change)
            await until(lambda: removals(pbx) >= removed)
            await until(
                lambda: all(each["state"] in {"registered", "direct"} for each in station.state()["accounts"])
            )
            await asyncio.sleep(0.1)
            assert removals(pbx) == removed
            assert [each["state"] for each in station.state()["calls"]] == ["talking"]
            registered = [each for each in station.state()["accounts"] if each["state"] == "registered"]
            assert len(pbx.contacts) == len(registered)
            assert not pbx.requests("BYE")
        assert not pbx.contacts
        assert "Traceback" not in caplog.text

    asyncio.run(run())


def test_another_registrar_gets_the_binding_and_the_old_one_loses_it(tmp_path, caplog, pbxs):
    async def run() -> None:
        pbx, other = pbxs
        async with started(tmp_path, account=[f"sip:1001@{HOST}:{pbx.port}"]) as station:
            await until(lambda: station.state()["accounts"][0]["state"] == "registered")
            await said(station.press(MakeCall("2000")))
            await until(lambda: station.state()["calls"][0]["state"] == "talking")
            await station.change({"accounts.1.port": other.port})
            await until(lambda: not pbx.contacts and len(other.contacts) == 1)
            await station.change(
                {"accounts.2.user": "1002", "accounts.2.host": HOST, "accounts.2.port": pbx.port}
            )
            await until(lambda: len(pbx.contacts) == 1)
            await station.unset(frozenset({"accounts.2.user"}))
            await until(lambda: not pbx.contacts)
            assert [each["state"] for each in station.state()["calls"]] == ["talking"]
        assert not other.contacts
        assert "Traceback" not in caplog.text

    asyncio.run(run())
