"""What is told of the API to people: the page and the document. A phone is asked each of their examples."""

import html
import re
import shlex
from pathlib import Path

from offhook.station import Station

from .api_client import Program, with_a_phone
from .browser import ELSEWHERE, Browser

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "api.md"
FILES = {"@contacts.csv": "name,number\nAda,1002\n"}
CONTINUES = "/events"


async def asked(api: Program, curl: str) -> int:
    """The status of what a line for a shell asks."""
    words = iter(shlex.split(curl)[1:])
    method, path, headers, body = "GET", "", {}, None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name.lower()] = value.replace("$TOKEN", api.token or "")
            case "-d" | "--data-binary":
                body = next(words)
                body = FILES.get(body, body).encode()
                method = "POST" if method == "GET" else method
            case "-N":
                pass
            case _:
                path = word.partition("/api/v1")[2]
    # Only what the line itself says is shown.
    program = Program(api.browser)
    return 200 if path == CONTINUES else (await program.ask(method, path, body, **headers))[0]


def test_every_example_of_the_page_works(tmp_path):
    async def play(api: Program, station: Station) -> None:
        page = await Browser(station).get("/api/")
        assert page.status == 200
        examples = [html.unescape(each) for each in re.findall(r"<pre[^>]*>(curl .*?)</pre>", page.text)]
        assert len(examples) > 20
        station.sip_trace.start()
        for example in examples:
            if "MakeCall" in example:
                await api.ask("POST", "/actions/CallEnd")
            assert await asked(api, example) in {200, 201}, example

    with_a_phone(tmp_path, play)


def test_every_example_of_the_document_works(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        examples = re.findall(r"^curl .*$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
        assert len(examples) > 8
        for example in examples:
            if "MakeCall" in example:
                await api.ask("POST", "/actions/CallEnd")
            assert await asked(api, example) in {200, 201}, example

    with_a_phone(tmp_path, play)


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        page = (await Browser(api.browser.station).get("/api/")).text
        document = await api.get("/openapi.json")
        assert document["openapi"].startswith("3.1")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                assert f'id="{operation["operationId"]}"' in page
                assert f"{method.upper()}</span> <code>/api/v1{path}</code>" in page
        for name in document["components"]["schemas"]:
            assert f'id="{name}"' in page
        linked = re.findall(r'(?:src|href)="([^"#]+)"', page)
        assert all(each.startswith("/") and not each.startswith("//") for each in linked), linked
        assert "style=" not in page
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)

    with_a_phone(tmp_path, play)


def test_the_description_names_this_phone_s_cookie(tmp_path):
    async def play(api: Program, station: Station) -> None:
        schemes = (await api.get("/openapi.json"))["components"]["securitySchemes"]
        assert schemes["session"]["name"] == "offhook-0c1105000001"
        assert (await Browser(station, ELSEWHERE).get("/api/")).location == "/login?next=/api/"

    with_a_phone(tmp_path, play)
