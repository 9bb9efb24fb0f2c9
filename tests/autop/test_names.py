"""What the names of configuration files mean, and that a phone's settings survive the way through a file."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.autop.configuration_file import parse
from offhook.autop.export import exported
from offhook.autop.names import TABLE, meaning
from offhook.autop.understanding import BadConfiguration, understand
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import NAMES, BadSettings, describe

# lines, and the settings that come of them
MEANT = [
    ("Config.Account1.GENERAL.Enable = 0", {"accounts.1.enabled": False}),
    ("config.ACCOUNT16.general.USERNAME = 1001", {"accounts.16.user": "1001"}),
    ("Config.Account2.GENERAL.Pwd = p@ss = 1", {"accounts.2.password": "p@ss = 1"}),
    ("Config.Account1.SIP.Port = 5070", {"accounts.1.port": 5070}),
    ("Config.Account1.SIP.Port =", {"accounts.1.port": ""}),
    ("Config.Account1.SIP.TransType = 2", {"accounts.1.transport": "tls"}),
    (
        "Config.Account1.SIP.Port2 = 5062\nConfig.Account1.SIP.Server2 = pbx2.example",
        {"accounts.1.backup": "pbx2.example:5062"},
    ),
    (
        "Config.Account1.SIP.Server2 = ::1\nConfig.Account1.SIP.Port2 = 5062",
        {"accounts.1.backup": "[::1]:5062"},
    ),
    ("Config.Account1.SIP.Server2 =\nConfig.Account1.SIP.Port2 = 5062", {"accounts.1.backup": ""}),
    ("Config.Account1.SIP.Port2 = 5062", {}),
    ("Config.Account1.NAT.UdpKeepEnable = 0", {"accounts.1.keepalive": "no"}),
    ("Config.Account1.NAT.UdpKeepEnable = 1", {"accounts.1.keepalive": ""}),
    ("Config.Account1.AUTO_ANSWER.Enable = 1", {"calls.auto_answer": "always"}),
    ("Config.Account2.AUTO_ANSWER.Enable = 1", {}),
    ("Config.Account1.Dtmf.Type = 1", {"accounts.1.dtmf": "rtp"}),
    ("Config.Account1.STUN.Enable = 1", {}),
    ("Config.Features.REMOTECONTROL.ActionURIAllowIPList = 10.0.0.X", {"access.allow": "10.0.0.X"}),
    ("Config.Features.ACTIONURL.Enable = 0", {"notify.active": False}),
    (
        "Config.Features.ACTIONURL.HangUp = http://crm/?c=$call_id",
        {"action_urls.terminated": "http://crm/?c=$call_id"},
    ),
    ("Config.Settings.DateTime.TimeFormat = 0", {"preference.time_format": "12h"}),
    ("Config.Offhook.calls.dnd = yes", {"calls.dnd": True}),
    ("config.offhook.Calls.Reject_Code = 603", {"calls.reject_code": 603}),
    ('Config.Offhook.accounts.1.password = " \\" "', {"accounts.1.password": ' " '}),
    ("Config.Offhook.forward.always =", {"forward.always": None}),
    ('Config.Offhook.calls.blocked = ["a,b"]', {"calls.blocked": ["a,b"]}),
    ("Config.Offhook.calls.dnd = yes\nConfig.Offhook.calls.dnd = no", {"calls.dnd": False}),
]
UNKNOWN = [
    "Config.Account17.GENERAL.Enable",
    "Config.Account0.GENERAL.Enable",
    "Config.Account1.GENERAL.Sneeze",
    "Config.Account{N}.GENERAL.Enable",
    "Config.Offhook.accounts.17.user",
    "Config.Offhook.accounts.{N}.user",
    "Config.Offhook.calls.sneeze",
    "Config.Firmware.Url",
    "account.1.enable",
]
# lines, a part of what is said
WRONG = [
    (
        "Config.Account1.SIP.TransType = 9",
        "line 1 of x.cfg, Config.Account1.SIP.TransType: that is none of 0, 1, 2",
    ),
    ("Config.Account1.GENERAL.Enable = yes", "none of 0, 1"),
    ("Config.Offhook.calls.dnd = perhaps", "neither yes nor no"),
    ("Config.Account1.SIP.Port = 99999", "65535"),
    ("Config.Settings.WEB_LOGIN.Password = admin", "line 1 of x.cfg, Config.Settings.WEB_LOGIN.Password"),
]


def read(text, layers=None):
    understood = understand(parse(text.encode(), "x.cfg"))
    try:
        return understood, (layers or Layers({})).understood(understood.changes)
    except BadSettings as bad:
        raise BadConfiguration(understood.told(bad.wrong)) from None


@pytest.mark.parametrize(("text", "settings"), MEANT)
def test_lines_become_settings(text, settings):
    understood, values = read(text)
    assert values == settings
    assert understood.unknown == ()


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_told_and_skipped(name):
    assert meaning(name) is None
    if "{" not in name:
        understood, values = read(f"{name} = 1\n{name} = 2\nConfig.Offhook.calls.dnd = yes")
        assert understood.unknown == (name,)
        assert values == {"calls.dnd": True}


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_bad_value_is_said_by_line_and_name(text, said):
    with pytest.raises(BadConfiguration) as raised:
        read(text)
    assert said in str(raised.value)


def test_no_secret_is_repeated():
    with pytest.raises(BadConfiguration) as raised:
        read("Config.Settings.WEB_LOGIN.Password = hunter2\nConfig.Offhook.autop.url = hunter2")
    assert "hunter2" not in str(raised.value)


def test_the_table_names_settings_that_there_are_once_each():
    names = [known.name.lower() for known in TABLE]
    assert len(set(names)) == len(names)
    for known in TABLE:
        if known.setting:
            describe(known.setting.replace("{N}", "1"))


# --- there and back

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["[::1]", '"', '"x"', " x ", "x\n", "[1]", '["a"]', "pbx.example:5060"]
)
VALUES = (
    st.sampled_from(["yes", "no", "1", "0", "always", "asked", "tls", "486", "8", "off", "12h", "soft", "30"])
    | st.sampled_from(
        ["http://u:p@h/$mac?x=[$call_id]", "tftp://h/x", "0049=+49, 00=+", "pbx.example:5070", "[::1]"]
    )
    | st.sampled_from(
        ["10.0.0.X, ::1", "opus,g722", "info", "options", "1001", "correct horse", "https://crm.example"]
    )
    | TEXTS
    | st.lists(TEXTS, max_size=3)
    | st.none()
)
ONE_OF_THESE = (
    *(
        "yes",
        "404",
        "tls",
        "8",
        "http://h/",
        "1001",
        "off",
        "12h",
        "soft",
        "0=+4",
        "10.0.0.1",
        "https://a.example",
    ),
    *("ask", "g722", "rtp", "options", "optional", "long enough", "registrar", "ignore", "never"),
    f"crm:2026-01-02:{'0' * 64}",
)
ALL = NAMES + tuple(name.replace(".1.", ".16.") for name in NAMES if name.startswith("accounts."))


@example({"access.host_names": [], "access.trusted_origins": []})
@given(st.dictionaries(st.sampled_from(ALL), VALUES, max_size=8))
def test_what_is_exported_and_read_again_is_the_same(changes):
    saved = Layers({})
    for name, value in changes.items():
        # One by one, so that a value that is refused takes no other with it.
        try:
            saved = saved.changed({name: value})
        except BadSettings:
            continue
    text = "\n".join(exported(saved.user, secrets=True))
    understood, values = read(text)
    assert understood.unknown == ()
    assert values == saved.user
    assert Layers({}, values).settings == saved.settings


@pytest.mark.parametrize("name", ALL)
def test_every_setting_can_be_written_and_read(name):
    for typed in ONE_OF_THESE:
        try:
            saved = Layers({}).changed({name: typed})
        except BadSettings:
            continue
        assert read("\n".join(exported(saved.user, secrets=True)))[1] == saved.user
        return
    pytest.fail("no value fits")


def test_secrets_can_be_left_out():
    saved = Layers({}).changed(
        {
            "accounts.1.password": "hunter2",
            "web.password": "hunter2hunter2",
            "action_urls.hold": "https://user:hunter2@crm.example/",
            "action_urls.mute": "https://crm.example/",
            "calls.dnd": "yes",
        }
    )
    lines = list(exported(saved.user, secrets=False))
    assert "Config.Offhook.calls.dnd = yes" in lines
    assert "Config.Offhook.action_urls.mute = https://crm.example/" in lines
    assert "# Config.Account1.GENERAL.Pwd is left out: it is a secret" in lines
    assert not any("hunter2" in line or "scrypt" in line for line in lines)
