"""phone.md, "The Allowed Access IP List"."""

import re
import timeit
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.action_uri.allow_list import AllowList, BadEntry

ADMITTED = [
    ("192.168.11.XXX", "192.168.11.123", True),
    ("192.168.11.XXX", "192.168.11.12", False),
    ("192.168.11.XXX", "192.168.11.7", False),
    ("192.168.11.xX", "192.168.11.12", True),
    ("192.168.11.1X", "192.168.11.1", False),
    ("10.0.0.X, 10.0.0.XX, 10.0.0.XXX", "10.0.0.77", True),
    ("10.0.0.1,10.0.0.2", "10.0.0.2", True),
    ("10.0.0.1，10.0.0.2", "10.0.0.2", True),
    (" 10.0.0.1 ,, ,10.0.0.2 ", "10.0.0.2", True),
    ("10 . 0.0.1", "10.0.0.1", True),
    ("1X.0.0.1", "10.0.0.1", True),
    ("10.0.0.1", "100.0.1", False),
    ("10.0.0.1", "1000001", False),
    ("10.0.0.0/8", "10.255.255.255", True),
    ("10.0.0.0/8", "11.0.0.0", False),
    ("0.0.0.0/0", "203.0.113.1", True),
    ("0.0.0.0/0", "::1", False),
    ("::/0", "2001:db8::1", True),
    ("::/0", "203.0.113.1", False),
    ("2001:db8::/32", "2001:db8:ffff::1", True),
    ("2001:db8::/32", "2001:db9::1", False),
    ("2001:DB8:0::1", "2001:db8::1", True),
    ("10.0.0.1", "::ffff:10.0.0.1", True),
    ("::ffff:10.0.0.1", "10.0.0.1", True),
    ("10.0.0.0/8", "::ffff:10.9.9.9", True),
    ("::ffff:10.0.0.0/104", "10.9.9.9", True),
    ("fe80::1", "fe80::1%eth0", True),
    ("fe80::/10", "fe80::1%" + "z" * 100, True),
    ("", "127.0.0.1", False),
    (" , ，", "127.0.0.1", False),
    ("127.0.0.1, ::1", "::1", True),
    ("127.0.0.1", "", False),
    ("0.0.0.0/0, ::/0", "localhost", False),
]

BAD = [
    ("*", "0.0.0.0/0, ::/0"),
    ("any", "0.0.0.0/0, ::/0"),
    ("Any", "0.0.0.0/0, ::/0"),
    ("192.168.1.*", "192.168.1.0/24"),
    ("10.*.*.*", "10.0.0.0/8"),
    ("192.*.1.1", "CIDR"),
    ("192.168.1.999", "999 is no number from 0 to 255"),
    ("192.168.1.26X", "26X stands for no number from 0 to 255"),
    ("192.168.1.XXXX", "XXXX stands for no number"),
    ("192.168.1.0X", "0X stands for no number"),
    ("192.168.1.007", "007 is no number"),
    ("192.168.1", "192.168.1.20"),
    ("192.168.1.1.1", "192.168.1.20"),
    ("192.168.1.1-9", "192.168.1.20"),
    ("192.168.1.1:80", "192.168.1.20"),
    ("pbx.example", "192.168.1.20"),
    ("10.1.2.3/8", "10.0.0.0/8"),
    ("10.0.0.0/33", "impossible"),
    ("10.0.0.0/255.0.0.0", "ADDRESS/BITS"),
    ("10.0.0.X/24", "ADDRESS/BITS"),
    ("2001:db8::XX", "X stands for a digit of an IPv4 address"),
    ("fe80::1%eth0", "without its zone: fe80::1"),
    ("10.0.0.1 10.0.0.2", "comma"),
    ("10.0.0.1 2", "comma"),
    ("１0.0.0.1", "192.168.1.20"),
]


@pytest.mark.parametrize(("text", "address", "admitted"), ADMITTED)
def test_whom_a_list_admits(text: str, address: str, admitted: bool) -> None:
    allow = AllowList.parse(text)
    assert allow.admits(address) is admitted
    assert allow.admits(address) is admitted, "and the second time, from memory"
    assert AllowList.parse(str(allow)) == allow


@pytest.mark.parametrize(("entry", "hint"), BAD)
def test_a_bad_entry_is_named_with_what_would_be_right(entry: str, hint: str) -> None:
    with pytest.raises(BadEntry) as bad:
        AllowList.parse(f"10.0.0.1, {entry}, 10.0.0.2")
    assert bad.value.entry == entry
    assert hint in bad.value.hint
    assert entry in str(bad.value)


def test_the_message_is_bounded() -> None:
    with pytest.raises(BadEntry) as bad:
        AllowList.parse("a" * 10_000)
    assert len(str(bad.value)) < 300


OCTET = st.from_regex(r"[0-9X]{1,3}", fullmatch=True)


@given(st.lists(OCTET, min_size=4, max_size=4), st.ip_addresses(v=4), st.data())
def test_x_is_exactly_one_digit(octets: list[str], address: object, data: st.DataObject) -> None:
    """Against the brute force: an octet's pattern admits those of 0…255 whose digits it has, one for one."""

    def fits(number: int, octet: str) -> bool:
        digits = str(number)
        return len(digits) == len(octet) and all(o in ("X", d) for o, d in zip(octet, digits, strict=True))

    possible = [[n for n in range(256) if fits(n, octet)] for octet in octets]
    pattern = ".".join(octets)
    if not all(possible):
        with pytest.raises(BadEntry):
            AllowList.parse(pattern)
        return
    allow = AllowList.parse(pattern)
    inside = [data.draw(st.sampled_from(numbers)) for numbers in possible]
    assert allow.admits(".".join(map(str, inside)))
    parts = [int(part) for part in str(address).split(".")]
    assert allow.admits(str(address)) == all(p in n for p, n in zip(parts, possible, strict=True))


@example(ip_address("::ffff:0.0.0.0"), 96, ip_address("10.0.0.1"))
@example(ip_address("::"), 0, ip_address("10.0.0.1"))
@given(st.ip_addresses(), st.integers(0, 128), st.ip_addresses())
def test_networks_as_the_standard_library_has_them(base: object, bits: int, address: object) -> None:
    network = ip_network((str(base), min(bits, ip_address(str(base)).max_prefixlen)), strict=False)
    mapped = getattr(ip_address(str(address)), "ipv4_mapped", None)
    allow = AllowList.parse(str(network))
    if network.prefixlen >= 96 and (plain := getattr(network.network_address, "ipv4_mapped", None)):
        network = ip_network((int(plain), network.prefixlen - 96))
    assert allow.admits(str(address)) == ((mapped or address) in network)


@given(st.text(max_size=40))
def test_any_text_is_a_list_or_a_bad_entry(text: str) -> None:
    try:
        allow = AllowList.parse(text)
    except BadEntry:
        return
    assert AllowList.parse(str(allow)) == allow
    assert not re.search(r"\s", "".join(allow.entries))


def test_strangers_do_not_fill_the_memory() -> None:
    allow = AllowList.parse("10.0.0.1")
    for number in range(5000):
        assert not allow.admits(f"2001:db8::{number:x}")
    assert len(allow._seen) <= 1024


def test_a_hundred_entries_cost_a_known_caller_next_to_nothing() -> None:
    allow = AllowList.parse(", ".join([f"10.{n}.X.XX" for n in range(98)] + ["127.0.0.1", "::1"]))
    allow.admits("127.0.0.1")
    assert min(timeit.repeat(lambda: allow.admits("127.0.0.1"), number=10_000, repeat=5)) / 10_000 < 5e-6
