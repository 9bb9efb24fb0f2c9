"""Where options stand: on the command line, in the environment, in a file.

An option comes from the first of these that has it, whole: a list is not added to.

1. the flag (`--http-port 8080`);
2. the environment variable (`OFFHOOK_HTTP_PORT=8080`), unless it is empty. One that holds several values
   separates them by white space, addresses by commas too;
3. the TOML file that `--config` names (`http-port = 8080` or `http_port = 8080`), for `offhook run`. Accounts
   are a list of URIs, or tables `[[account]]`, which may hold a password by itself.
"""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from offhook.option_values import quoted, read_path

ENVIRONMENT_PREFIX: Final = "OFFHOOK_"
_NEAR: Final = 0.8
"""Of 1; the prefix alone makes all variables alike."""


class BadOption(ValueError):
    """One line: where the value stands, what is wrong with it, what would be right. Never a password."""

    def __init__(self, text: str) -> None:
        # What is quoted came from anywhere: no line break and no control sequence gets onto a terminal.
        super().__init__("".join(char if char.isprintable() else ascii(char)[1:-1] for char in text))


class Given(NamedTuple):
    """A value as it was written, and where: what an error names."""

    value: object
    where: str


def dashed(name: str) -> str:
    """An option's name as people write it."""
    return name.replace("_", "-")


def flag(name: str) -> str:
    return f"--{dashed(name)}"


def variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def from_flags(flags: Mapping[str, object]) -> dict[str, Given]:
    return {
        name: Given(value, "N" if name == "count" else flag(name))
        for name, value in flags.items()
        if value is not None
    }


def from_environment(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, Given]:
    return {
        name: Given(value, variable(name))
        for name in names
        if (value := environ.get(variable(name), "").strip())
    }


def unknown_variables(environ: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """The variables that look like options and are none, one line each.

    They are no error: container platforms set such ones for a service that happens to be called offhook.
    """
    known = list(map(variable, names))
    unknown = sorted(
        name
        for name, value in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known and value.strip()
    )
    near = {name: get_close_matches(name, known, n=1, cutoff=_NEAR) for name in unknown}
    return [
        f"{quoted(name)} is no option" + (f" (did you mean {near[name][0]}?)" if near[name] else "")
        for name in unknown
    ]


def from_file(config: Given, names: Iterable[str]) -> dict[str, Given]:
    """What the file that `config` names holds. Raises BadOption."""
    try:
        path = read_path(config.value)
        with path.open("rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise BadOption(f"{config.where}: {quoted(str(path))} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BadOption(f"{config.where}: {quoted(str(config.value))} is no TOML file: {error}") from None
    known = sorted(names)
    given: dict[str, Given] = {}
    for key, value in document.items():
        name = key.replace("-", "_")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {dashed(near[0])}?" if near else f"there are {', '.join(map(dashed, known))}"
            )
            raise BadOption(f"{path}: there is no option {quoted(key)}; {hint}")
        if name in given:
            raise BadOption(f"{path}: {dashed(name)} stands there twice, with a dash and with an underscore")
        given[name] = Given(value, f"{path}: {dashed(name)}")
    return given
