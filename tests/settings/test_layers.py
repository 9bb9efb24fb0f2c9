"""Settings by name, and the three layers of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.settings import password
from offhook.settings.layers import Layers, recalled
from offhook.settings.phone_settings import NAMES, BadSettings, describe, settings_of, shown, values_of

FACTORY = {"accounts.1.user": "1001", "accounts.1.host": "pbx.example", "calls.reject_code": 603}

# name, as typed, as kept
GOOD = [
    ("calls.dnd", "yes", True),
    ("calls.dnd", False, False),
    ("calls.reject_code", "404", 404),
    ("forward.always", " 10-02 ", "1002"),
    ("forward.always", "", None),
    ("accounts.1.port", "5070", 5070),
    ("accounts.1.port", "", ""),
    ("accounts.1.transport", "TLS", "tls"),
    ("accounts.1.backup", "[::1]:5070", "[::1]:5070"),
    ("accounts.1.codecs", "G722, pcmu", "g722,pcmu"),
    ("accounts.1.registers", "no", False),
    ("accounts.2.user", "1002", "1002"),
    ("accounts.1.password", "p;w@:%", "p;w@:%"),
    ("access.allow", "10.0.0.X，10.0.0.XX", "10.0.0.X, 10.0.0.XX"),
    ("access.allow", "", ""),
    ("access.trusted_origins", "https://crm.example.org", ["https://crm.example.org"]),
    ("dial.replace", "0049=+49 00=+", ["0049=+49", "00=+"]),
    ("sound.ringer", "15", 15),
    ("sound.ring_tone", "Soft", "soft"),
    ("action_urls.hold", "http://crm/?call=$call_id", "http://crm/?call=$call_id"),
    ("autop.url", "tftp://10.0.0.1/phones/", "tftp://10.0.0.1/phones/"),
]
# name, value, a part of what is said
BAD = [
    ("calls.dn", "yes", "did you mean calls.dnd"),
    ("calls.dnd", "perhaps", "neither yes nor no"),
    ("calls.reject_code", 200, "404"),
    ("forward.always", "???", "cannot be dialled"),
    ("accounts.17.user", "x", "from 1 to 16"),
    ("accounts.1.port", "99999", "65535"),
    ("accounts.1.user", "a b", "spaces"),
    ("access.allow", "*", "0.0.0.0/0"),
    ("sound.ringer", 16, "0 to 15"),
    ("action_urls.hold", "ftp://crm/", "http"),
    ("action_urls.sneeze", "http://crm/", "no such setting"),
    ("dial.replace", "0049", "0049=+49"),
    ("web.password", "short", "8"),
    ("autop.every_hours", -1, "hours"),
]


@pytest.mark.parametrize(("name", "typed", "kept"), GOOD)
def test_a_value_is_kept_as_it_was_understood(name, typed, kept):
    layers = Layers(FACTORY).changed({name: typed})
    assert layers.user == {name: kept}
    assert Layers(FACTORY, layers.user).settings == layers.settings


@pytest.mark.parametrize(("name", "typed", "said"), BAD)
def test_a_bad_value_is_refused_by_name_and_with_it_all_others(name, typed, said):
    before = Layers(FACTORY)
    with pytest.raises(BadSettings) as raised:
        before.changed({"calls.dnd": True, name: typed})
    assert list(raised.value.wrong) == [name]
    assert said in raised.value.wrong[name]
    assert not before.settings.calls.dnd


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(BadSettings) as raised:
        Layers(FACTORY).changed({"sound.ringer": 99, "calls.dnd": "?", "accounts.1.port": "x"})
    assert set(raised.value.wrong) == {"sound.ringer", "calls.dnd", "accounts.1.port"}


def test_the_last_layer_wins_and_its_end_brings_the_one_before_back():
    layers = Layers(FACTORY).changed({"calls.reject_code": 404, "accounts.1.host": "other.example"})
    assert layers.settings.calls.reject_code == 404
    assert layers.overridden == ["accounts.1.host", "calls.reject_code"]
    assert layers.unset(frozenset(layers.user)).settings == Layers(FACTORY).settings


def test_what_the_factory_set_can_be_taken_away():
    layers = Layers({"forward.always": "1002"}).changed({"forward.always": ""})
    assert layers.settings.forward.always is None
    assert Layers(layers.factory, layers.user).settings.forward.always is None


def test_what_cannot_be_understood_any_more_is_left_out_and_said():
    layers, left_out = recalled(FACTORY, {"calls.dnd": True, "old.x": 1, "calls.dnd_code": 999})
    assert layers.user == {"calls.dnd": True}
    assert set(left_out) == {"old.x", "calls.dnd_code"}


def test_no_secret_shows():
    layers = Layers({**FACTORY, "accounts.1.password": "hunter2hunter2", "autop.url": "http://u:hunter2@h/"})
    layers = layers.changed({"access.password": "hunter2hunter2", "web.password": "hunter2hunter2"})
    assert "hunter2" not in repr(layers) + repr(layers.settings) + str(layers.settings)
    for name in ("accounts.1.password", "access.password", "web.password", "autop.url"):
        assert describe(name).secret


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("accounts.1.password", "hunter2", "(not shown)"),
        ("accounts.1.password", "", ""),
        ("action_urls.hold", "https://crm:hun/ter2@host/?a=b@c", "https://crm:hun/ter2@host/?a=b@c"),
        ("action_urls.hold", "https://crm:hunter2@host/?a=b@c", "https://crm:…@host/?a=b@c"),
        ("notify.webhook", "http://host/x:y@z", "http://host/x:y@z"),
        ("calls.dnd", True, True),
    ],
)
def test_what_may_be_seen(name, value, seen):
    assert shown(name, value) == seen


def test_every_setting_says_what_it_is():
    for name in NAMES:
        assert describe(name).field.title


def test_every_value_reads_as_it_is_shown():
    settings = settings_of(FACTORY)
    values = {name: value for name, value in values_of(settings).items() if name != "web.password"}
    assert settings_of(values) == settings


@given(
    st.dictionaries(
        st.sampled_from(NAMES) | st.text(),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
        max_size=4,
    )
)
def test_anything_is_taken_whole_or_refused_by_name(changes):
    wrong = {}
    layers = Layers(FACTORY)
    try:
        layers = layers.changed(changes)
    except BadSettings as bad:
        wrong = bad.wrong
        assert wrong
    assert set(wrong) <= set(changes)
    assert Layers(FACTORY, layers.user).settings == layers.settings


def test_a_password_is_kept_as_its_hash():
    kept = password.read_password("correct horse")
    assert "correct" not in kept
    assert password.matches("correct horse", kept)
    assert not password.matches("correct horses", kept)
    assert password.read_password(kept) == kept
    assert password.hashed("correct horse") != kept


@pytest.mark.parametrize("number", ["01", " 1", "1 "])
def test_an_account_has_one_number_and_no_other_spelling(number):
    with pytest.raises(BadSettings, match=r"write the account's number as accounts\.1"):
        Layers({}).changed({f"accounts.{number}.user": "1001"})


FIRST = {"accounts.1.user": "1001", "accounts.1.host": "pbx"}
SECOND = {"accounts.2.user": "1001", "accounts.2.host": "PBX"}


@pytest.mark.parametrize(
    ("factory", "user", "changes", "wrong"),
    [
        (FIRST, {}, SECOND, {"accounts.2.user", "accounts.2.host"}),
        ({}, FIRST, SECOND, {"accounts.2.user", "accounts.2.host"}),
        ({}, {**FIRST, **SECOND, "accounts.1.user": "1"}, {"accounts.1.user": "1001"}, {"accounts.1.user"}),
        (
            {},
            {**FIRST, **SECOND, "accounts.2.enabled": False},
            {"accounts.2.enabled": "yes"},
            {"accounts.2.enabled"},
        ),
        # Of an account that is not used, or was twice there before, nothing is refused.
        ({}, FIRST, {**SECOND, "accounts.2.enabled": "no"}, set()),
        ({}, FIRST, {"accounts.2.user": "1001"}, set()),
        ({}, FIRST, {**SECOND, "accounts.2.host": "other"}, set()),
        ({}, {**FIRST, **SECOND}, {"accounts.2.display_name": "x", "calls.dnd": "yes"}, set()),
        ({}, {**FIRST, **SECOND}, {"accounts.2.host": "other"}, set()),
    ],
)
def test_one_account_of_a_server_is_not_the_phones_twice(factory, user, changes, wrong):
    layers = Layers(factory, user)
    if not wrong:
        layers.changed(changes)
        return
    with pytest.raises(BadSettings, match="accounts 1 and 2 have the same user and server") as refused:
        layers.changed(changes)
    assert refused.value.wrong.keys() == wrong
