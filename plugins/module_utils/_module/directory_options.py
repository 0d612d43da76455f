# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reads a directory: options made into an account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._directory.account import ACCOUNT_VARIABLES, PROTOCOLS, Account, unsupported_options
from .._directory.domain import Domain
from .._directory.settings import ConnectionSettings
from .environment import _secret, nonempty_env_fallback


def directory_spec() -> dict[str, Any]:
    """How to get into a directory: the twin of the fragment ``directory``."""
    return {
        "server_uri": {"type": "list", "elements": "str"},
        "domain": {"type": "str"},
        "site": {"type": "str"},
        "dns_servers": {"type": "list", "elements": "str"},
        "auth_protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "simple"},
        "bind_dn": {
            "type": "str",
            "fallback": (nonempty_env_fallback, [ACCOUNT_VARIABLES["bind_dn"]]),
        },
        "bind_pw": _secret(ACCOUNT_VARIABLES["bind_pw"]),
        "keytab": {"type": "path", "no_log": False},
        "ccache": {"type": "str"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "start_tls": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path", "aliases": ["ca_cert"]},
        "connection_timeout": {"type": "int", "default": 10},
        "receive_timeout": {"type": "int", "default": 120},
        "page_size": {"type": "int", "default": 1000},
    }


DIRECTORY_PATHS = ("ca_path", "client_cert", "client_key", "keytab")
"""Which of these options are paths."""


def parse_connection_settings(params: Mapping[str, Any]) -> ConnectionSettings:
    """How to get into the directory, from a module's parameters."""
    return ConnectionSettings(
        server_uris=params["server_uri"] or [],
        account=parse_account(params),
        start_tls=params["start_tls"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        connection_timeout=params["connection_timeout"],
        receive_timeout=params["receive_timeout"],
        domain=Domain(
            name=(params["domain"] or "").rstrip("."),
            site=params["site"] or "",
            dns_servers=params["dns_servers"] or (),
        ),
    )


_OPTIONS = ("bind_dn", "bind_pw", "keytab", "ccache", "client_cert", "client_key")


def parse_account(params: Mapping[str, Any]) -> Account:
    """Who reads the directory, from a module's parameters.

    Variables of the environment are there for everything that a host runs. What is in one, and has no
    place in the protocol of this account, is left out; given as an option it is a contradiction, for
    `check_account` to find.
    """
    given = {option: params[option] or "" for option in _OPTIONS}
    account = Account(params["auth_protocol"], **given)
    unused = unsupported_options(account)
    surplus = {
        option: ""
        for option, variable in ACCOUNT_VARIABLES.items()
        if option in unused and given[option] == os.environ.get(variable)
    }
    return replace(account, **surplus)
