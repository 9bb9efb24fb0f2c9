from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.sdes import CRYPTO, MAX_LINES, SUITES, CryptoLine, Unusable, crypto_lines, parse
from offhook.sip.sdp import Media

CM = bytes(range(30))
KEY = b64encode(CM).decode()
LINE = f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"


def media(*lines: str | None) -> Media:
    return Media("audio", 4000, "RTP/SAVP", ("0",), attributes=tuple((CRYPTO, line) for line in lines))


def test_the_example_of_the_rfc() -> None:
    """RFC 4568 §4.1, without its MKI."""
    line = parse("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20")
    assert (line.tag, line.suite) == (1, "AES_CM_128_HMAC_SHA1_80")
    assert line.key == b"=-n@%^x!Bjufr9)?,#5h\\`=&]{qiPQ"


@pytest.mark.parametrize(("suite", "octets"), SUITES.items())
def test_every_suite_goes_out_and_comes_in(suite: str, octets: int) -> None:
    line = CryptoLine(7, suite, bytes(range(octets)))
    name, value = line.attribute
    assert name == "crypto"
    assert value is not None
    assert parse(value) == line


@pytest.mark.parametrize(
    "value",
    [
        LINE,
        f"  1\tAES_CM_128_HMAC_SHA1_80   inline:{KEY} ",
        f"1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}",
        f"{LINE}|2^48",
        f"{LINE}|2^0",
        f"{LINE}|1",
        f"{LINE}|1048576",
        f"{LINE} WSH=128",
        f"{LINE} -LATER=1 wsh=64",
    ],
)
def test_usable(value: str) -> None:
    assert parse(value) == CryptoLine(1, "AES_CM_128_HMAC_SHA1_80", CM)


@pytest.mark.parametrize("octets", [28, 44])
def test_padding_may_be_missing(octets: int) -> None:
    suite = next(name for name, size in SUITES.items() if size == octets)
    key = b64encode(bytes(octets)).decode()
    assert key.endswith("=")
    assert parse(f"1 {suite} inline:{key}") == parse(f"1 {suite} inline:{key.rstrip('=')}")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "form"),
        ("x", "form"),
        (f"AES_CM_128_HMAC_SHA1_80 inline:{KEY}", "form"),
        (f"-1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}", "form"),
        (f"1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}", "form"),
        (f"1 F8_128_HMAC_SHA1_80 inline:{KEY}", "suite is none of"),
        (f"1 inline:{KEY} AES_CM_128_HMAC_SHA1_80", "suite is none of"),
        (f"1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}", "not come inline"),
        (f"1 AES_CM_128_HMAC_SHA1_80 {KEY}", "not come inline"),
        (f"1 AEAD_AES_128_GCM inline:{KEY}", "30 octets, where its suite wants 28"),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-4]}", "27 octets"),
        ("1 AES_CM_128_HMAC_SHA1_80 inline:", "0 octets"),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-1]}!", "base64"),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-1]}é", "base64"),
        (f"{LINE}|1:4", "MKI"),
        (f"{LINE}|2^20|1:4", "MKI"),
        (f"{LINE}|2^20|", "MKI"),
        (f"{LINE}|1:4;inline:{KEY}|2:4", "several keys"),
        (f"{LINE}|0", "lifetime"),
        (f"{LINE}|2^49", "lifetime"),
        (f"{LINE}|281474976710657", "lifetime"),
        (f"{LINE}|2^", "lifetime"),
        (f"{LINE}|", "lifetime"),
        (f"{LINE}|-1", "lifetime"),
        (f"{LINE} UNENCRYPTED_SRTP", "session parameter"),
        (f"{LINE} UNENCRYPTED_SRTCP", "session parameter"),
        (f"{LINE} UNAUTHENTICATED_SRTP", "session parameter"),
        (f"{LINE} WSH=64 KDR=24", "session parameter"),
        (f"{LINE} FEC_ORDER=SRTP_FEC", "session parameter"),
        (f"{LINE} FEC_KEY=inline:{KEY}", "session parameter"),
        (f"{LINE} LATER", "session parameter"),
    ],
)
def test_unusable(value: str, why: str) -> None:
    with pytest.raises(Unusable, match=why) as raised:
        parse(value)
    assert KEY[:8].upper() not in str(raised.value).upper()


def test_a_stream_with_several_lines() -> None:
    lines = list(crypto_lines(media(f"9 X inline:{KEY}", LINE, None, LINE, f"2{LINE[1:]}")))
    assert [line.tag if isinstance(line, CryptoLine) else str(line)[:7] for line in lines] == [
        "its sui", 1, "it has ", "its tag", 2,
    ]  # fmt: skip


def test_lines_without_end_are_not_read_to_their_end() -> None:
    assert len(list(crypto_lines(media(*[LINE] * 400)))) == MAX_LINES


def test_a_key_is_seen_nowhere() -> None:
    assert "key" not in repr(parse(LINE))


WORDS = LINE.replace(":", " : ").split(" ")
PIECES = st.sampled_from([*WORDS, " ", "|", "2^31", "1:4", ";", "=", "inline:", "é"])


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=12).map("".join)))
def test_nothing_but_unusable_comes_of_what_is_no_line(value: str) -> None:
    for line in crypto_lines(media(value)):
        if isinstance(line, CryptoLine):
            assert len(line.key) == SUITES[line.suite]
