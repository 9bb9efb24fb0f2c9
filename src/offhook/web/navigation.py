"""The pages of a phone in the vendor's order, for the navigation."""

from typing import Final, NamedTuple


class Section(NamedTuple):
    """A page, or several under one word."""

    title: str
    pages: tuple[tuple[str, str], ...]
    """Title and path; a section of one page has its title."""

    def holds(self, path: str) -> bool:
        return any(path == each for _, each in self.pages)


SECTIONS: Final = (
    Section("Panel", (("Panel", "/"),)),
    Section("Status", (("Log", "/status/log"),)),
    Section("API", (("API", "/api/"),)),
)
