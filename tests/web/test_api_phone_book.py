"""The phone book and the call log over the API."""

import asyncio
from urllib.parse import quote

from offhook.phone.phone_book import MOST_CONTACTS, PhoneBook, contact
from offhook.station import Station

from .api_client import Program, with_a_phone

ADA = {"name": "Ada", "numbers": [{"number": "1002", "label": "work"}], "groups": ["team"]}
PATH = "/phone-book/contacts"


def test_a_contact_comes_changes_and_goes(tmp_path):
    async def play(api: Program, station: Station) -> None:
        status, said = await api.ask("POST", PATH, {"name": " Ada ", "numbers": [{"number": "+49 (0)30-1"}]})
        assert (status, said["result"], said["contact"]["name"]) == (201, "done", "Ada")
        assert said["contact"]["numbers"] == [{"number": "+49301", "label": ""}], "as it is dialled"
        assert (await api.ask("POST", PATH, {**ADA, "name": "ADA"}))[0] == 409
        assert (await api.ask("PUT", f"{PATH}/ada", ADA))[0] == 200
        assert await api.get(f"{PATH}/ADA") == ADA
        assert (await api.ask("PUT", f"{PATH}/Bob", {**ADA, "name": "Bob"}))[0] == 201
        assert (await api.ask("PUT", f"{PATH}/Bob", ADA))[0] == 409, "names are unique"
        status, said = await api.ask("PUT", f"{PATH}/Bob", {**ADA, "name": "Robert"})
        assert (status, [each.name for each in station.memory.book]) == (200, ["Ada", "Robert"])
        assert (await api.ask("DELETE", f"{PATH}/robert"))[0] == 200
        for method in ("GET", "DELETE"):
            assert (await api.ask(method, f"{PATH}/Bob"))[0] == 404
        await api.ask("POST", "/actions/MakeCall", {"number": "1002"})
        assert (await api.get("/state"))["calls"][0]["name"] == "Ada"

    with_a_phone(tmp_path, play)


def test_any_name_can_stand_in_a_path(tmp_path):
    async def play(api: Program, _station: Station) -> None:
        for name in ("a/b", "../x", "100 %", "Jürgen #", "import", "csv"):
            assert (await api.ask("POST", PATH, {**ADA, "name": name}))[0] == 201, name
            assert (await api.get(f"{PATH}/{name}"))["name"] == name
            assert (await api.ask("DELETE", f"{PATH}/{name}"))[0] == 200, name
        for method, sent in (("GET", None), ("PUT", ADA), ("DELETE", None)):
            assert (await api.ask(method, f"{PATH}/two\nlines", sent))[0] == 404, "no name has two lines"

    with_a_phone(tmp_path, play)


def test_what_is_wrong_with_a_contact(tmp_path):
    async def play(api: Program, station: Station) -> None:
        for sent, where in (
            ({"name": "Ada"}, "numbers"),
            ({**ADA, "numbers": []}, "numbers"),
            ({**ADA, "numbers": [{"number": "1"}, {"number": "!"}]}, "numbers.1.number"),
            ({**ADA, "numbers": [{"number": "1"}] * 17}, "numbers"),
            ({**ADA, "name": ""}, "name"),
            ({**ADA, "name": "\u202e\t"}, "name"),
            ({**ADA, "name": "x" * 101}, "name"),
            ({**ADA, "age": 7}, "age"),
        ):
            status, said = await api.ask("POST", PATH, sent)
            assert (status, list(said["wrong"])) == (422, [where])
        assert len(station.memory.book) == 0

    with_a_phone(tmp_path, play)


def test_they_are_found_by_name_group_and_number_page_by_page(tmp_path):
    async def play(api: Program, station: Station) -> None:
        people = [
            contact(f"P{each:03}", [(f"0171 {each:05}", "")], ["odd" if each % 2 else "even"])
            for each in range(300)
        ]
        await station.change_book(PhoneBook([*people, contact("Ada", [("sip:ada@example.org", "")])]))
        for search, total in (
            ("p00", 10),
            ("ADA", 1),
            ("odd", 150),
            ("0171-00007", 1),
            ("example.org", 1),
            ("zz", 0),
            ("", 301),
        ):
            assert (await api.get(f"{PATH}?search={quote(search)}"))["total"] == total, search
        page = await api.get(f"{PATH}?search=odd&offset=140&limit=20")
        assert [each["name"] for each in page["contacts"]] == [f"P{each:03}" for each in range(281, 300, 2)]
        assert len((await api.get(PATH))["contacts"]) == 100
        for query in ("limit=0", "limit=1001", "offset=-1", "offset=x", "limit="):
            assert (await api.ask("GET", f"{PATH}?{query}"))[0] == 422, query

    with_a_phone(tmp_path, play)


def test_files_come_and_go(tmp_path):
    async def play(api: Program, station: Station) -> None:
        csv = {"content-type": "text/csv"}
        status, said = await api.ask("POST", "/phone-book.csv", b"name,number\nAda,1002\nNobody,!\n", **csv)
        assert (status, said["read"], said["total"], len(said["left_out"])) == (200, 1, 1, 1)
        for kind, media_type in (("csv", "text/csv"), ("vcf", "text/vcard"), ("xml", "application/xml")):
            written = await api.get(f"/phone-book.{kind}")
            assert api.last.headers["content-type"].partition(";")[0] == media_type
            assert f"phone-book.{kind}" in api.last.headers["content-disposition"]
            await station.change_book(PhoneBook())
            assert (await api.ask("PUT", f"/phone-book.{kind}", written, **{"content-type": media_type}))[
                0
            ] == 200
            assert [each.name for each in station.memory.book] == ["Ada"], kind
        await api.ask("POST", "/phone-book.csv", b"name,number\nBob,7\n", **csv)
        assert len(station.memory.book) == 2
        assert (await api.ask("PUT", "/phone-book.csv", b"name,number\nEve,8\n", **csv))[1]["total"] == 1
        for kind, data, headers, status in (
            ("csv", b"", csv, 422),
            ("csv", b"name,number\nNobody,!\n", csv, 422),
            ("vcf", b"\xff\x00", csv, 422),
            ("xml", b"<!DOCTYPE x><x/>", csv, 422),
            ("doc", b"x", csv, 404),
            ("csv", b"name,number\nA,1\n", {"content-type": "text/plain"}, 415),
            ("csv", b"name,number\nA,1\n", {"content-type": "multipart/form-data; boundary=x"}, 415),
            ("csv", b"x" * (4 * 1024 * 1024 + 1), csv, 413),
        ):
            assert (await api.ask("PUT", f"/phone-book.{kind}", data, **headers))[0] == status, (
                kind,
                data[:20],
            )
        assert [each.name for each in station.memory.book] == ["Eve"]

    with_a_phone(tmp_path, play)


def test_none_of_many_changes_at_once_is_lost_and_a_book_gets_full(tmp_path):
    async def play(api: Program, station: Station) -> None:
        others = [Program(api.browser, api.token) for _ in range(20)]
        sent = [other.ask("POST", PATH, {**ADA, "name": f"P{place}"}) for place, other in enumerate(others)]
        assert [status for status, _ in await asyncio.gather(*sent)] == [201] * 20
        assert len(station.memory.book) == 20
        await station.change_book(
            PhoneBook(contact(f"P{each}", [(str(each), "")]) for each in range(MOST_CONTACTS))
        )
        status, said = await api.ask("POST", PATH, ADA)
        assert (status, "5000" in said["text"]) == (409, True)

    with_a_phone(tmp_path, play)


def test_the_call_log_has_the_newest_first(tmp_path):
    async def play(api: Program, station: Station) -> None:
        for number in ("1002", "1003"):
            await api.ask("POST", "/actions/MakeCall", {"number": number})
            await api.ask("POST", "/actions/CallEnd")
        await station.change_book(PhoneBook([contact("Ada", [("1002", "")])]))
        said = await api.get("/call-log")
        assert (said["total"], [each["number"] for each in said["calls"]]) == (2, ["1003", "1002"])
        newest, oldest = said["calls"]
        assert (oldest["name"], oldest["kind"], oldest["account"], oldest["duration"]) == (
            "Ada",
            "dialled",
            1,
            0.0,
        )
        assert newest["started"].endswith("+00:00")
        assert (await api.get("/call-log?kind=missed")) == {"total": 0, "calls": []}
        assert [each["number"] for each in (await api.get("/call-log?offset=1&limit=1"))["calls"]] == ["1002"]
        assert (await api.ask("DELETE", "/call-log"))[0] == 200
        assert (await api.get("/call-log"))["total"] == 0
        for query in ("kind=lost", "limit=101", "offset=-1"):
            assert (await api.ask("GET", f"/call-log?{query}"))[0] == 422, query

    with_a_phone(tmp_path, play)
