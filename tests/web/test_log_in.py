"""Who gets in, from where, and with what."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from offhook.station import Station
from offhook.web.desk import Desk

from .browser import ELSEWHERE, Browser, a_phone

BETTER = "korrekt pferd batterie"
SETTINGS = "/password"
"""A page that is for those who have logged in."""

Play = Callable[[Station], Awaitable[None]]


def with_a_phone(folder: Path, play: Play, **given: object) -> None:
    async def run() -> None:
        async with a_phone(folder, **given) as station:
            await play(station)

    asyncio.run(run())


def at(station: Station, desk_clock: Callable[[], float]) -> None:
    """Have the phone's pages go by another clock."""
    desk = Desk(station, desk_clock)
    station.site._inner = station.site._door = desk


async def change(browser: Browser, **given: str) -> int:
    csrf = (await browser.get("/password")).hidden("csrf")
    return (await browser.post("/password", {"csrf": csrf, **given})).status


def test_from_this_machine_the_factory_password_opens_everything_and_is_complained_of(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        sent = await browser.get(SETTINGS)
        assert (sent.status, sent.location) == (303, f"/login?next={SETTINGS}")
        assert (await browser.log_in(to=SETTINGS)).location == SETTINGS
        assert (await browser.get(SETTINGS)).status == 200
        assert "still the factory" in (await browser.get("/nowhere")).text

        assert await change(browser, old="admin", new=BETTER, again=BETTER) == 303
        assert "still the factory" not in (await browser.get("/nowhere")).text
        assert (await Browser(station).log_in("admin")).status == 401
        assert (await Browser(station).log_in(BETTER)).status == 303

    with_a_phone(tmp_path, play)


def test_from_elsewhere_the_factory_password_opens_the_page_that_changes_it_and_nothing_else(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station, ELSEWHERE)
        assert (await browser.get("/")).location == "/login?next=/"
        assert (await browser.log_in()).location == "/password"
        for path in ("/", "/api/v1/state", "/screen.txt", "/nowhere", "/metrics", "/api/v1/trace"):
            assert (await browser.get(path)).location == "/password", path
            assert (await browser.get(path, accept="application/json")).status == 403, path
        assert (await browser.get("/fcgi/do?keydown=OK")).status == 403

        assert await change(browser, new="admin", again="admin") == 422
        assert await change(browser, new=BETTER, again="another one") == 422
        assert (await browser.get("/api/v1/state", accept="*/*")).status == 403
        assert await change(browser, new=BETTER, again=BETTER) == 303
        assert (await browser.get("/api/v1/state")).status == 200
        assert (await browser.get("/fcgi/do?keydown=OK")).status == 403, "keys by URL are the list's matter"

    with_a_phone(tmp_path, play)


def test_from_elsewhere_on_the_list_keys_work_and_settings_do_not(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station, ELSEWHERE)
        assert (await browser.get("/api/v1/state")).status == 200
        assert (await browser.get(SETTINGS)).status == 303
        await browser.log_in()
        assert (await browser.get("/api/v1/state")).status == 200
        assert "opens this page alone" in (await browser.get("/password")).text

    with_a_phone(tmp_path, play, allow=[ELSEWHERE])


def test_a_password_that_changes_ends_all_other_sessions(tmp_path):
    async def play(station: Station) -> None:
        one, other = Browser(station), Browser(station)
        await one.log_in()
        await other.log_in()
        assert await change(one, old="wrong", new=BETTER, again=BETTER) == 422
        assert (await other.get(SETTINGS)).status == 200
        assert await change(one, old="admin", new=BETTER, again=BETTER) == 303
        assert (await one.get(SETTINGS)).status == 200
        assert (await other.get(SETTINGS)).status == 303
        await station.change({"web.password": "something else again"})
        assert (await one.get(SETTINGS)).status == 303, "whatever way it was changed"

    with_a_phone(tmp_path, play)


def test_a_session_ends_by_log_out_by_idling_and_by_age(tmp_path):
    now = 1000.0

    async def play(station: Station) -> None:
        nonlocal now
        at(station, lambda: now)
        browser = Browser(station)
        await browser.log_in()
        kept = dict(browser.cookies)
        csrf = (await browser.get(SETTINGS)).hidden("csrf")
        assert (await browser.post("/logout", {"csrf": "x"})).status == 403
        assert (await browser.get("/logout")).status == 405
        assert (await browser.post("/logout", {"csrf": csrf})).location == "/login"
        assert not browser.cookies
        browser.cookies = kept
        assert (await browser.get(SETTINGS)).status == 303, "the phone has forgotten it too"

        await browser.log_in()
        for _ in range(23):
            now += 29 * 60
            assert (await browser.get(SETTINGS)).status == 200
        now += 31 * 60
        assert (await browser.get(SETTINGS)).status == 303
        await browser.log_in()
        for _ in range(24):
            now += 29 * 60
            await browser.get(SETTINGS)
        now += 25 * 60
        assert (await browser.get(SETTINGS)).status == 303, "twelve hours are over"

    with_a_phone(tmp_path, play)


def test_wrong_passwords_have_to_wait_longer_each_time(tmp_path):
    now = 1000.0

    async def play(station: Station) -> None:
        nonlocal now
        at(station, lambda: now)
        browser = Browser(station)
        for _ in range(3):
            assert (await browser.log_in("wrong")).status == 401
        waits = []
        for _ in range(11):
            refused = await browser.log_in("admin")
            assert refused.status == 429, "even the right one"
            waits.append(int(refused.headers["retry-after"]))
            assert (await Browser(station, "127.0.0.2").get("/login")).status in {200, 303}
            now += waits[-1]
            assert (await browser.log_in("wrong")).status == 401
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        now += 300
        assert (await browser.log_in()).status == 303
        assert (await Browser(station).log_in("wrong")).status == 401, "forgotten once it was right"

    with_a_phone(tmp_path, play)


def test_who_is_wrong_elsewhere_keeps_nobody_out_here(tmp_path):
    async def play(station: Station) -> None:
        for _ in range(5):
            await Browser(station, ELSEWHERE).log_in("wrong")
        assert (await Browser(station, ELSEWHERE).log_in()).status == 429
        assert (await Browser(station).log_in()).status == 303

    with_a_phone(tmp_path, play)


def test_forms_need_their_token(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        assert (await browser.post("/login", {"user": "admin", "password": "admin"})).status == 403
        assert not browser.cookies
        await browser.log_in()
        foreign = Browser(station)
        await foreign.log_in()
        token = (await foreign.get(SETTINGS)).hidden("csrf")
        given = {"old": "admin", "new": BETTER, "again": BETTER}
        for wrong in ({}, {"csrf": ""}, {"csrf": "ü"}, {"csrf": token}):
            assert (await browser.post(SETTINGS, {**given, **wrong})).status == 403
        assert station.layers.settings.web.password == ""

    with_a_phone(tmp_path, play)


def test_a_foreign_page_cannot_use_the_log_in(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        await browser.log_in()
        csrf = (await browser.get(SETTINGS)).hidden("csrf")
        given = {"csrf": csrf, "old": "admin", "new": BETTER, "again": BETTER}
        for foreign in ("http://evil.example", "null", "http://127.0.0.1:9999"):
            assert (await browser.post(SETTINGS, given, origin=foreign)).status == 403
        assert station.layers.settings.web.password == ""

    with_a_phone(tmp_path, play)


@pytest.mark.parametrize(
    ("scheme", "attributes"),
    [
        ("http", {"HttpOnly", "SameSite=strict", "Path=/"}),
        ("https", {"HttpOnly", "SameSite=strict", "Path=/", "Secure"}),
    ],
)
def test_the_cookie_is_for_this_phone_and_no_script(tmp_path, scheme, attributes):
    async def play(station: Station) -> None:
        browser = Browser(station, scheme=scheme)
        name, *rest = (await browser.log_in()).headers["set-cookie"].split("; ")
        assert name.startswith(("__Secure-" if scheme == "https" else "") + "offhook-0c1105000001=")
        assert set(rest) == attributes

    with_a_phone(tmp_path, play)


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:1",
        "evil",
        "/a\r\nb",
        "/login",
        "/logout",
        "//[",
        "http://[x",
    ],
)
def test_the_log_in_leads_to_this_phone_alone(tmp_path, to):
    async def play(station: Station) -> None:
        browser = Browser(station)
        csrf = (await browser.get("/login")).hidden("csrf")
        answer = await browser.post(
            "/login", {"csrf": csrf, "user": "admin", "password": "admin", "next": to}
        )
        assert answer.location == "/"

    with_a_phone(tmp_path, play)


def test_what_everybody_gets_without_a_log_in(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station, ELSEWHERE)
        style = await browser.get("/static/style.css")
        assert style.status == 200
        assert style.headers["x-content-type-options"] == "nosniff"
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"):
            assert (await browser.get(path)).status in {403, 404, 303}, path

    with_a_phone(tmp_path, play)


def test_a_body_has_a_bound(tmp_path):
    async def play(station: Station) -> None:
        answer = await Browser(station).post("/login", {"user": "a" * (5 * 1024 * 1024)})
        assert answer.status == 413

    with_a_phone(tmp_path, play)


def test_every_page_is_strict_about_what_it_loads(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        for path in ("/login", "/nowhere"):
            page = await browser.get(path)
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert page.headers["cache-control"] == "no-store"

    with_a_phone(tmp_path, play)
