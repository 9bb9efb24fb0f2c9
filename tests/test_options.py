from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.action_uri.access import Access
from offhook.action_uri.allow_list import AllowList
from offhook.option_sources import BadOption, flag, variable
from offhook.options import (
    DeviceOptions,
    FarmOptions,
    RunOptions,
    described,
    farm_options,
    notices,
    run_options,
)
from offhook.settings.for_the_house import access, accounts
from offhook.settings.phone_settings import PhoneSettings, settings_of
from offhook.sip.account import Account

NOTHING: dict[str, str] = {}


def from_toml(folder: Path, text: str) -> RunOptions:
    file = folder / "offhook.toml"
    file.write_text(text, "utf-8")
    return run_options({"config": str(file)}, NOTHING)


def test_the_defaults_that_others_script_against() -> None:
    options = run_options({}, NOTHING)
    assert options.bind == ("127.0.0.1",)
    assert (options.http_port, options.https_port, options.sip_port) == (8080, 8443, 5060)
    assert options.sip_bind is options.public_address is options.autop_url is options.mac is None
    assert options.account == ()
    assert str(options.allow) == "127.0.0.1, ::1"
    assert options.data.name == "offhook"


def test_the_names_that_others_script_against() -> None:
    assert " ".join(flag(option.name) for option in described(RunOptions)) == (
        "--data --bind --http-port --https-port --sip-port --sip-tls-port "
        "--tls-ca --tls-certificate --tls-verify --sip-bind --rtp-ports --dns --public-address --account "
        "--allow --host-name --trusted-origin --trusted-proxy --confirm-page --autop-url --mac --sip-trace "
        "--log-format --log-level --config "
        "--auto-answer --call-waiting --reject-code --dnd-code --no-answer-after --reject-anonymous "
        "--callers --unknown-callers --unlimited --redirects --refer --voicemail"
    )
    assert variable("http_port") == "OFFHOOK_HTTP_PORT"


@pytest.mark.parametrize("model", [RunOptions, FarmOptions])
def test_every_option_is_described(model: type[RunOptions] | type[FarmOptions]) -> None:
    names = {option.name for option in described(model) if option.description and option.default}
    assert names == model.model_fields.keys() - {"count"}


READ = [
    ("http_port", "0", 0),
    ("https_port", " 443 ", 443),
    ("sip_port", "65535", 65535),
    ("bind", ["localhost", "[::1]", "::1", "0.0.0.0"], ("127.0.0.1", "::1", "0.0.0.0")),
    ("sip_bind", "2001:DB8::1", "2001:db8::1"),
    ("public_address", "203.0.113.7", "203.0.113.7"),
    ("mac", "0A-00-27-00-10-01", "0a0027001001"),
    ("autop_url", "tftp://192.0.2.1/", "tftp://192.0.2.1/"),
    ("autop_url", "https://anna:pw@pbx.example:8443/cfg?x=1", "https://anna:pw@pbx.example:8443/cfg?x=1"),
    ("host_name", ["Phone.Example.org", "desk."], {"phone.example.org", "desk"}),
    ("trusted_origin", ["HTTPS://crm.example.org:443/"], {"https://crm.example.org"}),
    ("trusted_proxy", "127.0.0.1, 10.0.0.0/8", AllowList.parse("127.0.0.1, 10.0.0.0/8")),
    ("confirm_page", "No", False),
    ("confirm_page", True, True),
    ("data", "/var/lib/offhook", Path("/var/lib/offhook")),
    ("data", "~/phone", Path.home() / "phone"),
    ("auto_answer", "Asked", "asked"),
    ("call_waiting", "no", False),
    ("reject_code", "603", 603),
    ("no_answer_after", "15", 15),
    ("refer", "refuse", "refuse"),
    ("voicemail", "*97", "*97"),
]


@pytest.mark.parametrize(("name", "value", "read"), READ)
def test_a_flag_is_read(name: str, value: object, read: object) -> None:
    assert getattr(run_options({name: value}, NOTHING), name) == read


@pytest.mark.parametrize(("text", "read"), [("10000-10001", "10000-10001"), ("10001-20000", "10001-20000")])
def test_a_range_of_rtp_ports(text: str, read: str) -> None:
    assert str(run_options({"rtp_ports": text}, NOTHING).rtp_ports) == read


REFUSED = [
    ("http_port", "65536", "0 to 65535"),
    ("http_port", "-1", "0 to 65535"),
    ("http_port", "http", "0 to 65535"),
    ("http_port", "8080.0", "0 to 65535"),
    ("sip_port", "٥٠٦٠", "0 to 65535"),
    ("rtp_ports", "10000", "MIN-MAX"),
    ("rtp_ports", "2-1", "MIN-MAX"),
    ("rtp_ports", "10001-10002", "two"),
    ("rtp_ports", "0-10", "1 to 65535"),
    ("rtp_ports", "60000-70000", "1 to 65535"),
    ("bind", ["127.0.0.1", "pbx.example"], "'pbx.example' is no IP address"),
    ("bind", ["*"], "0.0.0.0 for all of IPv4"),
    ("bind", ["224.0.0.1"], "no address that a phone can have"),
    ("bind", ["fe80::1%eth0"], "no address that a phone can have"),
    ("sip_bind", "127.0.0.1:5060", "is no IP address"),
    ("public_address", "0.0.0.0", "nowhere to send to"),
    ("allow", "192.168.1.*", "192.168.1"),
    ("allow", "127.0.0.1, any", "any"),
    ("allow", "1\x1b[2J", r"1\x1b[2J"),
    ("host_name", ["phone:8080"], "write it like phone.example.org, without a port"),
    ("host_name", [""], "is no host name"),
    ("trusted_origin", ["crm.example.org"], "write it like https://crm.example.org"),
    ("trusted_origin", ["https://*.example.org"], "is no origin"),
    ("trusted_origin", ["https://crm.example.org/panel"], "is no origin"),
    ("trusted_proxy", "any", "any"),
    ("confirm_page", "maybe", "'maybe' is neither yes nor no"),
    ("mac", "01:00:5e:00:00:01", "group"),
    ("mac", "0a:00:27", "12 hexadecimal digits"),
    ("autop_url", "ftp://pbx/", "http://, https:// or tftp://"),
    ("autop_url", "http://", "http://, https:// or tftp://"),
    ("autop_url", "http://[::1", "http://, https:// or tftp://"),
    ("autop_url", "http://pbx:99999/", "http://, https:// or tftp://"),
    ("autop_url", "http://pbx/\r\nX: y", "http://, https:// or tftp://"),
    ("data", "", "is no path"),
    ("data", "a\0b", "is no path"),
    ("config", "/nowhere/offhook.toml", "cannot be read"),
    ("config", "/", "cannot be read"),
    ("account", ["1001@pbx"], "account 1: it must begin with sip:"),
    ("account", ["sip:1@a", "sip:2@b:x"], "account 2: PORT"),
    ("account", ["sip:1@a", "sip:2@b", "sip:1:hunter2@A:5070"], "accounts 1 and 3"),
    ("auto_answer", "yes", "none of off, asked, always"),
    ("reject_code", "302", "write one of 404, 480, 486, 603"),
    ("dnd_code", "x", "write one of 404, 480, 486, 603"),
    ("no_answer_after", "0", "seconds from 1 to 600"),
    ("refer", "maybe", "none of follow, ask, refuse"),
    ("voicemail", "no such", "cannot be dialled"),
]


@pytest.mark.parametrize(("name", "value", "why"), REFUSED)
def test_a_bad_value_is_refused_by_name(name: str, value: object, why: str) -> None:
    with pytest.raises(BadOption) as raised:
        run_options({name: value}, NOTHING)
    message = str(raised.value)
    assert message.startswith(f"{flag(name)}: ")
    assert why in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "farm"])
def test_who_may_press_keys_is_the_same_for_every_phone(command: str) -> None:
    environ = {
        "OFFHOOK_ALLOW": "10.0.0.X",
        "OFFHOOK_HOST_NAME": "desk.example, phone",
        "OFFHOOK_TRUSTED_ORIGIN": "https://crm.example.org http://10.0.0.5:8123",
        "OFFHOOK_TRUSTED_PROXY": "127.0.0.1",
        "OFFHOOK_CONFIRM_PAGE": "no",
    }
    if command == "run":
        phones = [run_options({}, environ).device(mac="020000000001")]
    else:
        phones = farm_options({"count": "2"}, environ).devices(mac="020000000001")
    for phone in phones:
        assert access(settings_of(phone.factory)) == Access(
            allow=AllowList.parse("10.0.0.X"),
            host_names=frozenset({"desk.example", "phone"}),
            trusted_origins=frozenset({"https://crm.example.org", "http://10.0.0.5:8123"}),
            trusted_proxies=AllowList.parse("127.0.0.1"),
            confirm_page=False,
        )


def test_yes_and_no_in_a_file(tmp_path: Path) -> None:
    assert not from_toml(tmp_path, "confirm-page = false").confirm_page
    assert from_toml(tmp_path, 'confirm-page = "yes"\nhost-name = ["a", "b"]').host_name == {"a", "b"}


def test_http_and_https_share_no_port() -> None:
    with pytest.raises(BadOption, match="--http-port and --https-port are both 8443"):
        run_options({"http_port": "8443"}, NOTHING)
    assert run_options({"http_port": "0", "https_port": "0"}, NOTHING).http_port == 0


# --- where options come from


def test_a_flag_goes_before_a_variable_and_a_variable_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "offhook.toml"
    file.write_text('http-port = 1\nhttps_port = 2\nsip-port = 3\nbind = ["127.0.0.2", "127.0.0.3"]\n')
    options = run_options(
        {"http_port": "11", "bind": ["::1"]},
        {
            "OFFHOOK_CONFIG": str(file),
            "OFFHOOK_HTTP_PORT": "21",
            "OFFHOOK_HTTPS_PORT": "22",
            "OFFHOOK_MAC": " ",
        },
    )
    assert (options.http_port, options.https_port, options.sip_port) == (11, 22, 3)
    assert options.bind == ("::1",)
    assert options.mac is None


def test_a_variable_may_hold_several_values() -> None:
    options = run_options(
        {},
        {
            "OFFHOOK_BIND": "127.0.0.1, ::1  127.0.0.2",
            "OFFHOOK_ACCOUNT": "sip:1001:a,b@pbx;name=Müller, Anna\n SIP:1002:c@pbx;register=no",
            "OFFHOOK_ALLOW": "10.0.0.0/8",
        },
    )
    assert options.bind == ("127.0.0.1", "::1", "127.0.0.2")
    assert options.account == (
        Account(1, "1001", "pbx", password="a,b", display_name="Müller, Anna"),
        Account(2, "1002", "pbx", password="c", register=False),
    )
    assert str(options.allow) == "10.0.0.0/8"


def test_accounts_in_a_file(tmp_path: Path) -> None:
    options = from_toml(
        tmp_path,
        """
        allow = ["127.0.0.1", "10.0.0.X"]
        rtp-ports = "16384-16483"

        [[account]]
        uri = "sip:1001@pbx.example;name=Anna"
        password = "a;b@c"

        [[account]]
        user = "1002"
        host = "192.0.2.7"
        port = 5070
        transport = "tcp"
        register = false
        """,
    )
    assert options.account == (
        Account(1, "1001", "pbx.example", password="a;b@c", display_name="Anna"),
        Account(2, "1002", "192.0.2.7", 5070, "TCP", register=False),
    )
    assert str(options.allow) == "127.0.0.1, 10.0.0.X"
    assert str(options.rtp_ports) == "16384-16483"


@pytest.mark.parametrize(
    "text", ['account = "sip:1@a"', 'account = ["sip:1@a"]', '[account]\nuri = "sip:1@a"']
)
def test_one_account_in_a_file(tmp_path: Path, text: str) -> None:
    assert from_toml(tmp_path, text).account == (Account(1, "1", "a"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http-prot = 80", "no option 'http-prot'; did you mean http-port?"),
        ("zzz = 1", "no option 'zzz'; there are account, allow, "),
        ('config = "x.toml"', "no option 'config'"),
        ("http-port = 1\nhttp_port = 2", "http-port stands there twice"),
        ("http-port = 65536", "offhook.toml: http-port: 65536 is no port"),
        ("http-port = true", "offhook.toml: http-port: True is no port"),
        ("mac = 12", "offhook.toml: mac: the value must be a text"),
        ("bind = 1", "offhook.toml: bind: the value must be a text or a list"),
        ("account = [1]", "offhook.toml: account: account 1: the value must be a text"),
        ("http-port = ", "no TOML file"),
        ("[[account]]\nuri = 'sip:1001@pbx'\npasword = 'hunter2'", "account 1: an account has no 'pasword'"),
        ("[[account]]\nuri = 'sip:1001:hunter2@pbx:x'", "account 1: PORT"),
        ("[[account]]\nuri = 'sip:1001@pbx'\npassword = 'hunter2", "no TOML file"),
    ],
)
def test_a_bad_file_is_refused_and_the_key_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadOption) as raised:
        from_toml(tmp_path, text)
    message = str(raised.value)
    assert why in message
    assert "hunter2" not in message
    assert len(message.splitlines()) == 1


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(BadOption, match=r"^OFFHOOK_SIP_PORT: 'x' is no port"):
        run_options({}, {"OFFHOOK_SIP_PORT": "x"})


# --- nothing but BadOption comes out, and no password with it

SINGLE = st.sampled_from(sorted(RunOptions.model_fields.keys() - {"bind", "account"}))


def outcome(flags: dict[str, object], environ: dict[str, str]) -> str:
    try:
        return repr(run_options(flags, environ))
    except BadOption as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # whichever comes, it is looked at
        return str(error)


@given(SINGLE, st.text())
def test_any_text_for_any_option(name: str, text: str) -> None:
    outcome({name: text}, NOTHING)
    outcome({}, {variable(name): text})


@given(st.sampled_from(["bind", "account"]), st.lists(st.text(), max_size=3))
def test_any_texts_for_a_repeatable_option(name: str, texts: list[str]) -> None:
    outcome({name: texts}, NOTHING)
    outcome({}, {variable(name): " ".join(texts)})


TOML = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(RunOptions.model_fields.keys() - {"config"})), TOML)
def test_any_value_of_a_file_for_any_option(name: str, value: object) -> None:
    outcome({name: value}, NOTHING)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "offhook.toml"
    file.write_bytes(content)
    outcome({"config": str(file)}, NOTHING)


@given(st.from_regex(r"[a-z0-9@:%]{6,12}", fullmatch=True), st.text(max_size=10))
def test_no_password_comes_out(password: str, tail: str) -> None:
    for uri in (f"sip:u:{password}", f"sip:u:{password}@[h", f"sip:u:{password}@h;{tail}"):
        assert password not in outcome({"account": [uri, "sip:"]}, NOTHING)
        assert password not in outcome({}, {"OFFHOOK_ACCOUNT": uri})


# --- a farm


def test_the_phones_of_a_farm() -> None:
    phones = farm_options({"count": "3"}, NOTHING).devices("020000ffffff")
    assert [phone.http_port for phone in phones] == [8081, 8082, 8083]
    assert [phone.sip_port for phone in phones] == [5061, 5062, 5063]
    assert [phone.https_port for phone in phones] == [0, 0, 0]
    assert [phone.mac for phone in phones] == ["020000ffffff", "020000000000", "020000000001"]
    assert len({phone.data for phone in phones}) == 1
    assert [phone.name for phone in phones] == ["1001", "1002", "1003"]
    for phone in phones:
        [account] = accounts(settings_of(phone.factory))
        assert (account.user, account.register) == (phone.name, False)


def test_extensions_keep_their_zeros() -> None:
    assert farm_options({"count": "3", "extensions_from": "009"}, NOTHING).extensions == ["009", "010", "011"]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"count": "0"}, "N: '0' is no number of phones"),
        ({"count": "x"}, "N: 'x' is no number of phones"),
        ({"count": "3", "extensions_from": "a"}, "--extensions-from: 'a' is no extension"),
        ({"count": "100", "http_port": "65500"}, "write 65436 at most"),
        ({"count": "5000"}, "--sip-port 5061 and --http-port 8081 are too close for 5000 phones"),
        ({"count": "2", "https_port": "8082"}, "--http-port 8081 and --https-port 8082 are too close"),
        ({"count": "2", "sip_bind": "0.0.0.0"}, "--sip-bind: '0.0.0.0' is nowhere to send to"),
    ],
)
def test_a_farm_that_cannot_be(flags: dict[str, object], why: str) -> None:
    with pytest.raises(BadOption) as raised:
        farm_options(flags, NOTHING)
    assert why in str(raised.value)


# --- what is said at the start


def asked(phones: Iterable[DeviceOptions]) -> list[tuple[DeviceOptions, PhoneSettings]]:
    """The phones with the settings that they start with where nothing is saved."""
    return [(phone, settings_of(phone.factory)) for phone in phones]


def test_what_is_not_built_yet_is_said() -> None:
    options = run_options(
        {
            "account": ["sip:1@a;srtp=required", "sip:2@a;srtp=optional", "sip:3@a"],
            "autop_url": "http://pbx/",
        },
        NOTHING,
    )
    said = notices(asked([options.device("020000000001")]), {})
    assert said[0].startswith("account 1, 1@a: its sound is encrypted, but its keys go over UDP")
    assert len(said) == 1


def test_that_nobody_is_verified_is_said() -> None:
    [said] = notices(asked([run_options({"tls_verify": "no"}, NOTHING).device("020000000001")]), {})
    assert "can pass for any TLS server" in said


@pytest.mark.parametrize(
    ("flags", "port"),
    [
        ({}, 0),
        ({"account": ["sip:1@a;transport=tcp"]}, 0),
        ({"account": ["sip:1@a", "sips:2@a"]}, 5061),
        ({"account": ["sips:2@a"], "sip_tls_port": "0"}, 0),
        ({"sip_tls_port": "5071"}, 5071),
    ],
)
def test_tls_is_listened_for_where_an_account_uses_it_or_a_port_is_given(
    flags: dict[str, object], port: int
) -> None:
    assert run_options(flags, NOTHING).device("020000000001").sip_tls_port == port


def test_tls_needs_a_port_of_its_own() -> None:
    with pytest.raises(BadOption, match="--sip-port and --sip-tls-port are both 5061"):
        run_options({"sip_port": "5061", "account": ["sips:2@a"]}, NOTHING)


def test_who_is_let_in_is_said_where_everybody_can_knock() -> None:
    farm = farm_options({"count": "9", "bind": ["0.0.0.0"], "allow": "10.0.0.X"}, NOTHING)
    assert notices(asked(farm.devices("020000000001")), {}) == [
        "HTTP listens at every IPv4 address of this machine, and the Allowed Access IP List lets in 10.0.0.X"
    ]


def test_a_variable_that_is_no_option_is_said() -> None:
    environ = {
        "OFFHOOK_HTTP_PROT": "80",
        "OFFHOOK_EXTENSIONS_FROM": "1",  # of the other command
        "OFFHOOK_SERVICE_HOST\n": "10.0.0.1",
        "OFFHOOK_EMPTY": " ",
        "HOME": "/",
    }
    assert notices(asked([run_options({}, environ).device("020000000001")]), environ) == [
        "'OFFHOOK_HTTP_PROT' is no option (did you mean OFFHOOK_HTTP_PORT?)",
        r"'OFFHOOK_SERVICE_HOST\n' is no option",
    ]
