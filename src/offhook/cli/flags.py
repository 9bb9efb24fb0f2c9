"""Flags made from the description of the options, so that help and options cannot part."""

from collections.abc import Callable
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, TypeVar

from cyclopts import Parameter

from offhook.option_sources import flag
from offhook.options import Options, described

Command = TypeVar("Command", bound=Callable[..., None])


def with_flags(model: type[Options]) -> Callable[[Command], Command]:
    """Give a command a flag for each option of `model`; it gets them as texts, those not given as None.

    The command takes them as `**flags`. What a text means, and whether it is right, the options say.
    """

    def decorate(command: Command) -> Command:
        own = [p for p in Signature.from_callable(command).parameters.values() if p.kind is not p.VAR_KEYWORD]
        signature = Signature([*own, *_arguments(model)])
        command.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect.signature
        command.__annotations__ = {name: p.annotation for name, p in signature.parameters.items()}
        return command

    return decorate


def _arguments(model: type[Options]) -> list[Argument]:
    return [
        Argument(
            option.name,
            Argument.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                list[str] | None if option.shown.repeatable else str | None,
                Parameter(
                    name=flag(option.name),
                    metavar=option.shown.metavar,
                    help=f"{option.description} Default: {option.default}."
                    + (" Repeatable." if option.shown.repeatable else ""),
                    negative=(),
                ),
            ],
        )
        for option in described(model)
    ]
