"""The options of `offhook run` and `offhook farm`: one description for flags, variables, file and help."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from offhook.action_uri.allow_list import AllowList
from offhook.data_folder import default_data_folder
from offhook.factory import factory
from offhook.log.handler import LogLevel
from offhook.log.lines import LogFormat
from offhook.option_sources import (
    BadOption,
    Given,
    from_environment,
    from_file,
    from_flags,
    unknown_variables,
)
from offhook.option_values import (
    read_accounts,
    read_address,
    read_addresses,
    read_allow_list,
    read_auto_answer,
    read_choice,
    read_count,
    read_extension,
    read_host_names,
    read_mac,
    read_name_server,
    read_number,
    read_origins,
    read_path,
    read_port,
    read_provisioning_url,
    read_public_address,
    read_refer_policy,
    read_refusal_code,
    read_rtp_ports,
    read_seconds,
    read_yes,
)
from offhook.out_of_service import why_out_of_service
from offhook.phone.settings import AutoAnswer, ReferPolicy
from offhook.rtp.ports import RtpPorts
from offhook.settings.for_the_house import accounts
from offhook.settings.phone_settings import PhoneSettings, Plain
from offhook.settings.sections import FACTORY_ALLOW_LIST
from offhook.sip.account import Account
from offhook.sip.admission import Callers, UnknownCallers
from offhook.sip.redirection import Redirects
from offhook.sip.resolve import NameServer
from offhook.sip.tls import TlsSettings
from offhook.spoken_codecs import what_is_left_out

ONLY_PHONE: Final = "phone"
"""The name of one that shares its folder with nobody."""

_Model = TypeVar("_Model", bound="Options")


@dataclass(frozen=True, slots=True)
class Shown:
    """How help shows an option: its value's place holder, its default where that is not a plain value."""

    metavar: str
    default: str | None = None
    repeatable: bool = False


def _factory_allow_list() -> AllowList:
    return AllowList.parse(FACTORY_ALLOW_LIST)


_Folder = Annotated[Path, BeforeValidator(read_path)]
_Port = Annotated[int, BeforeValidator(read_port), Shown("PORT")]
_File = Annotated[Path | None, BeforeValidator(read_path), Shown("FILE", "none")]
_Certificate = Annotated[
    Path | None, BeforeValidator(read_path), Shown("FILE", "none; clients are shown that of HTTPS")
]
_Bind = Annotated[
    tuple[str, ...], BeforeValidator(read_addresses), Shown("ADDR", "127.0.0.1", repeatable=True)
]
_RtpPorts = Annotated[RtpPorts, BeforeValidator(read_rtp_ports), Shown("MIN-MAX", "any that are free")]
_Allow = Annotated[AllowList, BeforeValidator(read_allow_list), Shown("LIST", FACTORY_ALLOW_LIST)]
_HostNames = Annotated[
    frozenset[str], BeforeValidator(read_host_names), Shown("NAME", "none", repeatable=True)
]
_Origins = Annotated[frozenset[str], BeforeValidator(read_origins), Shown("ORIGIN", "none", repeatable=True)]
_List = Annotated[AllowList, BeforeValidator(read_allow_list), Shown("LIST", "none")]
_YesOrNo = Annotated[bool, BeforeValidator(read_yes), Shown("yes|no", "yes")]

_LogFormat = Annotated[LogFormat, BeforeValidator(read_choice(LogFormat)), Shown("text|json", "text")]
_LogLevel = Annotated[
    LogLevel, BeforeValidator(read_choice(LogLevel)), Shown("debug|info|warning|error", "info")
]
_Code = Annotated[int, BeforeValidator(read_refusal_code), Shown("CODE")]

_BIND: Final = "Address at which HTTP listens."
_RTP_PORTS: Final = "UDP ports of the sound; a call takes two."
_ALLOW: Final = (
    "Who may press keys: addresses separated by commas, 192.168.1.XXX (X is one digit), 10.0.0.0/8."
)
_HOST_NAME: Final = "Name in a URL by which the phone answers, besides localhost and the machine's own."
_TRUSTED_ORIGIN: Final = "Origin of web pages that may press keys, such as https://crm.example.org."
_TLS_CA: Final = "PEM file of the CAs that SIP over TLS trusts, in place of the system's."
_TLS_CERTIFICATE: Final = (
    "PEM file of a certificate and its key, for TLS servers that ask for one, and for TLS clients."
)
_TLS_VERIFY: Final = "Whether a TLS server must prove who it is."
_SIPS_PORT: Final = 5061
"""The one of sips: (RFC 3261 §19.1.2)."""
_TRUSTED_PROXY: Final = "Proxies that are believed whom they forward for; written as --allow is."
_LOG_FORMAT: Final = (
    "How the log is written to standard error: lines for a person, or one JSON object a line."
)
_LOG_LEVEL: Final = "What is logged: that, and all that is graver."
_CONFIRM_PAGE: Final = "Whether Reset and Reboot ask for a click when a browser does not say who asks."


class Options(BaseModel):
    """The options of one command."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class CallOptions(Options):
    """How a phone treats calls until its owner says otherwise."""

    auto_answer: Annotated[
        AutoAnswer, BeforeValidator(read_auto_answer), Shown("off|asked|always", "off")
    ] = Field(
        default=AutoAnswer.OFF,
        description="Which calls are answered at once: all, or those by a registrar whose caller asks so.",
    )
    call_waiting: Annotated[bool, BeforeValidator(read_yes), Shown("yes|no", "yes")] = Field(
        default=True, description="Whether a call rings while there is another."
    )
    reject_code: _Code = Field(default=486, description="SIP code of a rejected call: 404, 480, 486 or 603.")
    dnd_code: _Code = Field(default=486, description="SIP code of a call refused by Do Not Disturb.")
    no_answer_after: Annotated[int, BeforeValidator(read_seconds), Shown("SECONDS")] = Field(
        default=20, description="When a call is forwarded that nobody answers."
    )
    reject_anonymous: Annotated[bool, BeforeValidator(read_yes), Shown("yes|no", "no")] = Field(
        default=False, description="Whether callers who do not say who they are get 433."
    )
    callers: Annotated[
        Callers, BeforeValidator(read_choice(Callers)), Shown("anyone|registrar", "anyone")
    ] = Field(
        default=Callers.ANYONE,
        description="Who may call and send messages: anybody, or only an account's registrar.",
    )
    unknown_callers: Annotated[
        UnknownCallers, BeforeValidator(read_choice(UnknownCallers)), Shown("refuse|ignore", "refuse")
    ] = Field(
        default=UnknownCallers.REFUSE,
        description="What strangers get who ask for a user that there is not, or may not call: "
        "a refusal, or no answer at all.",
    )
    unlimited: _List = Field(
        default=AllowList(()),
        description="Addresses that may send as much SIP a second as they like, such as an exchange that is "
        "no registrar; written as --allow is.",
    )
    redirects: Annotated[
        Redirects, BeforeValidator(read_choice(Redirects)), Shown("follow|domain|never", "follow")
    ] = Field(
        default=Redirects.FOLLOW,
        description="Whether a call goes on where the one called sends it (3xx): anywhere, within the domain "
        "called or the account's, or nowhere.",
    )
    refer: Annotated[
        ReferPolicy, BeforeValidator(read_refer_policy), Shown("follow|ask|refuse", "follow")
    ] = Field(
        default=ReferPolicy.FOLLOW,
        description="When the other party of a call asks to be transferred. For a stranger, follow is ask.",
    )
    voicemail: Annotated[str | None, BeforeValidator(read_number), Shown("NUMBER", "none")] = Field(
        default=None, description="What the Message key calls, from the first account."
    )


class RunOptions(CallOptions):
    """The options of `offhook run`."""

    data: Annotated[_Folder, Shown("DIR", "the platform's user data folder")] = Field(
        default_factory=default_data_folder,
        description="Folder of what is kept: the certificate, the MAC address.",
    )
    bind: _Bind = Field(default=("127.0.0.1",), description=_BIND)
    http_port: _Port = Field(default=8080, description="HTTP port; 0 for one that is free.")
    https_port: _Port = Field(default=8443, description="HTTPS port; 0 for none.")
    sip_port: _Port = Field(default=5060, description="SIP port, UDP and TCP; 0 for one that is free.")
    sip_tls_port: Annotated[
        int | None,
        BeforeValidator(read_port),
        Shown("PORT", f"{_SIPS_PORT} where an account uses TLS, else none"),
    ] = Field(default=None, description="SIP port for TLS; 0 for none.")
    tls_ca: _File = Field(default=None, description=_TLS_CA)
    tls_certificate: _Certificate = Field(default=None, description=_TLS_CERTIFICATE)
    tls_verify: _YesOrNo = Field(default=True, description=_TLS_VERIFY)
    sip_bind: Annotated[
        str | None,
        BeforeValidator(read_address),
        Shown("ADDR", "the one from which the route to the account's host leaves"),
    ] = Field(default=None, description="Address of SIP and sound.")
    rtp_ports: _RtpPorts = Field(default_factory=RtpPorts, description=_RTP_PORTS)
    dns: Annotated[
        NameServer | None, BeforeValidator(read_name_server), Shown("ADDR[:PORT]", "those of the system")
    ] = Field(default=None, description="Name server that is asked where accounts and other hosts are.")
    public_address: Annotated[
        str | None, BeforeValidator(read_public_address), Shown("ADDR", "that of SIP")
    ] = Field(
        default=None, description="Address where others reach this phone, behind NAT or in a container."
    )
    account: Annotated[
        tuple[Account, ...], BeforeValidator(read_accounts), Shown("URI", "none", repeatable=True)
    ] = Field(
        default=(),
        description="sip:USER[:PASSWORD]@HOST[:PORT] with ;transport=udp|tcp|tls ;auth=NAME "
        ";name=DISPLAY NAME ;srtp=no|optional|required ;register=no ;backup=HOST[:PORT] "
        ";keepalive=no|SECONDS ;ping=crlf|options ;proxy=HOST[:PORT] "
        ";codecs=g722,pcmu,pcma,opus ;dtmf=auto|rtp|info|inband "
        ";refresh=no|SECONDS ;privacy=yes ;mwi=auto|yes|no.",
    )
    allow: _Allow = Field(default_factory=_factory_allow_list, description=_ALLOW)
    host_name: _HostNames = Field(default=frozenset(), description=_HOST_NAME)
    trusted_origin: _Origins = Field(default=frozenset(), description=_TRUSTED_ORIGIN)
    trusted_proxy: _List = Field(default=AllowList(()), description=_TRUSTED_PROXY)
    confirm_page: _YesOrNo = Field(default=True, description=_CONFIRM_PAGE)
    autop_url: Annotated[str | None, BeforeValidator(read_provisioning_url), Shown("URL", "none")] = Field(
        default=None, description="Where AutoP finds its files: http, https or tftp."
    )
    mac: Annotated[str | None, BeforeValidator(read_mac), Shown("MAC", "made once and kept")] = Field(
        default=None, description="MAC address of the phone."
    )
    sip_trace: Annotated[Path | None, BeforeValidator(read_path), Shown("FILE", "none")] = Field(
        default=None,
        description="Capture file for Wireshark of all SIP messages, without their secrets.",
    )
    log_format: _LogFormat = Field(default=LogFormat.TEXT, description=_LOG_FORMAT)
    log_level: _LogLevel = Field(default=LogLevel.INFO, description=_LOG_LEVEL)
    config: Annotated[Path | None, BeforeValidator(read_path), Shown("FILE", "none")] = Field(
        default=None,
        description="TOML file of these options by the same names. Passwords are best kept there.",
    )

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        if self.http_port == self.https_port != 0:
            raise ValueError(
                f"--http-port and --https-port are both {self.http_port}; give one of them another port"
            )
        if self.sip_port == self._tls_port != 0:
            raise ValueError(
                f"--sip-port and --sip-tls-port are both {self.sip_port}; give one of them another port"
            )
        return self

    @property
    def _tls_port(self) -> int:
        if self.sip_tls_port is not None:
            return self.sip_tls_port
        return _SIPS_PORT if any(account.transport == "TLS" for account in self.account) else 0

    def device(self, mac: str) -> "DeviceOptions":
        """The one phone; `mac` is what the data folder keeps, and `--mac` goes before it."""
        return DeviceOptions(
            name=ONLY_PHONE,
            data=self.data,
            mac=self.mac or mac,
            bind=self.bind,
            http_port=self.http_port,
            https_port=self.https_port,
            sip_port=self.sip_port,
            sip_tls_port=self._tls_port,
            sip_bind=self.sip_bind,
            tls=_tls(self),
            public_address=self.public_address,
            rtp_ports=self.rtp_ports,
            dns=self.dns,
            sip_trace=self.sip_trace,
            factory=factory(self, self.account),
        )


class FarmOptions(CallOptions):
    """The options of `offhook farm N`. Phone `i`, from 0, has the ports of the first one plus `i`."""

    count: Annotated[int, BeforeValidator(read_count)]
    data: Annotated[_Folder, Shown("DIR", "farm, in the user data folder")] = Field(
        default_factory=lambda: default_data_folder() / "farm",
        description="Folder of what is kept: the certificate, the MAC address of the first phone.",
    )
    bind: _Bind = Field(default=("127.0.0.1",), description=_BIND)
    extensions_from: Annotated[str, BeforeValidator(read_extension), Shown("NUMBER")] = Field(
        default="1001", description="Extension of the first phone; the others count up."
    )
    http_port: _Port = Field(default=8081, description="HTTP port of the first phone; the others count up.")
    https_port: _Port = Field(default=0, description="HTTPS port of the first phone; 0 for none.")
    sip_port: _Port = Field(
        default=5061, description="SIP port of the first phone, UDP and TCP; the others count up."
    )
    sip_tls_port: _Port = Field(
        default=0, description="SIP port of the first phone for TLS; the others count up. 0 for none."
    )
    tls_ca: _File = Field(default=None, description=_TLS_CA)
    tls_certificate: _Certificate = Field(default=None, description=_TLS_CERTIFICATE)
    tls_verify: _YesOrNo = Field(default=True, description=_TLS_VERIFY)
    sip_bind: Annotated[str, BeforeValidator(read_public_address), Shown("ADDR")] = Field(
        default="127.0.0.1", description="Address of SIP and sound, at which the phones call each other."
    )
    rtp_ports: _RtpPorts = Field(default_factory=RtpPorts, description=_RTP_PORTS)
    allow: _Allow = Field(default_factory=_factory_allow_list, description=_ALLOW)
    host_name: _HostNames = Field(default=frozenset(), description=_HOST_NAME)
    trusted_origin: _Origins = Field(default=frozenset(), description=_TRUSTED_ORIGIN)
    trusted_proxy: _List = Field(default=AllowList(()), description=_TRUSTED_PROXY)
    confirm_page: _YesOrNo = Field(default=True, description=_CONFIRM_PAGE)
    log_format: _LogFormat = Field(default=LogFormat.TEXT, description=_LOG_FORMAT)
    log_level: _LogLevel = Field(default=LogLevel.INFO, description=_LOG_LEVEL)

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        ranges = {
            "--http-port": self.http_port,
            "--https-port": self.https_port,
            "--sip-port": self.sip_port,
            "--sip-tls-port": self.sip_tls_port,
        }
        taken = sorted((first, flag) for flag, first in ranges.items() if first)
        for first, flag in taken:
            if first + self.count - 1 > 65535:
                raise ValueError(
                    f"{flag} {first} leaves no room for {self.count} phones; "
                    f"write {65536 - self.count} at most"
                )
        for (lower, lower_flag), (upper, upper_flag) in pairwise(taken):
            if lower + self.count > upper:
                raise ValueError(
                    f"{lower_flag} {lower} and {upper_flag} {upper} are too close for {self.count} phones; "
                    f"leave {self.count} ports between them"
                )
        return self

    @property
    def extensions(self) -> list[str]:
        width = len(self.extensions_from)
        return [str(int(self.extensions_from) + i).zfill(width) for i in range(self.count)]

    def devices(self, mac: str) -> "list[DeviceOptions]":
        """The phones in order; `mac` is the first one's, and the others count up."""
        return [
            DeviceOptions(
                name=extension,
                data=self.data,
                mac=f"{mac[:6]}{(int(mac[6:], 16) + i) % 0x1000000:06x}",
                bind=self.bind,
                http_port=self.http_port and self.http_port + i,
                https_port=self.https_port and self.https_port + i,
                sip_port=self.sip_port and self.sip_port + i,
                sip_tls_port=self.sip_tls_port and self.sip_tls_port + i,
                sip_bind=self.sip_bind,
                tls=_tls(self),
                public_address=None,
                rtp_ports=self.rtp_ports,
                dns=None,
                sip_trace=None,
                factory=factory(self, [Account(1, extension, self.sip_bind, register=False)]),
            )
            for i, extension in enumerate(self.extensions)
        ]


_FARM_NAMES: Final = FarmOptions.model_fields.keys() - {"count"}


def _tls(options: RunOptions | FarmOptions) -> TlsSettings:
    return TlsSettings(options.tls_ca, options.tls_certificate, options.tls_verify)


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """What one phone starts with, whichever command started it.

    `name` tells it from the others that share its folder, `factory` is its factory's layer of settings.

    `mac` is 12 lower-case hexadecimal digits. A port of 0 is one that the system picks, an `https_port` or
    `sip_tls_port` of 0 none at all. `sip_bind` None is for the host to find: the address from which the
    route to the first account leaves.
    """

    name: str
    data: Path
    mac: str
    bind: tuple[str, ...]
    http_port: int
    https_port: int
    sip_port: int
    sip_tls_port: int
    sip_bind: str | None
    tls: TlsSettings
    public_address: str | None
    rtp_ports: RtpPorts
    dns: NameServer | None
    sip_trace: Path | None
    factory: Mapping[str, Plain]


def run_options(flags: Mapping[str, object], environ: Mapping[str, str]) -> RunOptions:
    """What `offhook run` is to do. `flags` has the field names, and None where a flag is not given.

    Raises BadOption.
    """
    given = from_environment(environ, RunOptions.model_fields) | from_flags(flags)
    if config := given.get("config"):
        given = from_file(config, RunOptions.model_fields.keys() - {"config"}) | given
    return _checked(RunOptions, given)


def farm_options(flags: Mapping[str, object], environ: Mapping[str, str]) -> FarmOptions:
    """What `offhook farm` is to do; as `run_options`, without a file."""
    return _checked(FarmOptions, from_environment(environ, _FARM_NAMES) | from_flags(flags))


def notices(phones: Iterable[tuple[DeviceOptions, PhoneSettings]], environ: Mapping[str, str]) -> list[str]:
    """What a person may not expect of what was asked for, one line each, to be said at the start."""
    said = unknown_variables(environ, RunOptions.model_fields.keys() | _FARM_NAMES)
    for device, settings in phones:
        for address in device.bind:
            if ip_address(address).is_unspecified:
                family = "IPv6" if ":" in address else "IPv4"
                admitted = str(settings.access.allow) or "nobody"
                said.append(
                    f"HTTP listens at every {family} address of this machine, and the Allowed Access IP "
                    f"List lets in {admitted}"
                )
        if not device.tls.verify:
            said.append(
                "--tls-verify is no: whoever is on the way can pass for any TLS server, take its calls, "
                "and read and change what is sent"
            )
        for account in accounts(settings):
            name = f"account {account.id}, {account.user}@{account.host}"
            if why := why_out_of_service(account):
                said.append(f"{name}: {why}; this account stays out of service")
            elif missing := what_is_left_out(account):
                said.append(f"{name}: {missing}; its calls go without")
            if account.srtp == "required" and account.transport != "TLS":
                said.append(
                    f"{name}: its sound is encrypted, but its keys go over {account.transport or 'UDP'}, "
                    "where others can read them; calls show the lock only with transport=tls"
                )
    return list(dict.fromkeys(said))


def _checked(model: type[_Model], given: Mapping[str, Given]) -> _Model:
    try:
        return model.model_validate({name: value for name, (value, _) in given.items()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
        # A rule between two options stands nowhere in particular, and its message names both.
        where = f"{given[str(first['loc'][0])].where}: " if first["loc"] else ""
        raise BadOption(where + message) from None


class Described(NamedTuple):
    """An option as help and README show it."""

    name: str
    shown: Shown
    default: str
    description: str


def described(model: type[Options]) -> list[Described]:
    """The options of a command, how calls are treated last; the command's argument is not among them."""
    own = [name for name in model.model_fields if name not in CallOptions.model_fields]
    shared = [name for name in model.model_fields if name in CallOptions.model_fields]
    return [
        Described(name, shown, shown.default or str(field.default), field.description or "")
        for name in (*own, *shared)
        for field in (model.model_fields[name],)
        for shown in field.metadata
        if isinstance(shown, Shown)
    ]
