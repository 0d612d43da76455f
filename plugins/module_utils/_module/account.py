# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reads a directory: options made into an account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._directory.account import Account, unused_options

ACCOUNT_VARIABLES = {"bind_dn": "FRONTDESK_BIND_DN", "bind_pw": "FRONTDESK_BIND_PW"}
"""Options of an account, and the environment variables that stand in for them."""

_OPTIONS = ("bind_dn", "bind_pw", "keytab", "ccache", "client_cert", "client_key")


def account_of(params: Mapping[str, Any]) -> Account:
    """Who reads the directory, from a module's parameters.

    Variables of the environment are there for everything that a host runs. What is in one, and has no
    place in the protocol of this account, is left out; given as an option it is a contradiction, for
    `check_account` to find.
    """
    given = {option: params[option] or "" for option in _OPTIONS}
    account = Account(params["auth_protocol"], **given)
    unused = unused_options(account)
    surplus = {
        option: ""
        for option, variable in ACCOUNT_VARIABLES.items()
        if option in unused and given[option] == os.environ.get(variable)
    }
    return account._replace(**surplus)
