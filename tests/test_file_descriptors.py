import resource

import pytest

from offhook.file_descriptors import TooFewFileDescriptors, provide_file_descriptors


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)


@pytest.mark.usefixtures("limited")
def test_what_a_limit_allows() -> None:
    provide_file_descriptors(192, 1)
    provide_file_descriptors(1, 4)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("phones", "listeners", "said"),
    [
        (
            193,
            1,
            "193 phones need 1029 file descriptors, 5 each, and this process may open 1024, enough for 192;",
        ),
        (
            1000,
            2,
            "1000 phones need 6064 file descriptors, 6 each, and this process may open 1024, enough for 160;",
        ),
        (1, 1000, "1 phone needs 1068 file descriptors, 1004 each"),
    ],
)
def test_what_a_limit_does_not_allow(phones: int, listeners: int, said: str) -> None:
    with pytest.raises(TooFewFileDescriptors) as raised:
        provide_file_descriptors(phones, listeners)
    assert str(raised.value).startswith(said)
    assert "ulimit -n" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_endless_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    provide_file_descriptors(10_000, 2)
