"""The targets of the search, with what it begins with and a little around that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .seeds import seeds
from .targets import TARGETS

PIECES = [
    b"\r\n",
    b" ",
    b";",
    b",",
    b"<",
    b'"',
    b"\\",
    b"=",
    b"@",
    b"\0",
    b"\xff",
    b"99999999999",
    b"TAG",
    b"-1",
]
edits = st.lists(
    st.tuples(
        st.integers(0, 3000), st.integers(0, 20), st.one_of(st.sampled_from(PIECES), st.binary(max_size=8))
    ),
    max_size=5,
)


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_search_begins_with(name: str) -> None:
    for seed in seeds(name):
        TARGETS[name][0](seed)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_what_is_near_that(name: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([*seeds(name)]))
    for position, length, piece in data.draw(edits):
        at = position % (len(case) + 1)
        case = case[:at] + piece + case[at + length :]
    TARGETS[name][0](case)


def test_the_shares_make_a_whole() -> None:
    assert sum(share for _, share in TARGETS.values()) == 100
