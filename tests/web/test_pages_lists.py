"""The pages that are more than settings: call log, phone book, upgrade, security."""

import asyncio
import re
from html import unescape
from pathlib import Path

from offhook.flash.flash import NotSaved
from offhook.phone.phone_book import PhoneBook, contact
from offhook.web_certificate import WebCertificate

from .browser import Answer, Browser, a_phone, with_a_phone
from .html_page import Page, opened, sent

LOG, BOOK, SECURITY = "/phone/call-log", "/phonebook", "/security/basic"
PARTY = PhoneBook(
    [
        contact("Ada", [("1002", "work"), ("0171 555", "mobile")], ["family"]),
        contact("Zoë & Co <b>", [("+49 30 123", "")]),
    ]
)


async def uploaded(
    browser: Browser, path: str, csrf: str, files: dict[str, tuple[str, bytes]], **more: str
) -> Answer:
    """A form with files, as a browser sends it (RFC 7578)."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in {"csrf": csrf, **more}.items()]
    parts += [
        f'name="{name}"; filename="{file}"\r\nContent-Type: text/plain\r\n\r\n'.encode() + data
        for name, (file, data) in files.items()
    ]
    body = b"".join(b"--edge\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    kind = {"content-type": "multipart/form-data; boundary=edge"}
    return await browser.ask("POST", path, body + b"--edge--\r\n", kind)


async def until_back(browser: Browser) -> None:
    async with asyncio.timeout(10):
        while browser.station.device is None or browser.station.site.booting:
            await asyncio.sleep(0.02)


# --- Call Log


@with_a_phone()
async def test_calls_are_listed_called_back_and_forgotten(browser: Browser):
    station = browser.station
    for number in ("1002", "1003"):
        assert (await browser.get(f"/fcgi/do?action=MakeCall&number={number}")).status == 200
        assert (await browser.get("/fcgi/do?action=CallEnd")).status == 200
    await station.change_book(PARTY)
    text = (await opened(browser, LOG)).text
    assert text.index("1003") < text.index("Ada"), "the newest first, by its name in the book"
    assert "There are no such calls" in (await opened(browser, f"{LOG}?show=missed")).text
    form = (await opened(browser, f"{LOG}?show=dialled")).form("Call Ada")
    answer = await sent(browser, form, {}, "Call Ada")
    assert answer.location == f"{LOG}?show=dialled&said=called"
    assert [call["remote"] for call in station.state()["calls"]] == ["sip:1002@127.0.0.1"]
    refused = await sent(browser, form, {}, "Call Ada")
    assert refused.status == 409
    assert "That could not be done" in refused.text
    await browser.get("/fcgi/do?action=CallEnd")
    form = (await opened(browser, LOG)).form("Clear the call log")
    assert (await sent(browser, form, {}, "Clear the call log")).location == f"{LOG}?said=cleared"
    assert "There are no such calls" in (await opened(browser, LOG)).text
    assert not list(station.memory.anew().log())


@with_a_phone()
async def test_a_log_that_cannot_be_cleared_stays_and_says_so(browser: Browser):
    station = browser.station
    await browser.get("/fcgi/do?action=MakeCall&number=1002")
    await browser.get("/fcgi/do?action=CallEnd")
    form = (await opened(browser, LOG)).form("Clear the call log")

    async def full() -> None:
        raise NotSaved("no space left on device")

    station.forget_calls = full  # type: ignore[method-assign]
    answer = await sent(browser, form, {}, "Clear the call log")
    assert answer.status == 503
    assert "no space left on device" in answer.text
    assert "1002" in answer.text


# --- Phonebook


@with_a_phone()
async def test_contacts_are_added_changed_found_called_and_deleted(browser: Browser):
    station = browser.station
    form = (await opened(browser, f"{BOOK}/contact")).form("Submit")
    typed = {"name": "Ada", "number-1": "1002", "label-1": "work", "number-2": "0171 555", "groups": "a; b"}
    assert (await sent(browser, form, typed)).location == f"{BOOK}?said=saved"
    assert list(station.memory.book) == [contact("Ada", [("1002", "work"), ("0171 555", "")], ["a", "b"])]
    form = (await opened(browser, f"{BOOK}/contact?name=ada")).form("Submit")
    assert (form["name"], form["number-2"], form["groups"]) == ("Ada", "0171555", "a; b")
    await sent(browser, form, {"name": "Ada L.", "number-2": ""})
    assert list(station.memory.book) == [contact("Ada L.", [("1002", "work")], ["a", "b"])]
    assert "1 of 1 contacts" in (await opened(browser, f"{BOOK}?search=ada+l")).text
    assert "1 of 1 contacts" in (await opened(browser, f"{BOOK}?search=100")).text
    assert "0 of 1 contacts" in (await opened(browser, f"{BOOK}?search=zoe")).text
    form = (await opened(browser, BOOK)).form("Call Ada L.")
    assert (await sent(browser, form, {}, "Call Ada L.")).location == f"{BOOK}?said=called"
    assert station.state()["calls"][0]["name"] == "Ada L."
    form = (await opened(browser, f"{BOOK}/contact?name=Ada+L.")).form("Delete Ada L.")
    assert (await sent(browser, form, {}, "Delete Ada L.")).location == f"{BOOK}?said=deleted"
    assert not len(station.memory.book)
    assert (await browser.get(f"{BOOK}/contact?name=Ada")).status == 404


@with_a_phone()
async def test_a_contact_that_is_wrong_keeps_what_was_typed(browser: Browser):
    station = browser.station
    await station.change_book(PARTY)
    form = (await opened(browser, f"{BOOK}/contact")).form("Submit")
    answer = await sent(browser, form, {"name": "Bob", "number-1": "1009", "number-2": "no number"})
    assert answer.status == 422
    page = Page(answer.text)
    assert page.element("number-2")["aria-invalid"] == "true"
    assert page.form("Submit")["number-2"] == "no number"
    answer = await sent(browser, form, {"name": "ADA", "number-1": "1009"})
    assert answer.status == 422
    assert "somebody else has this name" in answer.text
    answer = await sent(browser, form, {"name": "Bob"})
    assert "a contact has a number at least" in answer.text
    assert station.memory.book == PARTY


@with_a_phone()
async def test_names_are_shown_as_they_are_and_not_as_html(browser: Browser):
    await browser.station.change_book(PARTY)
    page = await opened(browser, BOOK)
    assert "<b>" not in page.text
    (link,) = re.findall(r'href="(/phonebook/contact\?name=Zo[^"]*)"', page.text)
    assert (await opened(browser, unescape(link))).headings("h1") == ["Zoë & Co <b>"]


@with_a_phone()
async def test_a_phone_book_goes_into_files_and_comes_out_of_them(browser: Browser):
    station = browser.station
    await station.change_book(PARTY)
    for kind in ("csv", "vcf", "xml"):
        exported = await browser.get(f"{BOOK}/phonebook.{kind}")
        assert f'filename="phonebook.{kind}"' in exported.headers["content-disposition"]
        await station.change_book(PhoneBook())
        csrf = (await browser.get(BOOK)).hidden("csrf")
        answer = await uploaded(browser, f"{BOOK}/import", csrf, {"file": (f"my.{kind}", exported.body)})
        assert answer.status == 200
        assert "2 contacts read; the phone book has 2 now" in answer.text
        assert station.memory.book == PARTY
    assert (await browser.get(f"{BOOK}/phonebook.exe")).status == 404
    data = b"name,number\nBob,1009\nNobody,no number\n"
    answer = await uploaded(browser, f"{BOOK}/import", csrf, {"file": ("my.csv", data)}, replace="yes")
    assert "Left out" in answer.text
    assert [each.name for each in station.memory.book] == ["Bob"]


@with_a_phone()
async def test_a_file_that_cannot_be_read_is_refused_and_nothing_changes(browser: Browser):
    await browser.station.change_book(PARTY)
    csrf = (await browser.get(BOOK)).hidden("csrf")
    for file, data, why in (
        ("my.txt", b"Ada", "let it end in .csv, .vcf or .xml"),
        ("my.vcf", b"BEGIN:VCARD\n", "middle of a card"),
        ("my.csv", b"\xff\xfe\xfd", "it is"),
        ("my.csv", b"name,number\nNobody,no number\n", "nobody in it"),
        ("", b"", "choose a file"),
    ):
        answer = await uploaded(browser, f"{BOOK}/import", csrf, {"file": (file, data)}, replace="yes")
        assert answer.status == 422, (file, answer.text)
        assert why in answer.text
    answer = await uploaded(browser, f"{BOOK}/import", csrf, {"file": ("my.csv", b"a,1\n" * 2_000_000)})
    assert answer.status == 413
    assert (await uploaded(browser, f"{BOOK}/import", "guessed", {"file": ("my.csv", b"a,1")})).status == 403
    assert browser.station.memory.book == PARTY


@with_a_phone()
async def test_a_long_book_is_shown_page_by_page(browser: Browser):
    names = [f"C{number:03}" for number in range(250)]
    await browser.station.change_book(PhoneBook(contact(name, [("1", "")]) for name in names))
    seen: list[str] = []
    path = BOOK
    while path:
        text = (await opened(browser, path)).text
        seen += re.findall(r"contact\?name=(C\d+)", text)
        following = re.search(r'href="([^"]*)">Next<', text)
        path = unescape(following[1]) if following else ""
    assert seen == names


# --- Upgrade


@with_a_phone(account=["sip:1001@127.0.0.1;register=no"])
async def test_reboot_asks_once_more_and_the_page_after_it_comes_back_by_itself(browser: Browser):
    station = browser.station
    before = station.device
    assert 'href="/upgrade/reboot"' in (await opened(browser, "/upgrade/basic")).text
    page = await opened(browser, "/upgrade/reboot")
    assert station.device is before, "a look does nothing"
    answer = await sent(browser, page.form("Reboot"), {}, "Reboot")
    assert (answer.status, answer.headers["refresh"]) == (200, "3; url=/status")
    waiting = await browser.get("/status")
    assert (waiting.status, waiting.headers["refresh"]) == (503, "2")
    assert (await browser.get("/static/style.css")).status == 200, "the page that waits keeps its looks"
    assert "refresh" not in (await browser.get("/fcgi/do?keydown=5")).headers, "a key is pressed once"
    await until_back(browser)
    assert station.device is not before
    assert (await browser.get("/status")).status == 200, "who has logged in stays so"


@with_a_phone()
async def test_reset_forgets_and_leads_to_the_log_in(browser: Browser):
    station = browser.station
    await station.change({"calls.dnd": True})
    await station.change_book(PARTY)
    page = await opened(browser, "/upgrade/reset")
    assert "password" in page.text
    answer = await sent(browser, page.form("Reset"), {}, "Reset")
    assert answer.headers["refresh"] == "3; url=/login"
    await until_back(browser)
    assert not station.layers.user
    assert not len(station.memory.book)


@with_a_phone()
async def test_autop_tells_what_came_of_it(browser: Browser):
    station, path = browser.station, "/upgrade/advanced"
    page = await opened(browser, path)
    assert "It has not looked" in page.text
    answer = await sent(browser, page.form("AutoP immediately"), {}, "AutoP immediately")
    assert answer.status == 409, "there is no address"
    await station.change({"autop.url": "http://me:hunter2@127.0.0.1:9/x", "autop.at_power_on": False})
    page = await opened(browser, path)
    assert "http://127.0.0.1/…" in page.text
    answer = await sent(browser, page.form("AutoP immediately"), {}, "AutoP immediately")
    assert answer.location == f"{path}?said=autop#last"
    async with asyncio.timeout(10):
        while station.state()["autop"]["checking"]:
            looking = await browser.get(f"{path}?said=autop")
            assert looking.headers.get("refresh", "1") == "1"
            await asyncio.sleep(0.02)
    shown = await browser.get(f"{path}?said=autop")
    assert "The files could not be fetched" in shown.text
    assert "refresh" not in shown.headers
    assert "hunter2" not in shown.text


@with_a_phone()
async def test_the_settings_are_exported_as_a_file_for_another_phone(browser: Browser):
    await browser.station.change({"accounts.1.password": "hunter2", "calls.dnd": True})
    form = (await opened(browser, "/upgrade/advanced")).form("Export")
    plain = await sent(browser, form, {}, "Export")
    assert "configuration.cfg" in plain.headers["content-disposition"]
    assert "hunter2" not in plain.text
    assert "Config.Offhook.calls.dnd = yes" in plain.text
    assert (
        "Config.Account1.GENERAL.Pwd = hunter2"
        in (await sent(browser, form, {"secrets": "yes"}, "Export")).text
    )


# --- Security


@with_a_phone()
async def test_a_token_is_shown_once_opens_the_api_and_is_revoked(browser: Browser):
    station = browser.station
    program = Browser(station, program=True)
    form = (await opened(browser, SECURITY)).form("Make a token")
    answer = await sent(browser, form, {"name": "crm"}, "Make a token")
    (token,) = re.findall(r'<code class="token">([^<]*)</code>', answer.text)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await program.get("/api/v1/settings")).status == 401
    assert (await program.get("/api/v1/settings", **bearer)).status == 200
    page = await opened(browser, SECURITY)
    assert token not in page.text
    for name, why in (("crm", "of this name"), ("no good", "letters, digits"), ("", "letters, digits")):
        answer = await sent(browser, form, {"name": name}, "Make a token")
        assert answer.status == 422
        assert why in answer.text
    answer = await sent(browser, page.form("Revoke crm"), {}, "Revoke crm")
    assert answer.location == f"{SECURITY}?said=revoked"
    assert (await program.get("/api/v1/settings", **bearer)).status == 401


@with_a_phone()
async def test_other_browsers_are_seen_and_logged_out(browser: Browser):
    other = Browser(browser.station, "127.0.0.9")
    browser.station.site.access = browser.station.site.access.__class__(
        allow=browser.station.site.access.allow.parse("127.0.0.X")
    )
    await other.log_in()
    assert (await other.get("/status")).status == 200
    page = await opened(browser, SECURITY)
    assert "127.0.0.9" in page.text
    answer = await sent(browser, page.form("Log all others out"), {}, "Log all others out")
    assert answer.location == f"{SECURITY}?said=ended"
    assert (await other.get("/status")).status == 303
    page = await opened(browser, SECURITY)
    assert "127.0.0.9" not in page.text
    assert "this browser" in page.text


@with_a_phone()
async def test_without_https_there_is_no_certificate_to_bring(browser: Browser):
    assert "--https-port" in (await opened(browser, SECURITY)).text


def test_a_certificate_is_brought_and_taken_back(tmp_path: Path):
    async def play() -> None:
        async with a_phone(tmp_path / "phone") as station:
            station.web_certificate = certificate
            browser = Browser(station)
            await browser.log_in()
            page = await opened(browser, SECURITY)
            assert before.fingerprint in page.text
            csrf = page.form("Use this certificate")["csrf"]
            answer = await uploaded(
                browser, "/security/certificate", csrf, {"certificate": ("a.pem", b"hello"), "key": ("", b"")}
            )
            assert answer.status == 422
            assert Page(answer.text).element("certificate")["aria-invalid"] == "true"
            parts = {"certificate": ("a.crt", own[len(key) :]), "key": ("a.key", key)}
            answer = await uploaded(browser, "/security/certificate", csrf, parts)
            assert answer.location == f"{SECURITY}?said=certificate", answer.text
            assert certificate.shown().own
            page = await opened(browser, SECURITY)
            assert certificate.shown().fingerprint in page.text
            assert "PRIVATE KEY" not in page.text
            button = "Back to the self-made certificate"
            await sent(browser, page.form(button), {}, button)
            assert certificate.shown() == before

    for folder in ("phone", "kept", "other"):
        (tmp_path / folder).mkdir()
    WebCertificate(tmp_path / "other", ["192.0.2.9"])
    own = (tmp_path / "other" / "https.pem").read_bytes()
    key = own[: own.index(b"-----BEGIN CERTIFICATE-----")]
    certificate = WebCertificate(tmp_path / "kept", [])
    before = certificate.shown()
    asyncio.run(play())
