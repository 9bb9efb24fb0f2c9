"""What a line of the log says, and what it never does."""

import json
import logging
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.log.entry import LONGEST, LONGEST_TRACEBACK, Entry, legible
from offhook.log.handler import LogHandler
from offhook.log.kept_log import KeptLog
from offhook.log.lines import LogFormat, json_line, text_line
from offhook.log.whose import PhoneLog, log_of
from offhook.sip.redaction import redacted

from .stream import Stream


def record(message: str, *values: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("offhook.legs", logging.WARNING, __file__, 1, message, values, None)
    made.created = 1_700_000_000.25
    for name, value in more.items():
        setattr(made, name, value)
    return made


def raised(error: Exception) -> logging.LogRecord:
    made = record("it failed")
    made.exc_info = (type(error), error, error.__traceback__)
    return made


def test_both_formats_tell_the_same():
    entry = Entry.of(record("%s lost", 3, call="c0ffee", account=2), "1001")
    assert text_line(entry) == (
        "2023-11-14T22:13:20.250Z WARNING offhook.legs: phone 1001, account 2, call c0ffee: 3 lost"
    )
    assert json.loads(json_line(entry)) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "logger": "offhook.legs",
        "phone": "1001",
        "account": 2,
        "call": "c0ffee",
        "message": "3 lost",
    }


def test_what_does_not_apply_is_not_said():
    entry = Entry.of(record("hello", account=None), None)
    assert text_line(entry) == "2023-11-14T22:13:20.250Z WARNING offhook.legs: hello"
    assert json.loads(json_line(entry)).keys() == {"time", "level", "logger", "message"}


@pytest.mark.parametrize(
    "forged",
    [
        "Busy\n2023-11-14T22:13:20.250Z INFO offhook: registered",
        "Busy\r\n{}",
        "Busy\x1b[2J\x1b]0;owned\x07",
        "Busy\u2028line\u2029paragraph",
        "Busy\x85next\x9b2J",
        "Busy\u202edesrever",
        "Busy\ud800surrogate",
        "Busy\x00",
    ],
)
@pytest.mark.parametrize("line", [text_line, json_line])
def test_the_far_end_cannot_forge_a_line(forged, line):
    shown = line(Entry.of(record("not registered: 486 %s", forged), None))
    assert shown.isprintable()
    assert "Busy" in shown


@pytest.mark.parametrize("line", [text_line, json_line])
def test_what_is_raised_cannot_forge_a_line_either(line):
    entry = Entry.of(raised(ValueError("no\n2023-11-14T22:13:20.250Z INFO offhook: registered\x1b[2J")), None)
    shown = line(entry)
    first, *others = shown.split("\n")
    assert "it failed" in first
    assert all(other.startswith("    ") and other.isprintable() for other in others)
    if line is json_line:
        assert others == []
        assert "ValueError" in json.loads(shown)["exception"]
    else:
        assert "ValueError" in others[0]


@pytest.mark.parametrize(
    "message",
    [
        "INVITE sent to sip:anna:hush@pbx.example",
        "Authorization: Digest username=anna, response=hush",
        "not fetched from https://anna:hush@pbx.example/cfg",
        "not fetched from https://anna:h@hush@pbx.example/cfg",
        "referred to a@b?Referred-By=sip%3Aanna%3Ahush%40pbx",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:hush",
    ],
)
def test_secrets_are_left_out(message):
    entry = Entry.of(record("%s", message), None)
    assert "hush" not in text_line(entry) + json_line(entry)
    entry = Entry.of(raised(ValueError(message)), None)
    assert "hush" not in text_line(entry) + json_line(entry) + (entry.raised or "")


PIECES = ["sip:", "sips:", "SIP%3A", "https://", "a", "hush", ":", "@", "%3a", "%40", "/", " ", "<", ">", "?"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example(["sip:", "a", ":", "<", "@"])
def test_the_short_way_leaves_out_what_the_long_one_does(parts):
    text = "".join(parts)
    assert legible(text) == redacted(text.encode()).decode()


def test_what_is_no_secret_stays():
    said = "INVITE sent to sip:anna@pbx.example: Müller, 100 %"
    assert legible(said) == said


def test_neither_a_message_nor_a_traceback_is_endless():
    assert len(legible("x" * 100_000)) == LONGEST

    def deep(left: int) -> None:
        if not left:
            raise ValueError("x" * 100_000)
        deep(left - 1)

    try:
        deep(5)
    except ValueError:
        made = record("it failed")
        made.exc_info = sys.exc_info()
    entry = Entry.of(made, None)
    assert entry.trace is not None
    assert len(entry.trace) == LONGEST_TRACEBACK
    assert len(entry.raised or "") == LONGEST


def test_what_could_not_be_written_is_said_once_there_is_room():
    class Full(Stream):
        left_out = 3

        def lost(self) -> int:
            lost, self.left_out = self.left_out, 0
            return lost

    stream, kept = Full(), KeptLog()
    with log_of(PhoneLog(None, kept)):
        for message in ("one", "two"):
            LogHandler(stream, LogFormat.JSON).handle(record(message))
    told = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert told == ["3 lines were not written here", "one", "two"]
    assert [entry.message for _, entry in kept.entries()] == ["one", "two"]
