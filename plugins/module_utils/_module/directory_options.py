# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options for connecting to a directory: their argument spec, and the functions that parse them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._directory.account import PROTOCOLS, Account, unsupported_options
from .._directory.domain import Domain
from .._directory.settings import ConnectionSettings
from .._environment import VARIABLES
from .arguments import env_option_spec, secret_spec

DIRECTORY_PATHS = ("ca_path", "client_cert", "client_key", "keytab")
"""Connection options whose values are paths."""

_ACCOUNT_OPTIONS = ("bind_dn", "bind_pw", "keytab", "ccache", "client_cert", "client_key")


DIRECTORY_CONSTRAINTS: dict[str, list[tuple[str, ...]]] = {
    "mutually_exclusive": [("server_uri", "domain"), ("keytab", "ccache")],
    "required_one_of": [("server_uri", "domain")],
}
"""Constraints between connection options, as keyword arguments of AnsibleModule.

Options with an environment variable are not included, because ansible-core reads the variables before it checks the
constraints.
"""


def directory_spec() -> dict[str, Any]:
    """Return the argument spec of the connection options, which must match the fragment ``directory``."""
    return {
        "server_uri": {"type": "list", "elements": "str"},
        "domain": {"type": "str"},
        "site": {"type": "str"},
        "dns_servers": {"type": "list", "elements": "str"},
        "auth_protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "simple"},
        "bind_dn": env_option_spec("bind_dn"),
        "bind_pw": secret_spec("bind_pw"),
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


def parse_connection_settings(params: Mapping[str, Any]) -> ConnectionSettings:
    """Return the connection settings that a module's parameters describe, without checking them."""
    return ConnectionSettings(
        server_uris=params["server_uri"] or [],
        account=parse_account(params),
        start_tls=params["start_tls"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        connection_timeout=params["connection_timeout"],
        receive_timeout=params["receive_timeout"],
        domain=Domain(
            (params["domain"] or "").rstrip("."), params["site"] or "", params["dns_servers"] or ()
        ),
    )


def parse_account(params: Mapping[str, Any]) -> Account:
    """Return the account that a module's parameters describe, without checking it.

    An environment variable applies to all tasks that run on a host. Its value is therefore ignored if it conflicts with
    the other options of the account. Any other conflicting value is kept, and `check_account` reports it.
    """
    values = {option: params[option] or "" for option in _ACCOUNT_OPTIONS}
    account = Account(params["auth_protocol"], **values)
    unused = unsupported_options(account)
    ignored = {
        option: ""
        for option, variable in VARIABLES.items()
        if option in unused and values[option] == os.environ.get(variable)
    }
    return replace(account, **ignored)
