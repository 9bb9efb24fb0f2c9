"""One file by TFTP, datagram by datagram, in a time of its own."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.autop.not_fetched import NotFetched
from offhook.autop.tftp_transfer import BLOCK, FIRST_WAIT, MOST_TRIES, TftpTransfer

from .servers import tftp_data, tftp_error, tftp_oack

LONGEST = 5000


def begun() -> TftpTransfer:
    transfer = TftpTransfer("phones/x.cfg", LONGEST)
    assert transfer.begin(0.0) == b"\0\1phones/x.cfg\0octet\0blksize\x001428\0tsize\x000\0"
    return transfer


def ack(number: int) -> bytes:
    return struct.pack("!HH", 4, number)


def test_a_server_that_knows_no_options_sends_blocks_of_512():
    transfer = begun()
    assert transfer.receive(tftp_data(1, b"a" * 512), 0.1) == ack(1)
    assert not transfer.done
    assert transfer.receive(tftp_data(2, b""), 0.2) == ack(2)
    assert transfer.done
    assert transfer.content == b"a" * 512


def test_agreed_blocks_and_size():
    transfer = begun()
    assert transfer.receive(tftp_oack(b"BLKSIZE", b"1428", b"tsize", b"1430"), 0.1) == ack(0)
    assert transfer.receive(tftp_data(1, b"a" * BLOCK), 0.1) == ack(1)
    assert transfer.receive(tftp_data(2, b"bc"), 0.1) == ack(2)
    assert transfer.content == b"a" * BLOCK + b"bc"


def test_an_empty_file_is_a_file_and_one_that_is_not_there_is_none():
    transfer = begun()
    transfer.receive(tftp_data(1, b""), 0.1)
    assert (transfer.done, transfer.content) == (True, b"")
    transfer = begun()
    assert transfer.receive(tftp_error(1, b"File not found"), 0.1) is None
    assert (transfer.done, transfer.content) == (True, None)


def test_a_server_that_refuses_options_is_asked_without():
    transfer = begun()
    assert transfer.receive(tftp_error(8, b"no options"), 0.1) == b"\0\1phones/x.cfg\0octet\0"
    assert transfer.receive(tftp_data(1, b"x"), 0.2) == ack(1)
    assert transfer.content == b"x"


def test_what_is_lost_is_sent_again_ever_later_and_not_for_ever():
    transfer = begun()
    now = 0.0
    for tried in range(1, MOST_TRIES):
        assert transfer.deadline == now + FIRST_WAIT * 2 ** (tried - 1)
        now = transfer.deadline
        assert transfer.tick(now).startswith(b"\0\1")
    with pytest.raises(NotFetched, match="no answer"):
        transfer.tick(transfer.deadline)


def test_silence_in_the_middle_is_told():
    transfer = begun()
    transfer.receive(tftp_data(1, b"a" * 512), 0.0)
    for _ in range(MOST_TRIES - 1):
        assert transfer.tick(transfer.deadline) == ack(1)
    with pytest.raises(NotFetched, match="silent after 512 bytes"):
        transfer.tick(transfer.deadline)


def test_a_repeated_block_is_acknowledged_again_and_taken_once():
    transfer = begun()
    transfer.receive(tftp_data(1, b"a" * 512), 0.0)
    assert transfer.receive(tftp_data(1, b"a" * 512), 0.1) == ack(1)
    assert transfer.receive(tftp_data(7, b"z"), 0.1) is None
    transfer.receive(tftp_data(2, b"b"), 0.1)
    assert transfer.content == b"a" * 512 + b"b"


def test_a_repeated_agreement_is_acknowledged_again():
    transfer = begun()
    agreement = tftp_oack(b"blksize", b"8")
    assert transfer.receive(agreement, 0.0) == transfer.receive(agreement, 0.1) == ack(0)
    transfer.receive(tftp_data(1, b"12345678"), 0.1)
    assert transfer.receive(agreement, 0.1) is None


REFUSED = [
    ([tftp_error(2, b"Access denied")], "Access denied"),
    ([tftp_error(2, b"\x1b[31m")], "access violation"),
    ([tftp_error(99)], "error 99"),
    ([tftp_data(1, b"a" * 512), tftp_error(1, b"gone")], "gone"),
    ([tftp_data(1, b"a" * 513)], "longer blocks"),
    ([tftp_oack(b"blksize", b"65464")], "not asked for"),
    ([tftp_oack(b"blksize", b"0")], "not asked for"),
    ([tftp_oack(b"blksize", b"many")], "not asked for"),
    ([tftp_oack(b"windowsize", b"4")], "not asked for"),
    ([tftp_oack(b"tsize", b"999999")], "longer than 5000"),
    ([tftp_oack(b"tsize", b"600"), tftp_data(1, b"a" * 100)], "only 100 of 600 bytes"),
    ([tftp_data(number, b"a" * 512) for number in range(1, 11)], "longer than 5000"),
]


@pytest.mark.parametrize(("datagrams", "said"), REFUSED)
def test_what_a_server_may_not_do_ends_the_transfer(datagrams, said):
    transfer = begun()
    with pytest.raises(NotFetched) as raised:
        exchange(transfer, datagrams)
    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert not transfer.done


def exchange(transfer: TftpTransfer, datagrams: list[bytes]) -> None:
    for each in datagrams:
        if not transfer.done:
            transfer.receive(each, 0.0)


@given(
    st.lists(
        st.binary(max_size=600)
        | st.builds(tftp_data, st.integers(0, 4), st.sampled_from([b"", b"x", b"y" * 512]))
        | st.builds(tftp_error, st.integers(0, 9), st.binary(max_size=5))
        | st.builds(tftp_oack, st.sampled_from([b"blksize", b"tsize", b""]), st.binary(max_size=4)),
        max_size=12,
    )
)
def test_no_datagrams_do_more_than_end_it(datagrams):
    transfer = begun()
    try:
        exchange(transfer, datagrams)
    except NotFetched:
        assert transfer.content is None
    assert len(transfer.content or b"") <= LONGEST
