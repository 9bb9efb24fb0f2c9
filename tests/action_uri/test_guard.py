"""phone.md, "Foreign web pages" and the rules on proxies: what is let in, by the headers alone."""

import asyncio
from typing import Any

import pytest

from offhook.action_uri.access import Access, Door
from offhook.action_uri.allow_list import AllowList
from offhook.action_uri.http import HttpRequest, HttpResponse
from offhook.http_front import Site

from .recording_phone import RecordingPhone, inner

HOST = {"host": "192.0.2.1:8080"}
CURL = {**HOST, "user-agent": "curl/8.0", "accept": "*/*"}
BROWSER = {**HOST, "user-agent": "Mozilla/5.0 (X11)", "accept-language": "de"}
PAGE = {**BROWSER, "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PART = {**BROWSER, "accept": "image/avif,*/*;q=0.8"}
OWN = "http://192.0.2.1:8080"
CRM = "https://crm.example.org"
EVIL = "https://evil.example"
CLICK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-user": "?1"}

TRUSTING = Access(trusted_origins=frozenset({"HTTPS://crm.example.org:443/"}))
PROXIED = Access(
    allow=AllowList.parse("198.51.100.7, 2001:db8::7"), trusted_proxies=AllowList.parse("127.0.0.1, 10.0.0.X")
)
NAMED = Access(
    host_names=frozenset({"Phone.Example.org"}), machine_names=frozenset({"localhost", "desk", "desk.local"})
)

CALL = "action=MakeCall&number=1"
KEY = "keydown=OK"
RESET = "action=Reset"
REBOOT = "action=Reboot"

BY_PAGE: list[tuple[dict[str, str], str, int]] = [
    # programs
    (CURL, RESET, 200),
    ({}, RESET, 200),
    ({**HOST, "user-agent": "Mozilla/5.0 (compatible; script)"}, KEY, 200),
    # where the browser says
    ({**PART, "sec-fetch-site": "same-origin"}, RESET, 200),
    ({**PAGE, "sec-fetch-site": "none"}, RESET, 200),
    ({**PART, "sec-fetch-site": "cross-site"}, KEY, 403),
    ({**PAGE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, KEY, 403),
    ({**PART, "sec-fetch-site": "same-site"}, KEY, 403),
    ({**PART, "sec-fetch-site": "sideways"}, KEY, 403),
    ({**PART, "sec-fetch-site": "cross-site", "origin": OWN}, KEY, 403),
    ({**PART, "sec-fetch-site": "same-origin", "origin": EVIL}, KEY, 200),
    ({**PART, "origin": OWN}, RESET, 200),
    ({**PART, "origin": EVIL}, KEY, 403),
    ({**PART, "origin": "null"}, KEY, 403),
    ({**PART, "origin": "null", "referer": OWN + "/"}, KEY, 403),
    ({**PART, "origin": "https://192.0.2.1:8080"}, KEY, 403),
    ({**PART, "origin": "http://192.0.2.1"}, KEY, 403),
    ({**PART, "origin": f"{OWN}, {EVIL}"}, KEY, 403),
    ({**CURL, "origin": EVIL}, KEY, 403),
    ({**PART, "referer": OWN + "/panel?x=1"}, RESET, 200),
    ({**PART, "referer": EVIL + "/"}, KEY, 403),
    ({**PAGE, "referer": EVIL + "/"}, CALL, 403),
    ({**PAGE, "referer": f"http://192.0.2.1:8080@{EVIL[8:]}/"}, KEY, 403),
    ({**PAGE, "referer": "http://[broken/"}, KEY, 403),
    # a clicked link may call
    ({**PAGE, **CLICK}, CALL, 200),
    ({**PAGE, **CLICK, "sec-fetch-site": "same-site"}, CALL, 200),
    ({**PAGE, **CLICK}, KEY, 403),
    ({**PAGE, **CLICK}, RESET, 403),
    ({**PAGE, **CLICK}, "action=CallEnd", 403),
    ({**PAGE, **CLICK, "sec-fetch-mode": "no-cors"}, CALL, 403),
    ({**PAGE, **CLICK, "sec-fetch-user": "?0"}, CALL, 403),
    ({**PAGE, "sec-fetch-mode": "navigate", "sec-fetch-user": "?1", "origin": EVIL}, CALL, 403),
    # plain http, where nothing is said
    (PART, KEY, 403),
    (PART, CALL, 403),
    (BROWSER, KEY, 403),
    (PAGE, KEY, 200),
    (PAGE, CALL, 200),
    (PAGE, RESET, 403),
    (PAGE, REBOOT, 403),
    # never ahead of the person
    ({**PAGE, "sec-fetch-site": "none", "sec-purpose": "prefetch"}, KEY, 403),
    ({**PAGE, "sec-fetch-site": "none", "sec-purpose": "prefetch;prerender"}, KEY, 403),
    ({**PAGE, "sec-fetch-site": "same-origin", "purpose": "prefetch"}, KEY, 403),
    ({**PAGE, "x-moz": "prefetch"}, KEY, 403),
    ({**PAGE, "x-purpose": "preview"}, KEY, 403),
    # names
    ({"host": "evil.example"}, KEY, 403),
    ({"host": "evil.example", "sec-fetch-site": "same-origin"}, KEY, 403),
    ({"host": "192.0.2.1.evil.example"}, KEY, 403),
    ({"host": "localhost.evil.example:80"}, KEY, 403),
    ({"host": "a b"}, KEY, 400),
    ({"host": "[::1"}, KEY, 400),
    ({"host": "localhost:8080"}, KEY, 200),
    ({"host": "LOCALHOST."}, KEY, 200),
    ({"host": "[::1]:8080"}, KEY, 200),
    ({"host": "[2001:db8::1]"}, KEY, 200),
    ({"host": ""}, KEY, 200),
]


def headers(fields: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]


def ask(
    fields: dict[str, str],
    query: str = KEY,
    access: Access | None = None,
    *,
    method: str = "GET",
    peer: str = "127.0.0.1",
    path: str = "/fcgi/do",
    scheme: str = "http",
    body: bytes = b"",
    door: Door | None = None,
) -> tuple[HttpResponse, RecordingPhone]:
    phone = RecordingPhone()
    site = Site(phone, access or Access(), inner, door)
    return ask_site(
        site, HttpRequest(method, path, query.encode(), headers(fields), peer, scheme, body)
    ), phone


def ask_site(site: Site, request: HttpRequest) -> HttpResponse:
    admission = site.admit(request)
    if isinstance(admission, HttpResponse):
        return admission
    if request.path != "/fcgi/do":
        return HttpResponse(200, [])
    response = site.act(request, admission)
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize(("fields", "query", "status"), BY_PAGE)
def test_by_what_the_browser_says(fields: dict[str, str], query: str, status: int) -> None:
    response, phone = ask(fields, query)
    assert (response.status, len(phone.pressed)) == (status, status == 200), response.body


@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/nowhere"])
def test_every_path_is_judged_the_same(path: str) -> None:
    """Only what a clicked link may do is the Action URI's own."""
    for fields, query, status in BY_PAGE:
        response, _ = ask(fields, query, path=path)
        if (
            "purpose" in "".join(fields)
            or "x-moz" in fields
            or (fields.keys() >= PAGE.keys() and "Re" in query)
        ):
            continue
        clicked = status == 200 and fields.get("sec-fetch-user") == "?1"
        assert response.status == (403 if clicked else status), fields


@pytest.mark.parametrize(
    ("fields", "query", "status"),
    [
        ({**PART, "sec-fetch-site": "cross-site", "origin": CRM}, KEY, 200),
        ({**PART, "sec-fetch-site": "cross-site", "referer": CRM + "/deals/7"}, KEY, 200),
        ({**PART, "origin": CRM}, REBOOT, 200),
        ({**PART, "referer": CRM + "/"}, CALL, 200),
        ({**PART, "origin": CRM}, RESET, 403),
        ({**PAGE, **CLICK, "referer": CRM + "/"}, RESET, 403),
        ({**PART, "sec-fetch-site": "cross-site"}, KEY, 403),
        ({**PART, "origin": "http://crm.example.org"}, KEY, 403),
        ({**PART, "origin": "https://crm.example.org:444"}, KEY, 403),
        ({**PART, "origin": "null", "referer": CRM + "/"}, KEY, 403),
    ],
)
def test_trusted_origins(fields: dict[str, str], query: str, status: int) -> None:
    response, phone = ask(fields, query, TRUSTING)
    assert (response.status, len(phone.pressed)) == (status, status == 200), response.body
    if status == 403 and query == KEY:
        assert b"--trusted-origin" in response.body
    cors = dict(response.headers).get(b"access-control-allow-origin")
    assert cors == (CRM.encode() if fields.get("origin") == CRM else None)


def test_preflight_is_for_trusted_pages() -> None:
    asked = {**PART, "sec-fetch-site": "cross-site", "access-control-request-method": "POST"}
    for path in ("/fcgi/do", "/api/v1/state"):
        response, phone = ask({**asked, "origin": CRM}, "", TRUSTING, method="OPTIONS", path=path)
        assert response.status == 204
        assert dict(response.headers)[b"access-control-allow-methods"] == b"GET, HEAD, POST"
        assert not phone.pressed
        assert ask({**asked, "origin": EVIL}, "", TRUSTING, method="OPTIONS", path=path)[0].status == 403
    assert ask({**PART, "origin": CRM}, KEY, TRUSTING, method="OPTIONS")[0].status == 405
    assert ask(CURL, KEY, TRUSTING, method="OPTIONS")[0].status == 405


@pytest.mark.parametrize(
    ("origin"),
    [
        "null",
        "*",
        "crm.example.org",
        "https://crm.example.org/path",
        "https://crm.example.org?x",
        "https://u@crm.example.org",
        "https://*.example.org",
        "https://müller.example",
        "https://",
    ],
)
def test_what_is_no_origin_is_refused_by_name(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin: write it like") as refusal:
        Access(trusted_origins=frozenset({origin}))
    assert f'"{origin}"' in str(refusal.value)


@pytest.mark.parametrize("name", ["phone.example.org:80", "a b", "http://phone", "", "."])
def test_what_is_no_host_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no host name: write it like"):
        Access(host_names=frozenset({name}))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("phone.example.org", 200),
        ("PHONE.example.org.:8080", 200),
        ("desk", 200),
        ("desk.local:8080", 200),
        ("desks", 403),
    ],
)
def test_names_of_the_machine_and_of_the_setting(host: str, status: int) -> None:
    response, _ = ask({"host": host}, access=NAMED)
    assert response.status == status
    if status == 403:
        assert b"--host-name" in response.body


@pytest.mark.parametrize(
    ("peer", "fields", "status"),
    [
        # nobody named a proxy
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("127.0.0.1", {"x-forwarded-proto": "https"}, 403),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.1", {"via": "1.1 squid"}, 403),
        ("::1", {"via": "1.1 squid"}, 403),
        ("::ffff:127.0.0.1", {"via": "1.1 squid"}, 403),
        ("192.0.2.9", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("192.0.2.9", {}, 403),
        ("::ffff:127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("", {}, 403),
    ],
)
def test_without_a_trusted_proxy(peer: str, fields: dict[str, str], status: int) -> None:
    response, phone = ask({**CURL, **fields}, peer=peer)
    assert (response.status, len(phone.pressed)) == (status, status == 200)
    if peer == "192.0.2.9":
        assert b"192.0.2.9 is not on this phone's Allowed Access IP List" in response.body
        assert b"Phone > Call Feature > Remote Control > Allowed Access IP List" in response.body
        assert b"--allow" in response.body
    elif status == 403 and peer:
        assert f"--trusted-proxy {peer}".encode() in response.body


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"x-forwarded-for": "198.51.100.7"}, 200),
        ({"x-forwarded-for": "198.51.100.7:4711"}, 200),
        ({"x-forwarded-for": "[2001:db8::7]:4711"}, 200),
        ({"x-forwarded-for": "2001:db8::7"}, 200),
        ({"x-forwarded-for": "203.0.113.9, 198.51.100.7"}, 200),
        ({"x-forwarded-for": "198.51.100.7, 10.0.0.3"}, 200),
        ({"x-forwarded-for": "198.51.100.7, 203.0.113.9"}, 403),
        ({"x-forwarded-for": "198.51.100.7, 203.0.113.9, 10.0.0.3"}, 403),
        ({"x-forwarded-for": "unknown"}, 403),
        ({"x-forwarded-for": ""}, 403),
        ({"forwarded": 'for="[2001:db8::7]:4711";proto=https;by=10.0.0.1'}, 200),
        ({"forwarded": "For=198.51.100.7"}, 200),
        ({"forwarded": "for=198.51.100.7, for=203.0.113.9"}, 403),
        ({"forwarded": 'for=198.51.100.7;x=", for="[2001:db8::9]"'}, 403),
        ({"forwarded": "by=10.0.0.1"}, 403),
        ({"forwarded": "for=198.51.100.7", "x-forwarded-for": "203.0.113.9"}, 403),
        ({"forwarded": "for=198.51.100.7", "x-forwarded-for": "198.51.100.7"}, 200),
        ({"via": "1.1 squid"}, 403),
        ({"x-forwarded-proto": "https"}, 403),
        ({}, 403),
    ],
)
def test_behind_a_trusted_proxy(fields: dict[str, str], status: int) -> None:
    response, phone = ask({**CURL, **fields}, access=PROXIED)
    assert (response.status, len(phone.pressed)) == (status, status == 200), response.body


@pytest.mark.parametrize(
    "told",
    [{"x-forwarded-proto": "https"}, {"forwarded": "for=198.51.100.7;proto=https"}],
    ids=["x", "rfc7239"],
)
def test_the_proxy_says_what_the_pages_own_scheme_is(told: dict[str, str]) -> None:
    fields = {**PART, "origin": "https://192.0.2.1:8080", "x-forwarded-for": "198.51.100.7", **told}
    assert ask(fields, access=PROXIED)[0].status == 200
    assert ask({**fields, "origin": OWN}, access=PROXIED)[0].status == 403


class LogIn:
    """Lets in to its own page, and to all who bring a cookie."""

    path = "/login"
    looks = "/static/"

    def lets_in(self, request: HttpRequest) -> bool:
        return request.path == self.path or b"cookie" in request.fields


def test_the_list_has_the_first_word_and_a_log_in_is_exempt_from_it_alone() -> None:
    access = Access(allow=AllowList.parse(""))

    def status(fields: dict[str, str], path: str) -> int:
        return ask(fields, access=access, path=path, door=LogIn())[0].status

    assert status(CURL, "/api/v1/state") == 401
    assert status(CURL, "/screen.txt") == 403
    assert status(CURL, "/login") == 200
    assert status({**CURL, "cookie": "a=b"}, "/api/v1/state") == 200
    assert status({**CURL, "cookie": "a=b"}, "/fcgi/do") == 403, "keys by URL are the list's matter"
    for path in ("/login", "/api/v1/state"):
        assert status({**CURL, "cookie": "a=b", "host": "evil.example"}, path) == 403
        assert status({**PART, "cookie": "a=b", "origin": EVIL}, path) == 403
    sent = ask(PAGE, access=access, path="/status", door=LogIn())[0]
    assert (sent.status, dict(sent.headers)[b"location"]) == (303, b"/login?next=/status")
    assert b"Allowed Access IP List" in ask({"host": "evil.example"}, access=access)[0].body


@pytest.mark.parametrize("query", [RESET, REBOOT])
def test_the_page_with_one_button(query: str) -> None:
    now = 1000.0
    phone = RecordingPhone()
    site = Site(phone, Access(), inner)
    site._endpoint._confirmation._clock = lambda: now

    def post(body: str, peer: str = "127.0.0.1", method: str = "POST") -> int:
        fields = headers({**PAGE, "content-type": "application/x-www-form-urlencoded"})
        request = HttpRequest(method, "/fcgi/do", b"", fields, peer, "http", body.encode())
        return ask_site(site, request).status

    page = ask_site(site, HttpRequest("GET", "/fcgi/do", query.encode(), headers(PAGE), "127.0.0.1", "http"))
    assert page.status == 403
    assert dict(page.headers)[b"content-type"] == b"text/html; charset=utf-8"
    assert dict(page.headers)[b"cache-control"] == b"no-store"
    assert dict(page.headers)[b"x-frame-options"] == b"DENY"
    text = page.body.decode()
    assert text.count("<button>") == 1
    token = text.partition('name="confirm" value="')[2].partition('"')[0]
    other = "action=Reboot" if query == RESET else "action=Reset"

    assert post(query) == 403
    assert post(f"{query}&confirm=1.2") == 403
    assert post(f"{query}&confirm=%C3%BC.%C3%BC") == 403
    assert post(f"{other}&confirm={token}") == 403, "it is good for what was asked"
    assert post(f"{query}&confirm={token}", peer="::1") == 403, "and for who asked"
    get = HttpRequest(
        "GET", "/fcgi/do", f"{query}&confirm={token}".encode(), headers(PAGE), "127.0.0.1", "http"
    )
    assert ask_site(site, get).status == 403, "a page can get without a click"
    assert not phone.pressed
    assert post(f"{query}&confirm={token}") == 200
    assert len(phone.pressed) == 1
    now += 121
    assert post(f"{query}&confirm={token}") == 403, "and for a while"


def test_a_setting_turns_the_page_off() -> None:
    response, phone = ask(PAGE, RESET, Access(confirm_page=False))
    assert response.status == 200
    assert phone.pressed


def test_nobody_gets_an_old_state_while_the_phone_boots() -> None:
    phone = RecordingPhone()
    site = Site(phone, Access(), inner)
    site.booting = True
    for method, path in (
        ("GET", "/fcgi/do"),
        ("HEAD", "/fcgi/do"),
        ("GET", "/api/v1/state"),
        ("PUT", "/fcgi/do"),
    ):
        response = ask_site(
            site, HttpRequest(method, path, b"keydown=OK", headers(CURL), "127.0.0.1", "http")
        )
        assert response.status == 503
        assert (b"retry-after", b"2") in response.headers
    assert not phone.pressed


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"origin": "http://192.0.2.1:8080"}, True),
        ({"origin": EVIL}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"host": "evil.example"}, False),
        ({"x-forwarded-for": "127.0.0.1"}, False),
        ({}, False),
        ({"user-agent": "python"}, True),
    ],
)
def test_websockets_are_judged_too(fields: dict[str, str], accepted: bool) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/events",
        "query_string": b"",
        "headers": headers({**BROWSER, **fields}),
        "client": ("127.0.0.1", 1),
        "scheme": "ws",
    }
    site = Site(RecordingPhone(), Access(), inner)
    asyncio.run(site(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["type"] == ("websocket.accept" if accepted else "websocket.close")
