"""The Allowed Access IP List: who may reach the phone at all.

An entry is an IPv4 address in which `X` stands for exactly one digit, an IPv6 address, or a network in CIDR
notation.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

_SEPARATOR = re.compile("[,，]")
_SPACE_WITHIN = re.compile(r"[0-9A-Za-z]\s+[0-9A-Za-z]")
_OCTET_WISE = re.compile(r"[0-9X]+(?:\.[0-9X]+){3}")
_STARRED = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})((?:\.\*){1,3})")
_CIDR = re.compile(r"[0-9a-fA-F:.]+/[0-9]{1,3}")
_EVERYBODY = frozenset({"*", "any", "all"})
_OCTETS = tuple(str(number) for number in range(256))

_REMEMBERED = 1024
"""Verdicts kept, so that a caller who comes again costs one look-up."""

_SYNTAX = "write an address such as 192.168.1.20, 192.168.1.XX for a pattern, 192.168.1.0/24 for a network"


class BadEntry(ValueError):
    """An entry of the list that is none; `hint` says what would be right."""

    def __init__(self, entry: str, hint: str) -> None:
        shown = entry if len(entry) <= 60 else entry[:59] + "…"
        super().__init__(f'"{shown}" is no entry of an Allowed Access IP List: {hint}')
        self.entry = entry
        self.hint = hint


class AllowList:
    """Immutable. `str()` gives it back as it may be written again."""

    __slots__ = ("_addresses", "_networks", "_patterns", "_seen", "entries")

    def __init__(self, entries: tuple[str, ...]) -> None:
        """Of entries already taken apart; spaces are gone and each `x` is an `X`.

        :raises BadEntry:
        """
        self.entries = entries
        addresses: set[str] = set()
        patterns: list[str] = []
        self._networks: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for entry in entries:
            if "/" in entry:
                self._add_network(entry)
            elif _OCTET_WISE.fullmatch(entry):
                _check_octets(entry)
                patterns.append(entry) if "X" in entry else addresses.add(entry)
            else:
                addresses.add(_ipv6(entry))
        self._addresses = frozenset(addresses)
        expressions = [pattern.replace(".", r"\.").replace("X", "[0-9]") for pattern in patterns]
        self._patterns = re.compile("|".join(expressions)) if expressions else None
        self._seen: dict[str, bool] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of entries between commas, full-width ones too; spaces and empty items are ignored.

        :raises BadEntry: naming the first entry that is none
        """
        entries = []
        for item in _SEPARATOR.split(text):
            if _SPACE_WITHIN.search(item.strip()):
                raise BadEntry(item.strip(), "two entries need a comma between them")
            if entry := "".join(item.split()):
                entries.append(entry.upper() if _OCTET_WISE.fullmatch(entry.upper()) else entry)
        return cls(tuple(entries))

    def admits(self, address: str) -> bool:
        """`::ffff:a.b.c.d` is judged as `a.b.c.d`, an IPv6 address without its zone. What is no address
        is not admitted."""
        known = self._seen.get(address)
        return self._judge(address) if known is None else known

    def _judge(self, text: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        plain, number = str(address), int(address)
        verdict = (
            plain in self._addresses
            or (self._patterns is not None and self._patterns.fullmatch(plain) is not None)
            or any(number & mask == network for network, mask in self._networks[address.version])
        )
        if len(text) <= 64:  # a zone may be of any length
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[text] = verdict
        return verdict

    def _add_network(self, entry: str) -> None:
        if not _CIDR.fullmatch(entry):
            raise BadEntry(
                entry, "a network is written ADDRESS/BITS, such as 192.168.1.0/24 or 2001:db8::/32"
            )
        try:
            network = ip_network(entry, strict=False)
        except ValueError:
            raise BadEntry(entry, "the address or the number of bits after the / is impossible") from None
        if str(network.network_address) != str(ip_address(entry.partition("/")[0])):
            raise BadEntry(entry, f"the network of that size is {network}")
        if (
            isinstance(network, IPv6Network)
            and network.network_address.ipv4_mapped
            and network.prefixlen >= 96
        ):
            network = ip_network((int(network.network_address.ipv4_mapped), network.prefixlen - 96))
        self._networks[network.version].append((int(network.network_address), int(network.netmask)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AllowList) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __str__(self) -> str:
        return ", ".join(self.entries)

    def __repr__(self) -> str:
        return f"AllowList.parse({str(self)!r})"


def _check_octets(entry: str) -> None:
    for octet in entry.split("."):
        expression = re.compile(octet.replace("X", "[0-9]"))
        if not any(expression.fullmatch(number) for number in _OCTETS):
            what = "stands for no number" if "X" in octet else "is no number"
            raise BadEntry(entry, f"{octet} {what} from 0 to 255 as an address writes it")


def _ipv6(entry: str) -> str:
    """The address in its one canonical spelling, or in IPv4's where it is a mapped one."""
    if "%" in entry:
        raise BadEntry(entry, f"write it without its zone: {entry.partition('%')[0]}")
    try:
        address: IPv4Address | IPv6Address = ip_address(entry)
    except ValueError:
        raise BadEntry(entry, _hint(entry)) from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def _hint(entry: str) -> str:
    if entry.lower() in _EVERYBODY:
        return "to let everybody in write the networks 0.0.0.0/0, ::/0"
    if starred := _STARRED.fullmatch(entry):
        octets = starred[1].split(".")
        bits = 8 * len(octets)
        return f"write the network {'.'.join([*octets, '0', '0', '0'][:4])}/{bits}"
    if "*" in entry:
        return "write X for one digit, or a network in CIDR notation such as 192.168.1.0/24"
    if ":" in entry and "x" in entry.lower():
        return "X stands for a digit of an IPv4 address; for IPv6 write a network such as 2001:db8::/32"
    return _SYNTAX
