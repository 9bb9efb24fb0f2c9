"""The vendor's pages, asked as a browser asks them: what they show, what a form saves and what not."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest

from offhook.flash.flash import NotSaved
from offhook.settings.phone_settings import NAMES
from offhook.station import Station
from offhook.web.pages.site_map import ACCOUNT_ADVANCED, ACCOUNT_BASIC, ON_A_PAGE_OF_THEIR_OWN, PAGES

from .browser import ELSEWHERE, Browser, with_a_phone
from .html_page import Page, opened, sent

VENDORS = [page for page in PAGES if page.section not in {"Panel", "API"}]
SETTINGS_PAGES = [page for page in PAGES if page.groups]


def values(station: Station, *names: str) -> list[Any]:
    return [station.layers.user.get(name) for name in names]


# --- the whole


def test_every_setting_is_on_a_page_once():
    shown = [name for page in PAGES for name in page.names()]
    assert sorted(shown) == sorted(set(NAMES) - ON_A_PAGE_OF_THEIR_OWN)


@with_a_phone()
async def test_every_page_is_there_for_who_has_logged_in_and_nobody_else(browser: Browser):
    station = browser.station
    stranger = Browser(station)
    for page in VENDORS:
        assert (await stranger.get(page.path)).location == f"/login?next={page.path}"
        shown = await opened(browser, page.path)
        assert shown.headings("h1") == [page.heading]
        assert f'<a href="{page.path}" aria-current="page">' in shown.text


@with_a_phone(autop_url="https://me:hunter2@prov.example/x")
async def test_a_page_of_settings_sent_back_as_it_came_changes_nothing(browser: Browser):
    station = browser.station
    await station.change(
        {
            "calls.blocked": ["1001", "eve@evil.example"],
            "notify.webhook": "http://me:hunter2@crm.example/x",
            "action_urls.on_hook": "http://crm.example/?a=$mac&b=\"'<",
            "accounts.1.password": " hunter2",
        }
    )
    before = dict(station.layers.user)
    for page in SETTINGS_PAGES:
        shown = await opened(browser, page.path)
        assert "hunter2" not in shown.text
        answer = await sent(browser, shown.form("Submit"), {})
        assert "said=unchanged" in (answer.location or ""), (page.path, answer.text)
    assert station.layers.user == before


@with_a_phone()
async def test_what_is_changed_is_saved_and_nothing_else(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    typed = {"calls.dnd": "yes", "calls.reject_code": "603", "calls.blocked": "1001\r\n1002"}
    answer = await sent(browser, form, typed)
    assert (answer.status, answer.location) == (303, "/phone/call-feature?said=saved")
    assert dict(station.layers.user) == {
        "calls.dnd": True,
        "calls.reject_code": 603,
        "calls.blocked": ["1001", "1002"],
    }
    assert station.state()["dnd"] is True
    shown = await opened(browser, answer.location)
    assert "Saved." in shown.text
    form = shown.form("Submit")
    assert (form["calls.dnd"], form["calls.reject_code"]) == ("yes", "603")
    await sent(browser, form, {"calls.dnd": "no", "calls.blocked": ""})
    assert values(station, "calls.dnd", "calls.blocked") == [False, []]


@with_a_phone()
async def test_a_wrong_value_keeps_what_was_typed_says_so_at_the_field_and_saves_nothing(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/sound")).form("Submit")
    typed = {"sound.ringer": "<loud>", "sound.handset": "3", "sound.ring_tone": "soft"}
    answer = await sent(browser, form, typed)
    assert answer.status == 422
    assert not station.layers.user
    page = Page(answer.text)
    assert page.form("Submit")["sound.ringer"] == "<loud>"
    assert page.form("Submit")["sound.handset"] == "3"
    assert page.form("Submit")["sound.ring_tone"] == "soft"
    field = page.element("sound.ringer")
    assert field["aria-invalid"] == "true"
    said = page.text_of(field["aria-describedby"].split()[0])
    assert "is no volume; write a number from 0 to 15" in said
    assert '<a href="#sound.ringer">Ringer volume</a>' in answer.text
    assert "aria-invalid" not in page.element("sound.handset")
    assert (await sent(browser, page.form("Submit"), {"sound.ringer": "5"})).status == 303
    assert values(station, "sound.ringer", "sound.handset", "sound.ring_tone") == [5, 3, "soft"]


@with_a_phone()
async def test_what_a_key_changed_meanwhile_stays(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    await station.change({"calls.dnd": True})
    await sent(browser, form, {"forward.busy": "1002"})
    assert values(station, "calls.dnd", "forward.busy") == [True, "1002"]


@with_a_phone()
async def test_what_cannot_be_saved_is_said_and_stays_typed(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/sound")).form("Submit")

    async def full(_changes: Mapping[str, object]) -> None:
        raise NotSaved("no space left on device")

    station.change = full  # type: ignore[method-assign]
    answer = await sent(browser, form, {"sound.ringer": "3"})
    assert answer.status == 503
    assert "no space left on device" in answer.text
    assert Page(answer.text).form("Submit")["sound.ringer"] == "3"


@with_a_phone(reject_code="480")
async def test_a_field_goes_back_to_the_factorys_value_and_the_others_stay_typed(browser: Browser):
    station = browser.station
    assert "The factory's value" not in (await opened(browser, "/phone/call-feature")).text
    await station.change({"calls.reject_code": 603})
    shown = await opened(browser, "/phone/call-feature")
    assert "480 (Temporarily Unavailable)" in shown.text
    answer = await sent(browser, shown.form("Submit"), {"forward.busy": "1002"}, "Back to it")
    assert answer.status == 200
    assert "not saved yet" in answer.text
    assert not station.layers.user
    form = Page(answer.text).form("Submit")
    assert (form["calls.reject_code"], form["forward.busy"]) == ("480", "1002")
    await station.change({"calls.reject_code": 603})
    shown = await opened(browser, "/phone/call-feature")
    answer = await sent(browser, shown.form("Submit"), {}, "Back to it")
    assert answer.location == "/phone/call-feature?said=factory"


@with_a_phone()
async def test_enter_in_a_field_submits_and_takes_nothing_back(browser: Browser):
    station = browser.station
    await station.change({"sound.ringer": 3})
    shown = await opened(browser, "/phone/sound")
    assert shown.form("Submit").buttons[0] == ("", "", "Submit")


@with_a_phone()
async def test_a_form_without_the_token_of_its_session_is_refused(browser: Browser):
    station = browser.station
    for path in ("/phone/sound", "/phonebook/contact", "/upgrade/reset", "/phone/call-log"):
        answer = await browser.post(path, {"sound.ringer": "3", "csrf": "guessed", "clear": "yes"})
        assert answer.status == 403, path
    assert not station.layers.user


# --- secrets


@with_a_phone()
async def test_a_secret_is_kept_replaced_and_removed(browser: Browser):
    station = browser.station
    path, name = "/account/basic?account=1", "accounts.1.password"
    await sent(browser, (await opened(browser, path)).form("Submit"), {name: "hunter2"})
    assert values(station, name) == ["hunter2"]
    shown = await opened(browser, path)
    assert "hunter2" not in shown.text
    assert "Set, and not shown" in shown.text
    await sent(browser, shown.form("Submit"), {"accounts.1.display_name": "Ada"})
    assert values(station, name) == ["hunter2"]
    await sent(browser, (await opened(browser, path)).form("Submit"), {"clear": name})
    assert values(station, name) == [""]


# --- Call Feature


@with_a_phone(allow=ELSEWHERE)
async def test_the_list_of_addresses_takes_the_visitors_by_a_button(browser: Browser):
    station = browser.station
    shown = await opened(browser, "/phone/call-feature")
    assert "Your address is now <code>127.0.0.1</code>, which is not on the list" in shown.text
    answer = await sent(browser, shown.form("Submit"), {"forward.busy": "15"}, "Add 127.0.0.1")
    assert not station.layers.user, "it is Submit that saves"
    form = Page(answer.text).form("Submit")
    assert (form["access.allow"], form["forward.busy"]) == (f"{ELSEWHERE}, 127.0.0.1", "15")
    await sent(browser, form, {})
    assert values(station, "access.allow", "forward.busy") == [f"{ELSEWHERE}, 127.0.0.1", "15"]


@with_a_phone()
async def test_who_would_lock_themselves_out_is_asked_first(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    answer = await sent(browser, form, {"access.allow": "10.0.0.0/8"})
    assert answer.status == 200
    assert "leaves out 127.0.0.1" in answer.text
    assert not station.layers.user
    form = Page(answer.text).form("Submit")
    assert form["access.allow"] == "10.0.0.0/8"
    again = await sent(browser, form, {})
    assert "leaves out 127.0.0.1" in again.text, "Submit alone is no yes"
    answer = await sent(browser, form, {}, "Save it without 127.0.0.1")
    assert answer.location == "/phone/call-feature?said=saved"
    assert values(station, "access.allow") == ["10.0.0.0/8"]
    assert (await browser.get("/fcgi/do?keydown=5")).status == 403
    assert (await browser.get("/phone/call-feature")).status == 200


@with_a_phone(allow=f"{ELSEWHERE}, 127.0.0.2")
async def test_the_factorys_list_may_lock_out_too(browser: Browser):
    station = browser.station
    await station.change({"access.allow": "127.0.0.1"})
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    answer = await sent(browser, form, {"forward.busy": "15"}, "Back to it")
    assert "leaves out 127.0.0.1" in answer.text
    assert values(station, "access.allow") == ["127.0.0.1"]
    form = Page(answer.text).form("Submit")
    assert form["forward.busy"] == "15"
    await sent(browser, form, {}, "Save it without 127.0.0.1")
    assert not station.layers.user


@with_a_phone()
async def test_a_bad_entry_of_the_list_is_named_with_what_would_be_right(browser: Browser):
    station = browser.station
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    answer = await sent(browser, form, {"access.allow": "127.0.0.1, 192.168.1.*"})
    assert answer.status == 422
    assert "write the network 192.168.1.0/24" in unescape(answer.text)
    assert not station.layers.user


@with_a_phone()
async def test_a_rule_of_two_settings_is_told_at_the_field_that_was_changed(browser: Browser):
    form = (await opened(browser, "/phone/call-feature")).form("Submit")
    answer = await sent(browser, form, {"access.credential": "also"})
    assert answer.status == 422
    assert Page(answer.text).element("access.credential")["aria-invalid"] == "true"
    assert "aria-invalid" not in Page(answer.text).element("access.allow")


# --- accounts


@with_a_phone()
async def test_accounts_are_added_changed_and_removed(browser: Browser):
    station = browser.station
    shown = await opened(browser, "/account/basic")
    assert "1: 1001" in shown.text
    assert "Ready, without registration" in shown.text
    assert '<a href="/account/basic?account=2">Add an account</a>' in shown.text
    form = (await opened(browser, "/account/basic?account=2")).form("Submit")
    answer = await sent(
        browser,
        form,
        {
            "accounts.2.user": "2002",
            "accounts.2.host": "127.0.0.1",
            "accounts.2.port": "5070",
            "accounts.2.registers": "no",
        },
    )
    assert answer.location == "/account/basic?account=2&said=saved"
    assert [each["username"] for each in station.state()["accounts"]] == ["1001", "2002"]
    form = (await opened(browser, "/account/advanced?account=2")).form("Submit")
    assert (await sent(browser, form, {"accounts.2.dtmf": "info"})).location == (
        "/account/advanced?account=2&said=saved"
    )
    shown = await opened(browser, "/account/basic?account=2")
    answer = await sent(browser, shown.form("Remove account 2"), {}, "Remove account 2")
    assert answer.location == "/account/basic?account=1&said=removed"
    assert not station.layers.user
    assert [each["username"] for each in station.state()["accounts"]] == ["1001"]


@with_a_phone()
async def test_an_account_of_the_start_goes_back_to_it(browser: Browser):
    station = browser.station
    await station.change({"accounts.1.user": "1009", "accounts.1.dtmf": "info"})
    shown = await opened(browser, "/account/basic?account=1")
    button = "Back to what the start asked for"
    await sent(browser, shown.form(button), {}, button)
    assert not station.layers.user
    assert station.state()["accounts"][0]["username"] == "1001"


@with_a_phone()
@pytest.mark.parametrize("number", ["0", "17", "x", "99999", "-1"])
async def test_an_account_that_cannot_be_is_not_found(browser: Browser, number: str):
    for page in (ACCOUNT_BASIC, ACCOUNT_ADVANCED):
        assert (await browser.get(f"{page.path}?account={number}")).status == 404


@with_a_phone(account=["sip:1001@127.0.0.1;register=no", "sip:2002@10.0.0.1"])
async def test_status_tells_what_the_phone_is_and_how_it_stands(browser: Browser):
    station = browser.station
    await station.change({"accounts.2.enabled": "no", "accounts.3.user": "3003"})
    text = (await opened(browser, "/status")).text
    for words in (
        "0c1105000001",
        station.device.sip if station.device else "",
        "Ready, without registration",
        "Not active",
        "Not complete",
        "No call is up",
    ):
        assert words in text, words


def test_the_site_map_has_its_groups_in_order_and_no_two_of_one_name():
    for page in SETTINGS_PAGES:
        titles = [group.title for group in page.groups]
        assert len(set(titles)) == len(titles), page.path
    assert re.fullmatch(r"/[a-z/-]*", "".join(page.path for page in PAGES))
