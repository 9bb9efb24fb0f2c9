import logging

from offhook.log.entry import Entry
from offhook.log.kept_log import MOST_KEPT, MOST_OCTETS, PHONES_AT_MOST, KeptLog


def entry(message: str, level: int = logging.INFO, call: str | None = None) -> Entry:
    return Entry(
        0.0, level, "offhook", message, call=call, raised="ValueError", trace="Traceback\nValueError"
    )


def test_the_latest_are_kept_by_their_numbers():
    kept = KeptLog()
    for number in range(1, MOST_KEPT + 6):
        kept.keep(entry(str(number)))
    told = kept.entries()
    assert [number for number, _ in told] == [int(each.message) for _, each in told]
    assert (told[0][0], told[-1][0], kept.number) == (6, MOST_KEPT + 5, MOST_KEPT + 5)
    assert [number for number, _ in kept.entries(after=MOST_KEPT + 3)] == [MOST_KEPT + 4, MOST_KEPT + 5]
    assert kept.entries(after=kept.number) == []


def test_one_asks_for_a_level_and_for_a_call():
    kept = KeptLog()
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        for call in (None, "one", "two"):
            kept.keep(entry("", level, call))
    assert {each.level for _, each in kept.entries(level=logging.WARNING)} == {logging.WARNING, logging.ERROR}
    assert [each.call for _, each in kept.entries(level=logging.ERROR, call="two")] == ["two"]
    assert len(kept.entries(call="one")) == 4


def test_long_ones_push_others_out_too():
    kept = KeptLog()
    for _ in range(MOST_KEPT):
        kept.keep(entry("x" * 2000))
    assert 2000 * len(kept) < MOST_OCTETS
    assert kept.entries()[-1][0] == MOST_KEPT


def test_many_phones_share():
    kept = KeptLog(phones=20 * PHONES_AT_MOST)
    for _ in range(MOST_KEPT):
        kept.keep(entry("x"))
    assert len(kept) == MOST_KEPT // 20


def test_a_traceback_is_not_kept():
    kept = KeptLog()
    kept.keep(entry("it failed"))
    ((_, told),) = kept.entries()
    assert (told.trace, told.raised) == (None, "ValueError")


def test_what_is_forgotten_does_not_begin_the_count_anew():
    kept = KeptLog()
    kept.keep(entry("before"))
    kept.forget()
    assert kept.entries() == []
    kept.keep(entry("after"))
    assert [number for number, _ in kept.entries()] == [2]
