"""Forms of settings: what stands in them, and what of what was typed is a change."""

import pytest
from starlette.datastructures import FormData

from offhook.settings.layers import Layers
from offhook.settings.phone_settings import NAMES, BadSettings, describe
from offhook.web.forms import Field, Kind, changes, fields, fields_again, kind_of, told_at, typed_in

KINDS = [
    ("calls.dnd", Kind.CHECKBOX),
    ("accounts.1.registers", Kind.CHECKBOX),
    ("calls.refer", Kind.SELECT),
    ("calls.reject_code", Kind.SELECT),
    ("accounts.1.transport", Kind.SELECT),
    ("sound.ringer", Kind.NUMBER),
    ("accounts.1.port", Kind.TEXT),
    ("access.allow", Kind.TEXT),
    ("forward.always", Kind.TEXT),
    ("calls.blocked", Kind.LINES),
    ("access.host_names", Kind.LINES),
    ("access.password", Kind.SECRET),
    ("accounts.1.password", Kind.SECRET),
    ("autop.url", Kind.SECRET),
    ("action_urls.on_hook", Kind.TEXT),
]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_kind_of_a_field_follows_from_the_type_of_its_value(name: str, kind: Kind) -> None:
    assert kind_of(describe(name)) is kind


def only(name: str, layers: Layers) -> Field:
    (field,) = fields([name], layers)
    return field


STANDING = [
    ("calls.dnd", {}, "no"),
    ("calls.dnd", {"calls.dnd": True}, "yes"),
    ("calls.reject_code", {}, "486"),
    ("access.allow", {}, "127.0.0.1, ::1"),
    ("forward.always", {}, ""),
    ("calls.blocked", {"calls.blocked": ["1001", "eve@evil.example"]}, "1001\neve@evil.example"),
    ("accounts.7.user", {}, ""),
    ("accounts.7.codecs", {}, "pcmu,pcma,g722"),
    ("accounts.1.port", {"accounts.1.port": 5070}, "5070"),
    ("access.password", {"access.password": "hunter2"}, ""),
    ("autop.url", {"autop.url": "https://prov.example/secret/"}, ""),
    ("notify.webhook", {"notify.webhook": "http://me:hunter2@crm.example/x"}, "http://me:…@crm.example/x"),
]


@pytest.mark.parametrize(("name", "set_to", "text"), STANDING)
def test_what_stands_in_a_field(name: str, set_to: dict[str, object], text: str) -> None:
    field = only(name, Layers({}).changed(set_to))
    assert (field.text, field.was) == (text, text)


def test_every_value_that_a_setting_has_can_stand_in_its_field() -> None:
    for field in fields(NAMES, Layers({})):
        if field.kind is Kind.SELECT:
            assert field.text in [each.value for each in field.choices], field.name
        assert field.label, field.name


@pytest.mark.parametrize("name", [name for name in NAMES if describe(name).secret and name != "web.tokens"])
def test_no_secret_is_in_its_field(name: str) -> None:
    value = {"autop.url": "http://host.example/s3cr3t-words"}.get(name, "s3cr3t-words")
    layers = Layers({}).changed({name: value})
    typed = typed_in([name], FormData([(name, value)]))
    for field in (only(name, layers), *fields_again([name], layers, typed, {name: "wrong"})):
        assert "s3cr3t-words" not in repr(field)
        assert field.kept


@pytest.mark.parametrize(("name", "blind"), [("access.password", True), ("autop.url", False)])
def test_a_password_is_typed_blindly_and_an_address_is_not(name: str, blind: bool) -> None:
    assert only(name, Layers({})).blind is blind


def test_a_select_speaks_the_language_of_people() -> None:
    assert [each.text for each in only("accounts.3.transport", Layers({})).choices] == [
        "As DNS says",
        "UDP",
        "TCP",
        "TLS",
    ]
    assert only("action_urls.dnd_on", Layers({})).label == "Open DND"


def test_what_was_changed_shows_the_way_back_to_the_factory() -> None:
    layers = Layers({"calls.reject_code": 480, "calls.dnd_code": 480, "calls.refer": "ask"})
    assert only("calls.reject_code", layers).factory is None
    layers = layers.changed({"calls.reject_code": 603, "calls.dnd_code": 480, "calls.refer": "refuse"})
    assert only("calls.reject_code", layers).factory == "480 (Temporarily Unavailable)"
    assert only("calls.dnd_code", layers).factory is None, "it is as the factory has it"
    assert only("calls.refer", layers).factory == "Ask on the screen"
    layers = Layers({"access.password": "hunter2"}).changed({"access.password": "hunter3"})
    assert only("access.password", layers).factory == "set, not shown"


LAYERS = Layers({"calls.reject_code": 480}).changed(
    {
        "calls.dnd": True,
        "access.password": "hunter2",
        "autop.url": "http://prov.example/",
        "notify.webhook": "http://me:hunter2@crm.example/x",
        "calls.blocked": ["1001", "1002"],
        "sound.ringer": 3,
    }
)

CHANGES: list[tuple[list[tuple[str, str]], dict[str, object]]] = [
    ([], {}),
    ([("calls.reject_code", "480")], {}),
    ([("calls.reject_code", "603")], {"calls.reject_code": "603"}),
    ([("calls.dnd", "no"), ("calls.dnd", "yes")], {}),
    ([("calls.dnd", "no")], {"calls.dnd": "no"}),
    ([("calls.blocked", "1001\r\n1002\r\n")], {}),
    ([("calls.blocked", "1001\r\n1003")], {"calls.blocked": "1001\n1003"}),
    ([("sound.ringer", " 3 ")], {}),
    ([("sound.ringer", "loud")], {"sound.ringer": "loud"}),
    # A key has set it to 3 since the page was made with 5: that stays.
    ([("sound.ringer", "5"), ("was:sound.ringer", "5")], {}),
    ([("sound.ringer", "6"), ("was:sound.ringer", "5")], {"sound.ringer": "6"}),
    ([("access.password", "")], {}),
    ([("access.password", " new one ")], {"access.password": " new one "}),
    ([("access.password", ""), ("clear", "access.password")], {"access.password": ""}),
    ([("access.password", "new"), ("clear", "access.password")], {"access.password": "new"}),
    ([("clear", "accounts.1.password")], {}),
    ([("autop.url", ""), ("clear", "autop.url")], {"autop.url": ""}),
    ([("notify.webhook", "http://me:…@crm.example/x")], {}),
    (
        [("notify.webhook", "http://me:…@crm.example/y")],
        {"notify.webhook": "http://me:hunter2@crm.example/y"},
    ),
    ([("notify.webhook", "http://you:p@crm.example/")], {"notify.webhook": "http://you:p@crm.example/"}),
    ([("notify.webhook", "")], {"notify.webhook": ""}),
    ([("no.such", "thing"), ("csrf", "x")], {}),
]


@pytest.mark.parametrize(("submitted", "changed"), CHANGES)
def test_only_what_was_changed_is_a_change(
    submitted: list[tuple[str, str]], changed: dict[str, object]
) -> None:
    names = [name for name in NAMES if not name.startswith("web.")]
    typed = typed_in(names, FormData(submitted))
    assert changes(names, typed, LAYERS) == changed
    LAYERS.understood({name: value for name, value in changed.items() if value != "loud"})


@pytest.mark.parametrize(
    "text", ["http://me:…@evil.example/x", "http://you:…@crm.example/", "x http://me:…@crm.example/"]
)
def test_a_password_that_is_not_shown_goes_to_no_other_host(text: str) -> None:
    names = ["notify.webhook"]
    with pytest.raises(BadSettings) as bad:
        changes(names, typed_in(names, FormData({"notify.webhook": text})), LAYERS)
    assert "anew" in bad.value.wrong["notify.webhook"]
    assert "hunter2" not in str(bad.value)


def test_what_was_typed_stands_there_again_with_what_is_wrong() -> None:
    typed = typed_in(
        ["sound.ringer", "sound.handset"],
        FormData([("sound.ringer", "loud"), ("was:sound.ringer", "5"), ("sound.handset", "9")]),
    )
    ringer, handset = fields_again(
        ["sound.ringer", "sound.handset"], LAYERS, typed, {"sound.ringer": "'loud' is no volume"}
    )
    assert (ringer.text, ringer.was, ringer.error) == ("loud", "5", "'loud' is no volume")
    assert (handset.text, handset.error) == ("9", "")


def test_a_rule_of_two_settings_is_told_at_the_one_that_was_changed() -> None:
    names = ["access.allow", "access.credential", "access.password"]
    layers = Layers({"access.allow": "::1"})
    with pytest.raises(BadSettings) as bad:
        layers.understood({"access.credential": "also"})
    assert told_at(bad.value.wrong, names, {"access.credential": "also"}) == {
        "access.credential": "a credential needs a password; set access.password together with it"
    }
    assert told_at({"calls.dnd": "odd"}, names, []) == {"": "odd"}
