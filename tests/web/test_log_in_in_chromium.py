"""The log-in as a person sees it, from this machine and from elsewhere (by way of a proxy that says so)."""

import pytest

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::ResourceWarning")]

BETTER = "korrekt pferd batterie"


def elsewhere(address: str = "192.0.2.7") -> dict[str, object]:
    return {"extra_http_headers": {"X-Forwarded-For": address}}


def change(page, **given: str) -> None:
    for label, text in given.items():
        page.get_by_label(label.replace("_", " "), exact=label == "New_password").fill(text)
    page.get_by_role("button", name="Submit").click()


def test_from_this_machine(chromium, run_phone):
    window = chromium.window(run_phone().web)
    page = window.open("/status")
    assert page.url == f"{window.web}/login?next=/status"
    window.log_in("wrong", to="/status")
    assert page.get_by_role("alert").inner_text() == "user name or password is wrong"
    window.log_in(to="/status")
    assert page.url == f"{window.web}/status"
    assert page.get_by_text("still the factory").is_visible()
    page.get_by_role("link", name="Choose a better one").click()
    change(page, Password_of_now="admin", New_password=BETTER, once_more="another")
    assert page.get_by_text("this differs from the new password").is_visible()
    change(page, Password_of_now="admin", New_password=BETTER, once_more=BETTER)
    window.open("/status")
    assert page.get_by_text("still the factory").count() == 0
    page.get_by_role("button", name="Log out").click()
    assert page.url == f"{window.web}/login"
    window.open("/status")
    assert page.url == f"{window.web}/login?next=/status"
    window.log_in(BETTER, to="/status")
    assert page.url == f"{window.web}/status"
    assert [text for text in window.complaints if "401" not in text and "422" not in text] == []


def test_from_elsewhere(chromium, run_phone):
    web = run_phone("--trusted-proxy", "127.0.0.1").web
    window = chromium.window(web, **elsewhere())
    page = window.open("/")
    assert page.url == f"{web}/login?next=/"
    window.log_in(to="/status")
    assert page.url == f"{web}/password"
    for path in ("/", "/status", "/phone/call-feature", "/nowhere"):
        window.open(path)
        assert page.url == f"{web}/password", path
    change(page, New_password=BETTER, once_more=BETTER)
    window.open("/status")
    assert page.url == f"{web}/status"

    other = chromium.window(web, **elsewhere("192.0.2.8"))
    other.log_in()
    assert other.page.get_by_role("alert").inner_text() == "user name or password is wrong"


def test_two_phones_of_one_address_do_not_log_each_other_out(chromium, farm):
    window = chromium.window(farm["1001"].web)
    window.log_in(to="/password")
    window.web = farm["1002"].web
    window.log_in(to="/password")
    for phone in ("1001", "1002"):
        window.web = farm[phone].web
        assert window.open("/password").url == f"{farm[phone].web}/password"
