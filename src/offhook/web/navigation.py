"""The pages of a phone in the vendor's order, for the navigation."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from .pages.site_map import PAGES, Page


class Section(NamedTuple):
    """A page, or several under one word."""

    title: str
    pages: tuple[tuple[str, str], ...]
    """Title and path; a section of one page has its title."""

    def holds(self, path: str) -> bool:
        return any(path == each for _, each in self.pages)


def sections(pages: Iterable[Page]) -> Iterator[Section]:
    for title, together in groupby(pages, lambda page: page.section):
        yield Section(title, tuple((page.title, page.path) for page in together))


SECTIONS: Final = tuple(sections(PAGES))
