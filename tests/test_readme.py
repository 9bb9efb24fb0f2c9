import re
from pathlib import Path

import pytest

from offhook.cli.announcement import of_farm
from offhook.listening import Listening
from offhook.option_sources import flag
from offhook.options import FarmOptions, Options, RunOptions, described, farm_options

README = Path(__file__).parent.parent / "README.md"


def table(model: type[Options]) -> str:
    rows = ["| option | default | |", "|---|---|---|"]
    for option in described(model):
        repeatable = " Repeatable." if option.shown.repeatable else ""
        cells = (
            f"`{flag(option.name)} {option.shown.metavar}`",
            option.default,
            f"{option.description}{repeatable}",
        )
        rows.append("| {} | {} | {} |".format(*(cell.replace("|", r"\|") for cell in cells)))
    return "\n".join(rows)


@pytest.mark.parametrize(("command", "model"), [("run", RunOptions), ("farm", FarmOptions)])
def test_the_tables_are_those_of_the_options(command: str, model: type[Options]) -> None:
    written = re.search(
        rf"<!-- options: {command} -->\n(.*?)\n?<!-- end -->", README.read_text("utf-8"), re.DOTALL
    )
    assert written is not None
    assert written[1] == table(model), (
        "the README has another table than this one, which is to be copied there"
    )


def test_the_first_call_is_the_one_that_the_farm_prints() -> None:
    phones = [
        Listening(
            phone.name,
            (f"http://127.0.0.1:{phone.http_port}",),
            f"127.0.0.1:{phone.sip_port}",
            f"127.0.0.1:{phone.sip_port}",
        )
        for phone in farm_options({"count": "3"}, {}).devices("020000000001")
    ]
    commands = [line.strip() for line in of_farm(phones) if "curl" in line]
    assert "\n".join(commands) in README.read_text("utf-8")
