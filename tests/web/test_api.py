"""The JSON API of a phone: keys, functions, state, settings."""

import asyncio
import json
import socket
from typing import Any

from offhook.action_uri.answer_line import RESULTS
from offhook.flash.flash import FILE_NAME, Flash, NotSaved
from offhook.host import Host
from offhook.options import run_options
from offhook.phone.events import Function, Key
from offhook.station import Station
from offhook.web.api.answer import STATUS, Result
from offhook.web.api.state_schema import State

from .api_client import Program, program, stranger, with_a_phone
from .browser import ELSEWHERE, Browser

# --- keys and functions


def test_keys_are_pressed_in_order(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        keys = [{"down": "1"}, {"down": "Pound"}, {"down": "*"}]
        status, said = await api.ask("POST", "/keys", {"keys": keys})
        assert (status, said["result"], said["pressed"]) == (200, "done", 3)
        assert (await api.get("/state"))["entry"] == "1#*"

    with_a_phone(tmp_path, play)


def test_the_first_key_that_is_refused_ends_it(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        keys = [{"down": "VolumeUp"}, {"down": "Cancel"}, {"down": "5"}]
        status, said = await api.ask("POST", "/keys", {"keys": keys})
        assert (status, said["result"], said["pressed"]) == (409, "not_now", 1)
        state = await api.get("/state")
        assert (state["volume"]["ringer"], state["entry"]) == (9, "")

    with_a_phone(tmp_path, play)


NO_KEYS = [
    ({"down": "ok"}, "letter case"),
    ({"down": "#"}, "Pound"),
    ({"down": "Q"}, "VolumeUp"),
    ({"up": "OK"}, "Hook"),
]


def test_none_is_pressed_where_one_is_no_key(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        for key, hint in NO_KEYS:
            status, said = await api.ask("POST", "/keys", {"keys": [{"down": "1"}, key]})
            assert (status, said["result"], said["pressed"]) == (400, "invalid", 0)
            assert hint in said["text"]
        assert (await api.get("/state"))["entry"] == ""

    with_a_phone(tmp_path, play)


def test_every_key_and_every_function_is_known(tmp_path):
    async def play(api: Program, station: Station) -> None:
        for key in Key:
            assert (await api.ask("POST", "/keys", {"keys": [{"down": key}]}))[0] in {200, 202, 409}, key
        for function in set(Function) - {Function.REBOOT, Function.RESET}:
            assert (await api.ask("POST", f"/actions/{function}"))[0] in {200, 409}, function
        assert (await api.ask("POST", "/actions/Reboot"))[1]["result"] == "done"
        status, said = await api.ask("POST", "/keys", {"keys": [{"down": "1"}]})
        assert (status, said["result"], api.last.headers["retry-after"]) == (503, "booting", "2")

    with_a_phone(tmp_path, play)


def test_a_call_is_made_and_ended_by_its_id(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        assert (await api.ask("POST", "/actions/MakeCall", {"number": "1002", "lineID": 1}))[0] == 200
        [call] = (await api.get("/state"))["calls"]
        assert call["remote"] == "sip:1002@127.0.0.1"
        assert (await api.ask("POST", "/actions/CallEnd", {"call": "nobody"}))[0] in {400, 409}
        assert (await api.ask("POST", "/actions/CallEnd", {"call": call["id"]}))[0] == 200
        assert (await api.get("/state"))["calls"] == []

    with_a_phone(tmp_path, play)


CANNOT_WORK = [
    ("/actions/MakeCall", {}, 400, "number"),
    ("/actions/MakeCall", None, 400, "number"),
    ("/actions/MakeCall", {"number": "12", "line": "1001", "lineID": 1}, 400, "not both"),
    ("/actions/MakeCall", {"number": "12", "line": "1009"}, 400, "1009"),
    ("/actions/MakeCall", {"number": "12", "lineid": 1}, 422, "lineid means nothing here"),
    ("/actions/MakeCall", {"number": ""}, 422, "number"),
    ("/actions/MakeCall", {"number": "1\n2"}, 422, "number"),
    ("/actions/MakeCall", {"number": "1" * 256}, 422, "255"),
    ("/actions/MakeCall", {"number": 12}, 422, "number is no text"),
    ("/actions/MakeCall", {"number": "!"}, 400, "!"),
    ("/actions/Hold", None, 409, "call"),
    ("/actions/Mute", {"call": "x"}, 400, "takes no call"),
    ("/actions/hold", None, 404, "Hold is: letter case counts"),
    ("/actions/Juggle", None, 404, "MakeCall"),
    ("/keys", {"keys": []}, 422, "keys"),
    ("/keys", {"keys": [{}]}, 422, "Hook"),
    ("/keys", {"keys": [{"down": "1", "up": "Hook"}]}, 422, "keys.0"),
    ("/keys", {"keys": [{"down": None}]}, 422, "keys.0.down is no text"),
    ("/keys", {"keys": [{"down": "1"}] * 101}, 422, "100"),
    ("/keys", {}, 422, "keys is missing"),
    ("/keys", [], 422, ""),
    ("/keys", None, 422, "missing"),
]


def test_what_cannot_work_is_said(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        for path, sent, status, hint in CANNOT_WORK:
            answered, said = await api.ask("POST", path, sent)
            assert answered == status, (path, sent, said)
            assert hint in said["text"], (path, sent, said)
            assert set(said) <= {"result", "text", "wrong", "pressed"}
            assert ("wrong" in said) is (status == 422), (path, sent, said)

    with_a_phone(tmp_path, play)


# --- what is sent, and how

DEEP = b'{"keys":' + b"[" * 30000 + b"]" * 30000 + b"}"


BODIES = [
    (b"{", "application/json", 400),
    (b"\xff\xfe", "application/json", 400),
    (DEEP, "application/json", 400),
    (b'{"keys": [{"down": "\\ud800"}]}', "application/json", 422),
    (b'{"\\ud800": 1}', "application/json", 422),
    (b'{"keys": [{"down": NaN}]}', "application/json", 422),
    (b'{"keys": [{"down": "1"}]}', "text/plain", 415),
    (b"keys=1", "application/x-www-form-urlencoded", 415),
    (b'{"keys": [{"down": "1"}]}', "", 415),
    (b" " * 65537, "application/json", 413),
    (b'{"keys": [{"down": "1"}]}', "Application/JSON; charset=utf-8", 200),
]


def test_bodies(tmp_path, caplog):
    async def play(api: Program, _station: Station) -> None:
        for body, kind, status in BODIES:
            answered, said = await api.ask("POST", "/keys", body, **({"content-type": kind} if kind else {}))
            assert answered == status, (body[:60], said)
            assert said["text"]

    with_a_phone(tmp_path, play)
    assert "Traceback" not in caplog.text


def test_a_form_reaches_nothing(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        form = {"content-type": "application/x-www-form-urlencoded"}
        api = stranger(station)
        assert (await api.ask("POST", "/actions/DNDOn", b"", **form))[0] == 415
        assert (await api.ask("POST", "/actions/DNDOn", b"", **{"content-type": "text/plain"}))[0] == 415
        assert not station.state()["dnd"]
        assert (await api.ask("POST", "/actions/DNDOn"))[0] == 200, (
            "curl -X POST, from an address on the list"
        )

    with_a_phone(tmp_path, play)


def test_with_a_cookie_a_post_is_json(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        browser = Browser(station)
        await browser.log_in()
        assert (await browser.ask("POST", "/api/v1/actions/DNDOn")).status == 415
        assert (
            await browser.ask("POST", "/api/v1/actions/DNDOn", headers={"content-type": "application/json"})
        ).status == 200
        assert (await browser.get("/api/v1/settings")).status == 200
        foreign = {"content-type": "application/json", "origin": "https://evil.example"}
        assert (
            await browser.ask("PATCH", "/api/v1/settings", b'{"calls.dnd": false}', foreign)
        ).status == 403
        assert station.state()["dnd"]

    with_a_phone(tmp_path, play)


NOTHING = [
    ("GET", "/nothing", 404, None),
    ("GET", "/state/", 404, None),
    ("GET", "/", 404, None),
    ("PUT", "/keys", 405, "POST"),
    ("POST", "/state", 405, "GET, HEAD"),
    ("POST", "/settings", 405, "DELETE, GET, HEAD, PATCH"),
    ("PATCH", "/phone-book.csv", 405, "GET, HEAD, POST, PUT"),
    ("OPTIONS", "/keys", 405, "POST"),
]


def test_where_there_is_nothing(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        for method, path, status, allow in NOTHING:
            answered, said = await api.ask(method, path)
            assert answered == status, (method, path)
            assert api.last.headers.get("allow") == allow, (method, path)
            assert set(said) == {"result", "text"}

    with_a_phone(tmp_path, play)


def test_head_is_answered_as_get(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        for path in ("/state", "/settings", "/openapi.json"):
            assert (await api.ask("HEAD", path))[0] == 200
        assert (await api.ask("HEAD", "/trace"))[0] == 409

    with_a_phone(tmp_path, play)


# --- who may

OPEN = ("/state", "/screen", "/accounts", "/openapi.json")
LOCKED = (
    "/settings",
    "/settings/calls.dnd",
    "/call-log",
    "/phone-book/contacts",
    "/phone-book.csv",
    "/trace",
)


def test_from_the_list_keys_and_state_but_no_settings(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        api = stranger(station)
        for path in OPEN:
            assert (await api.ask("GET", path))[0] == 200, path
        assert (await api.ask("POST", "/keys", {"keys": [{"down": "1"}]}))[0] == 200
        for path in LOCKED:
            status, said = await api.ask("GET", path)
            assert (status, said["result"]) == (401, "not_logged_in"), path
            assert api.last.headers["www-authenticate"].startswith("Bearer")
        for method, path in (("PATCH", "/settings"), ("POST", "/trace/start"), ("PUT", "/phone-book.csv")):
            # Before anything of the body is looked at.
            assert (await api.ask(method, path, b"{", **{"content-type": "application/json"}))[0] == 401, path

    with_a_phone(tmp_path, play)


def test_from_elsewhere_with_a_token_alone(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        api = await program(station, ELSEWHERE)
        for path in (*OPEN, *LOCKED[:-1]):
            assert (await api.ask("GET", path))[0] == 200, path
        api.token = None
        for path in (*OPEN, *LOCKED):
            status, said = await api.ask("GET", path)
            assert (status, set(said)) == (401, {"result", "text"}), path
            assert "www-authenticate" in api.last.headers

    with_a_phone(tmp_path, play)


def test_with_the_factory_password_from_elsewhere_nothing(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        browser = Browser(station, ELSEWHERE)
        await browser.log_in()
        for path in (*OPEN, *LOCKED):
            answer = await browser.get(f"/api/v1{path}", accept="application/json")
            assert (answer.status, json.loads(answer.body)["result"]) == (403, "not_allowed"), path

    with_a_phone(tmp_path, play)


def test_what_the_guard_says_has_the_same_words():
    for status, result in RESULTS.items():
        assert STATUS[Result(result)] == status


def test_a_trusted_page_may_not_reset(tmp_path):
    async def play(_api: Program, station: Station) -> None:
        await station.change({"access.trusted_origins": ["https://crm.example.org"]})
        api = stranger(station)
        origin = {"origin": "https://crm.example.org"}
        assert (await api.ask("POST", "/actions/DNDOn", {}, **origin))[0] == 200
        assert (await api.ask("POST", "/actions/Reset", {}, **origin))[0] == 403
        assert station.state()["dnd"]

    with_a_phone(tmp_path, play)


# --- state


def test_the_state_is_as_it_is_described(tmp_path):
    async def play(api: Program, station: Station) -> None:
        async def hold() -> dict[str, Any]:
            state = await api.get("/state")
            State.model_validate_json(json.dumps(state), strict=True)
            return state

        await hold()
        await api.ask("POST", "/keys", {"keys": [{"down": "OK"}]})
        assert (await hold())["screen"]["selected"] == 0
        await api.ask("POST", "/actions/MakeCall", {"number": "1002"})
        assert (await hold())["calls"]
        await api.ask("PATCH", "/settings", {"notify.webhook": "http://127.0.0.1:9/", "calls.dnd": True})
        await api.ask("PATCH", "/settings", {"autop.url": "http://127.0.0.1:9/"})
        assert (await api.ask("POST", "/actions/AutoPNow"))[0] == 200
        async with asyncio.timeout(10):
            while (state := await hold())["autop"]["last"] is None or not state["notify"]["failures"][
                "webhook"
            ]:
                await asyncio.sleep(0.05)
        await hold()
        assert await api.get("/screen") == station.state()["screen"]
        assert await api.get("/accounts") == station.state()["accounts"]
        assert await api.get("/accounts/1") == station.state()["accounts"][0]
        assert (await api.ask("GET", "/accounts/2"))[0] == 404
        assert (await api.ask("GET", "/accounts/x"))[0] == 422

    with_a_phone(tmp_path, play)


# --- settings


def test_every_setting_is_shown_with_what_it_means(tmp_path):
    async def play(api: Program, station: Station) -> None:
        await station.change(
            {"accounts.3.user": "1003", "accounts.3.password": "geheim99", "calls.dnd": True}
        )
        settings = await api.get("/settings")
        dnd = settings["calls.dnd"]
        assert (dnd["value"], dnd["factory"], dnd["layer"], dnd["kind"]) == (True, False, "user", "yes_or_no")
        assert settings["accounts.1.user"]["layer"] == "factory"
        assert settings["calls.reject_code"]["layer"] == "built_in"
        assert settings["calls.refer"]["choices"] == ["follow", "ask", "refuse"]
        assert settings["dial.replace"]["kind"] == "list"
        password = settings["accounts.3.password"]
        assert (password["value"], password["factory"], password["set"]) == (None, None, True)
        assert not settings["accounts.1.password"]["set"]
        assert settings["web.tokens"]["set"]
        for name in ("web.password", "web.tokens"):
            status, _ = await api.ask("DELETE", f"/settings/{name}")
            assert status == 422, "a token that went astray is not to open the door for good"
        assert b"geheim99" not in api.last.body
        assert await api.get("/settings/accounts.16.codecs") == {
            **settings["accounts.1.codecs"],
            "layer": "built_in",
        }

    with_a_phone(tmp_path, play)


def test_settings_change_all_or_none(tmp_path):
    async def play(api: Program, station: Station) -> None:
        status, said = await api.ask("PATCH", "/settings", {"calls.dnd": "yes", "calls.reject_code": 603})
        assert (status, said["result"], said["settings"]["calls.dnd"]["value"]) == (200, "done", True)
        assert station.state()["dnd"]
        before = station.layers
        wrong = {
            "calls.dnd": False,
            "calls.reject_code": 600,
            "calls.dn": 1,
            "sound.ringer": 1.5,
            "accounts.17.user": "x",
        }
        status, said = await api.ask("PATCH", "/settings", wrong)
        assert (status, said["result"]) == (422, "wrong_value")
        assert station.layers == before
        status, said = await api.ask("PATCH", "/settings", {"calls.dnd": False, "calls.reject_code": 600})
        assert (status, set(said["wrong"])) == (422, {"calls.reject_code"})
        assert "404, 480, 486, 603" in said["wrong"]["calls.reject_code"]
        assert (await api.ask("PATCH", "/settings", {}))[0] == 422

    with_a_phone(tmp_path, play)


def test_settings_are_set_back_all_or_none(tmp_path):
    async def play(api: Program, station: Station) -> None:
        await station.change({"calls.dnd": True, "sound.ringer": 3, "accounts.1.display_name": "Ada"})
        assert (await api.ask("DELETE", "/settings?name=calls.dnd&name=calls.dn"))[0] == 422
        assert station.state()["dnd"]
        status, said = await api.ask("DELETE", "/settings?name=calls.dnd&name=sound.ringer")
        assert (status, said["settings"]["sound.ringer"]["value"]) == (200, 8)
        assert not station.state()["dnd"]
        assert (await api.ask("DELETE", "/settings/accounts.1.display_name"))[0] == 200
        assert set(station.layers.user) == {"web.tokens"}
        assert (await api.ask("DELETE", "/settings"))[0] == 422, "nothing is forgotten by a slip"
        for method in ("GET", "DELETE"):
            assert (await api.ask(method, "/settings/calls.dn"))[0] == 404
        assert "calls.dnd" in api.last.text

    with_a_phone(tmp_path, play)


def test_half_of_a_rule_is_not_set_back(tmp_path):
    async def play(api: Program, station: Station) -> None:
        await station.change({"access.credential": "also", "access.password": "geheim12"})
        status, said = await api.ask("DELETE", "/settings/access.password")
        assert (status, "password" in said["text"]) == (422, True)
        assert "access.password" in station.layers.user

    with_a_phone(tmp_path, play)


def test_a_password_in_a_url_is_left_out_and_not_written_back(tmp_path):
    async def play(api: Program, station: Station) -> None:
        await station.change({"notify.webhook": "http://me:geheim12@127.0.0.1:9/"})
        shown = await api.get("/settings/notify.webhook")
        assert (shown["value"], shown["masked"]) == ("http://me:…@127.0.0.1:9/", True)
        assert (await api.ask("PATCH", "/settings", {"notify.webhook": shown["value"]}))[0] == 422
        assert "geheim12" in str(station.layers.user)

    with_a_phone(tmp_path, play)


def test_what_is_not_saved_is_said(tmp_path, monkeypatch):
    async def play(api: Program, station: Station) -> None:
        def full(_change: object) -> asyncio.Future[None]:
            saved = asyncio.get_running_loop().create_future()
            saved.set_exception(NotSaved("database or disk is full"))
            return saved

        contact = {"name": "Ada", "numbers": [{"number": "1002"}]}
        with monkeypatch.context() as patch:
            patch.setattr(station.memory._flash, "save", full)
            for method, path, sent in (
                ("PATCH", "/settings", {"calls.reject_code": 603}),
                ("DELETE", "/settings/calls.reject_code", None),
                ("POST", "/phone-book/contacts", contact),
                ("POST", "/actions/DNDOn", None),
            ):
                status, said = await api.ask(method, path, sent)
                assert (status, said["result"]) == (507, "not_saved"), path
                assert "disk is full" in said["text"]
        assert station.layers.settings.calls.reject_code == 486
        assert len(station.memory.book) == 0

    with_a_phone(tmp_path, play)


# --- how it is answered


def test_no_answer_waits_for_an_acknowledgement(tmp_path):
    """Head and body are written one after the other, which Nagle's algorithm holds back for 40 ms."""

    async def run() -> None:
        host = Host(Flash(tmp_path / FILE_NAME))
        options = run_options({"http_port": "0", "https_port": "0", "sip_port": "0"}, {})
        [listening] = await host.start([options.device("0c1105000001")])
        try:
            port = int(listening.web[0].rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/v1/state HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            [listener] = host._http.listeners
            [connection] = listener._connections
            accepted = connection.transport.get_extra_info("socket")
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()
        finally:
            await host.stop()

    asyncio.run(run())
