"""`offhook autop-export`: what a phone has saved, as a configuration file for others."""

import sys
from typing import Annotated

from cyclopts import Parameter

from offhook.autop.export import exported
from offhook.cli.saved import Data, Phone, memory_of


def autop_export(
    data: Data = None,
    phone: Phone = "phone",
    *,
    without_secrets: Annotated[
        bool, Parameter(name="--without-secrets", negative=(), help="Leave passwords and such out.")
    ] = False,
) -> None:
    """Print what a phone has saved as an AutoP file, which gives another phone the same settings.

    Options of the start are no part of it. Passwords are, as they are: keep the file where nobody reads it.
    """
    values = memory_of(data, phone).layers.user
    if not without_secrets:
        print("The file holds passwords; --without-secrets leaves them out.", file=sys.stderr)
    print("# Settings of an offhook phone")
    for line in exported(values, secrets=not without_secrets):
        print(line)
