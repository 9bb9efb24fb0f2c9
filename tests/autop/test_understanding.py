"""What is said of values that are wrong: where they stand, and not what they are."""

import pytest

from offhook.autop.configuration_file import parse
from offhook.autop.understanding import BadConfiguration, understand
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import NAMES, BadSettings

MARK = "Se5ame9"
VALUES = (MARK, f"{MARK}@", f"1, {MARK}=/", f'"{MARK} {MARK}"', f'["{MARK}:"]', MARK * 20, f"{MARK}:99999")


def said(line: str) -> str:
    try:
        understood = understand(parse(line.encode(), "phone.cfg"))
    except BadConfiguration as bad:
        return str(bad)
    try:
        Layers({}).understood(understood.changes)
    except BadSettings as bad:
        return understood.told(bad.wrong)
    return ""


@pytest.mark.parametrize("setting", NAMES)
def test_no_wrong_value_is_repeated(setting: str) -> None:
    for value in VALUES:
        assert MARK.lower() not in said(f"Config.Offhook.{setting} = {value}\n").lower(), value


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Config.Account1.SIP.Port = 99999", "line 1 of phone.cfg, Config.Account1.SIP.Port: PORT must be"),
        (
            "Config.Offhook.calls.reject_code = 999",
            "Config.Offhook.calls.reject_code: that is no code",
        ),
        (
            f"Config.Offhook.calls.reject_code = {MARK * 9}",
            "that is no code to refuse a call with; write one of 404, 480, 486, 603",
        ),
        (
            f"Config.Offhook.calls.reject_code = {MARK * 30}",
            "that is no code to refuse a call with; write one of 404, 480, 486, 603",
        ),
        ("Config.Account1.GENERAL.Enable = maybe", "Config.Account1.GENERAL.Enable: that is none of 0, 1"),
    ],
)
def test_what_is_said(line: str, why: str) -> None:
    assert why in said(f"{line}\n")
