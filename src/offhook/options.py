"""The options of `offhook run` and `offhook farm`: one description for flags, variables, file and help."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from offhook.action_uri.allow_list import AllowList
from offhook.data_folder import default_data_folder
from offhook.option_sources import BadOption, Given, from_environment, from_file, from_flags
from offhook.option_values import (
    read_accounts,
    read_address,
    read_addresses,
    read_allow_list,
    read_count,
    read_extension,
    read_mac,
    read_path,
    read_port,
    read_provisioning_url,
    read_public_address,
    read_rtp_ports,
)
from offhook.rtp.ports import RtpPorts
from offhook.sip.account import Account

FACTORY_ALLOW_LIST: Final = "127.0.0.1, ::1"
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
_Bind = Annotated[
    tuple[str, ...], BeforeValidator(read_addresses), Shown("ADDR", "127.0.0.1", repeatable=True)
]
_RtpPorts = Annotated[RtpPorts, BeforeValidator(read_rtp_ports), Shown("MIN-MAX", "any that are free")]
_Allow = Annotated[AllowList, BeforeValidator(read_allow_list), Shown("LIST", FACTORY_ALLOW_LIST)]

_BIND: Final = "Address at which HTTP listens."
_RTP_PORTS: Final = "UDP ports of the sound; a call takes two."
_ALLOW: Final = (
    "Who may press keys: addresses separated by commas, 192.168.1.XXX (X is one digit), 10.0.0.0/8."
)


class Options(BaseModel):
    """The options of one command."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class RunOptions(Options):
    """The options of `offhook run`."""

    data: Annotated[_Folder, Shown("DIR", "the platform's user data folder")] = Field(
        default_factory=default_data_folder,
        description="Folder of what is kept: the certificate, the MAC address.",
    )
    bind: _Bind = Field(default=("127.0.0.1",), description=_BIND)
    http_port: _Port = Field(default=8080, description="HTTP port; 0 for one that is free.")
    https_port: _Port = Field(default=8443, description="HTTPS port; 0 for none.")
    sip_port: _Port = Field(default=5060, description="SIP port, UDP and TCP; 0 for one that is free.")
    sip_bind: Annotated[
        str | None,
        BeforeValidator(read_address),
        Shown("ADDR", "the one from which the route to the account's host leaves"),
    ] = Field(default=None, description="Address of SIP and sound.")
    rtp_ports: _RtpPorts = Field(default_factory=RtpPorts, description=_RTP_PORTS)
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
        ";name=DISPLAY NAME ;srtp=no|optional|required ;register=no.",
    )
    allow: _Allow = Field(default_factory=_factory_allow_list, description=_ALLOW)
    autop_url: Annotated[str | None, BeforeValidator(read_provisioning_url), Shown("URL", "none")] = Field(
        default=None, description="Where AutoP finds its files: http, https or tftp."
    )
    mac: Annotated[str | None, BeforeValidator(read_mac), Shown("MAC", "made once and kept")] = Field(
        default=None, description="MAC address of the phone."
    )
    config: Annotated[Path | None, BeforeValidator(read_path), Shown("FILE", "none")] = Field(
        default=None,
        description="TOML file of these options by the same names. Passwords are best kept there.",
    )

    @model_validator(mode="after")
    def _http_and_https_apart(self) -> Self:
        if self.http_port == self.https_port != 0:
            raise ValueError(
                f"--http-port and --https-port are both {self.http_port}; give one of them another port"
            )
        return self

    def device(self, mac: str) -> "DeviceOptions":
        """The one phone; `mac` is what the data folder keeps, and `--mac` goes before it."""
        return DeviceOptions(
            data=self.data,
            mac=self.mac or mac,
            bind=self.bind,
            http_port=self.http_port,
            https_port=self.https_port,
            sip_port=self.sip_port,
            sip_bind=self.sip_bind,
            public_address=self.public_address,
            rtp_ports=self.rtp_ports,
            accounts=self.account,
            allow=self.allow,
            autop_url=self.autop_url,
        )


class FarmOptions(Options):
    """The options of `offhook farm N`. Phone `i`, from 0, has the ports of the first one plus `i`."""

    count: Annotated[int, BeforeValidator(read_count)]
    data: Annotated[_Folder, Shown("DIR", "farm, in the user data folder")] = Field(
        default_factory=lambda: default_data_folder() / "farm", description="Folder of what is kept."
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
    sip_bind: Annotated[str, BeforeValidator(read_public_address), Shown("ADDR")] = Field(
        default="127.0.0.1", description="Address of SIP and sound."
    )
    rtp_ports: _RtpPorts = Field(default_factory=RtpPorts, description=_RTP_PORTS)
    allow: _Allow = Field(default_factory=_factory_allow_list, description=_ALLOW)

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        ranges = {"--http-port": self.http_port, "--https-port": self.https_port, "--sip-port": self.sip_port}
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
                data=self.data / extension,
                mac=f"{mac[:6]}{(int(mac[6:], 16) + i) % 0x1000000:06x}",
                bind=self.bind,
                http_port=self.http_port and self.http_port + i,
                https_port=self.https_port and self.https_port + i,
                sip_port=self.sip_port and self.sip_port + i,
                sip_bind=self.sip_bind,
                public_address=None,
                rtp_ports=self.rtp_ports,
                accounts=(Account(id=1, user=extension, host=self.sip_bind, register=False),),
                allow=self.allow,
                autop_url=None,
            )
            for i, extension in enumerate(self.extensions)
        ]


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """What one phone starts with, whichever command started it.

    `mac` is 12 lower-case hexadecimal digits. A port of 0 is one that the system picks, an `https_port` of 0
    none at all. `sip_bind` None is for the host to find: the address from which the route to the first
    account leaves.
    """

    data: Path
    mac: str
    bind: tuple[str, ...]
    http_port: int
    https_port: int
    sip_port: int
    sip_bind: str | None
    public_address: str | None
    rtp_ports: RtpPorts
    accounts: tuple[Account, ...]
    allow: AllowList
    autop_url: str | None


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
    names = FarmOptions.model_fields.keys() - {"count"}
    return _checked(FarmOptions, from_environment(environ, names) | from_flags(flags))


def notices(devices: Iterable[DeviceOptions]) -> list[str]:
    """What was asked for and is not built yet, one line each, to be said at the start."""
    said: list[str] = []
    for device in devices:
        for account in device.accounts:
            name = f"account {account.id}, {account.user}@{account.host}"
            if account.transport == "TLS":
                said.append(f"{name}: TLS is not built yet; this account stays out of service")
            if account.srtp == "required":
                said.append(f"{name}: SRTP is not built yet, and required; this account stays out of service")
            if account.srtp == "optional":
                said.append(f"{name}: SRTP is not built yet; its calls are not encrypted")
        if device.autop_url is not None:
            said.append("AutoP is not built yet; nothing is fetched from the --autop-url")
    return said


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
    """The options of a command in the order of its model; the command's argument is not among them."""
    return [
        Described(name, shown, shown.default or str(field.default), field.description or "")
        for name, field in model.model_fields.items()
        for shown in field.metadata
        if isinstance(shown, Shown)
    ]
