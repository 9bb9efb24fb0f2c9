"""Opus is spoken where its library is, and never pretended where it is not."""

import pytest

from offhook import spoken_codecs
from offhook.options import notices, run_options
from offhook.out_of_service import why_out_of_service
from offhook.settings.phone_settings import settings_of
from offhook.sip.account import Account
from offhook.spoken_codecs import what_is_left_out, with_codecs_present

BOTH = Account(1, "1001", "pbx", codecs=("OPUS", "PCMA"))
OPUS_ALONE = Account(1, "1001", "pbx", codecs=("OPUS",))


@pytest.fixture(params=[True, False], ids=["with libopus", "without"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(spoken_codecs, "libopus", lambda: object() if request.param else None)
    return bool(request.param)


def test_what_is_left(installed: bool) -> None:
    assert with_codecs_present(BOTH).codecs == (("OPUS", "PCMA") if installed else ("PCMA",))
    assert (what_is_left_out(BOTH) is None) == installed
    assert why_out_of_service(BOTH) is None
    why = why_out_of_service(OPUS_ALONE)
    assert why is None if installed else why is not None and "libopus0" in why


def test_the_start_says_so(installed: bool) -> None:
    options = run_options({"account": ["sip:1@a;codecs=opus,pcmu", "sip:2@a;codecs=opus", "sip:3@a"]}, {})
    device = options.device(mac="0c1105000001")
    said = notices([(device, settings_of(device.factory))], {})
    assert len(said) == (0 if installed else 2)
    if not installed:
        assert said[0].startswith("account 1, 1@a: Opus needs the library libopus")
        assert said[0].endswith("its calls go without")
        assert said[1].endswith("this account stays out of service")


def test_nobody_looks_for_a_library_that_no_account_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken_codecs, "libopus", lambda: pytest.fail("it was looked for"))
    assert with_codecs_present(Account(1, "1001", "pbx")).codecs == ("PCMU", "PCMA", "G722")
