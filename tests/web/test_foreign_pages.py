"""What a page from elsewhere can do to the phone of somebody who has logged in, in a real browser.

The foreign page stands on another port of the same address: the browser calls it same-site and sends the
cookie along, so nothing but the phone's own judgement is in its way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::ResourceWarning")]

KEYS = """JSON.stringify({keys: [{down: "5"}]})"""

# What a page does on its own account; PHONE is the phone's origin. Each ends in a promise.
TRICKS = {
    "fetch-keys-json": f"fetch('PHONE/api/v1/keys', {{method: 'POST', credentials: 'include', body: {KEYS},"
    " headers: {'Content-Type': 'application/json'}})",
    "fetch-keys-text": "fetch('PHONE/api/v1/keys', {method: 'POST', credentials: 'include', mode: 'no-cors',"
    f" body: {KEYS}}})",
    "fetch-action": "fetch('PHONE/api/v1/actions/DNDOn', {method: 'POST', credentials: 'include',"
    " mode: 'no-cors', body: '{}'})",
    "fetch-state": "fetch('PHONE/api/v1/state', {credentials: 'include'}).then(answer => answer.text())",
    "fetch-settings": "fetch('PHONE/api/v1/settings', {method: 'PATCH', credentials: 'include', body: '{}'})",
    "beacon": f"Promise.resolve(navigator.sendBeacon('PHONE/api/v1/keys', {KEYS}))",
    "image": "new Promise(done => { const i = new Image(); i.onerror = i.onload = done;"
    " i.src = 'PHONE/fcgi/do?keydown=5'; })",
    "script": "new Promise(done => { const s = document.createElement('script'); s.onerror = s.onload = done;"
    " s.src = 'PHONE/fcgi/do?keydown=5'; document.body.append(s); })",
    "events": "new Promise((done, failed) => { const e = new EventSource('PHONE/api/v1/events',"
    " {withCredentials: true}); e.onopen = done; e.onerror = failed; })",
}
FORMS = {
    "password": ("/password", {"old": "admin", "new": "evil evil", "again": "evil evil"}),
    "log-out": ("/logout", {}),
    "reset": ("/upgrade/basic", {"action": "Reset"}),
    "allow-list": ("/phone/call-feature", {"access.allow": "0.0.0.0/0"}),
}


@contextmanager
def serving(pages: dict[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><title>foreign</title><body>{pages.get(self.path, '')}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def foreign() -> Iterator[tuple[str, dict[str, str]]]:
    """The origin of a foreign server, and its pages by path."""
    pages: dict[str, str] = {"/": ""}
    with serving(pages) as origin:
        yield origin, pages


@pytest.fixture
def victim(chromium, farm):
    """A window of somebody who has logged in to the phone."""
    window = chromium.window(farm["1002"].web)
    window.log_in()
    return window


def untouched(phone) -> None:
    state = phone.state()
    assert (state["entry"], state["dnd"], state["calls"]) == ("", False, [])


@pytest.mark.parametrize("trick", TRICKS)
def test_a_script_gets_nothing(victim, farm, foreign, trick):
    """What is not the script's to read never comes to it, and what it sends does nothing."""
    origin, _ = foreign
    victim.page.goto(origin)
    script = TRICKS[trick].replace("PHONE", victim.web)
    assert victim.page.evaluate(f"{script}.then(got => typeof got == 'string' ? got : '', () => '')") == ""
    untouched(farm["1002"])


def test_what_the_tricks_try_works_from_the_phones_own_page(victim, farm):
    """Else nothing above would tell anything."""
    victim.open("/password")
    script = TRICKS["fetch-keys-json"].replace("PHONE", victim.web)
    assert victim.page.evaluate(f"{script}.then(answer => answer.status)") == 200
    assert farm["1002"].state()["entry"] == "5"
    farm["1002"].do("keydown=Cancel")
    assert "screen" in victim.page.evaluate(TRICKS["fetch-state"].replace("PHONE", victim.web))
    assert (
        victim.page.evaluate(TRICKS["events"].replace("PHONE", victim.web) + ".then(() => 'open')") == "open"
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_form_changes_nothing(victim, farm, foreign, form):
    origin, pages = foreign
    path, fields = FORMS[form]
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    pages["/"] = (
        f'<form method="post" action="{victim.web}{path}">{inputs}<button>win a prize</button></form>'
    )
    victim.page.goto(origin)
    with victim.page.expect_response(f"{victim.web}{path}") as refused:
        victim.page.get_by_role("button").click()
    assert refused.value.status == 403
    victim.open("/password")
    assert victim.page.get_by_label("New password", exact=True).count() == 1, (
        "still logged in, by the same password"
    )
    untouched(farm["1002"])


def test_the_panel_is_not_framed(victim, foreign):
    origin, pages = foreign
    pages["/"] = f'<iframe src="{victim.web}/"></iframe>'
    victim.page.goto(origin)
    assert victim.page.frames[-1].get_by_role("button").count() == 0


def test_a_clicked_link_calls_and_does_nothing_else(victim, farm, foreign):
    origin, pages = foreign
    links = {"call": "/fcgi/do?action=MakeCall&number=1003", "key": "/fcgi/do?keydown=5"}
    links |= {"reset": "/fcgi/do?action=Reset", "page": "/phone/call-feature", "out": "/logout"}
    pages["/"] = "".join(f'<p><a href="{victim.web}{to}">{name}</a></p>' for name, to in links.items())
    for name in ("key", "reset", "page", "out"):
        victim.page.goto(origin)
        with victim.page.expect_response(lambda answer: answer.url.startswith(victim.web)) as refused:
            victim.page.get_by_role("link", name=name).click()
        assert refused.value.status == 403, name
        untouched(farm["1002"])
    victim.page.goto(origin)
    with victim.page.expect_response(lambda answer: answer.url.startswith(victim.web)) as called:
        victim.page.get_by_role("link", name="call").click()
    assert called.value.status == 200
    assert (
        farm["1002"]
        .until(lambda state: state["calls"], "a call")["calls"][0]["remote"]
        .startswith("sip:1003@")
    )
    farm["1002"].do("action=CallEnd")
