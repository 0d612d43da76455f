# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing of the options for connecting to a directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._directory.account import Account, unsupported_options
from .._directory.dn import trim_dn
from .._directory.domain import Domain
from .._directory.settings import ConnectionSettings
from .._environment import VARIABLES

DIRECTORY_PATHS = ("ca_path", "client_cert", "client_key", "keytab")
"""Connection options whose values are paths."""

_ACCOUNT_OPTIONS = ("bind_dn", "bind_pw", "keytab", "ccache", "client_cert", "client_key")


def parse_connection_settings(params: Mapping[str, Any]) -> ConnectionSettings:
    """Return the connection settings that a module's parameters describe, without checking them."""
    return ConnectionSettings(
        server_uris=[uri.strip() for uri in params["server_uri"] or []],
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
    return replace(account, **{"bind_dn": trim_dn(account.bind_dn), **ignored})
