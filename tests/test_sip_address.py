import asyncio

import pytest

from offhook.sip_address import BadPublicAddress, machine_address, sip_addresses

ADDRESSES = [
    # the account's host, --sip-bind, --public-address: where SIP listens, what others are told
    ((None, None, None), ("127.0.0.1", "127.0.0.1")),
    (("127.0.0.1", None, None), ("127.0.0.1", "127.0.0.1")),
    ((None, "::1", None), ("::1", "::1")),
    ((None, None, "203.0.113.7"), ("127.0.0.1", "203.0.113.7")),
    ((None, "0.0.0.0", "203.0.113.7"), ("0.0.0.0", "203.0.113.7")),
    (("127.0.0.1", "0.0.0.0", None), ("0.0.0.0", "127.0.0.1")),
    ((None, "0.0.0.0", None), ("0.0.0.0", machine_address("0.0.0.0"))),
    ((None, "::", None), ("::", machine_address("::"))),
    # no way there: not over that family
    (("127.0.0.1", "::", None), ("::", "::1")),
]


@pytest.mark.parametrize(("asked", "addresses"), ADDRESSES)
def test_where_sip_listens_and_what_others_are_told(
    asked: tuple[str | None, str | None, str | None], addresses: tuple[str, str]
) -> None:
    assert asyncio.run(sip_addresses(*asked)) == addresses


@pytest.mark.parametrize(
    ("bind", "public"), [(None, "::1"), ("127.0.0.1", "2001:db8::1"), ("::", "203.0.113.7")]
)
def test_a_public_address_of_the_other_family(bind: str | None, public: str) -> None:
    with pytest.raises(BadPublicAddress) as raised:
        asyncio.run(sip_addresses(None, bind, public))
    assert str(raised.value).startswith(f"--public-address {public} cannot stand for {bind or '127.0.0.1'}")
    assert "--sip-bind" in str(raised.value)
