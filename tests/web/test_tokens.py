"""Tokens of the API: what one opens, and what is kept of it."""

import asyncio
from datetime import UTC, datetime

import pytest

from offhook.settings.phone_settings import shown
from offhook.web import tokens

from .browser import ELSEWHERE, Browser, a_phone

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def test_a_token_opens_what_a_log_in_does_but_no_pages_and_no_keys_by_url(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            token, kept = tokens.make("crm", NOW)
            await station.change({"web.tokens": [str(kept)]})
            program = Browser(station, ELSEWHERE, program=True)
            shows = {"authorization": f"Bearer {token}"}
            assert (await program.get("/api/v1/state")).status == 401
            assert (await program.get("/api/v1/state", **shows)).status == 200
            assert (await program.get("/api/v1/trace", **shows)).status == 409, "it is not kept just now"
            assert (await program.get("/fcgi/do?keydown=OK", **shows)).status == 403
            assert (await program.get("/password", **shows)).location == "/login?next=/password"
            for wrong in (f"Bearer {token}x", f"Basic {token}", "Bearer", f"Bearer {kept.hash}", "Bearer ü"):
                assert (await program.get("/api/v1/state", authorization=wrong)).status == 401
            await station.change({"web.tokens": []})
            assert (await program.get("/api/v1/state", **shows)).status == 401

    asyncio.run(run())


def test_what_is_kept_tells_nobody_the_token():
    token, kept = tokens.make("crm", NOW)
    assert token not in str(kept)
    assert (kept.name, kept.made) == ("crm", "2026-05-04")
    assert shown("web.tokens", [str(kept)]) == "(not shown)"
    assert tokens.shown(f"bearer {token}", [str(kept)]) == kept


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ü", "x" * 41])
def test_a_name_that_is_none(name):
    with pytest.raises(ValueError, match="crm-server"):
        tokens.make(name, NOW)
