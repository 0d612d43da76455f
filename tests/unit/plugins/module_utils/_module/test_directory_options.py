# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an account, and the environment variables that stand in for them."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._environment import VARIABLES
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    directory_spec,
    parse_account,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import filled_in


def test_an_account_is_what_the_options_say() -> None:
    params = filled_in(directory_spec(), bind_dn="svc", bind_pw="pw")
    assert parse_account(params) == Account("simple", "svc", "pw")
    assert parse_account(filled_in(directory_spec())) == Account("simple")


def test_the_environment_contradicts_no_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there for all that a host runs, and ansible-core has put it into the parameters."""
    for option in ("bind_dn", "bind_pw"):
        monkeypatch.setenv(VARIABLES[option], f"{option} of the host")
    params = filled_in(
        directory_spec(),
        auth_protocol="anonymous",
        bind_dn="bind_dn of the host",
        bind_pw="bind_pw of the host",
    )
    assert parse_account(params) == Account("anonymous")
    assert parse_account({**params, "bind_pw": "given"}) == Account("anonymous", "", "given")


def test_the_environment_adds_no_second_way_to_a_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES["bind_pw"], "of the host")
    params = filled_in(directory_spec(), auth_protocol="kerberos", bind_pw="of the host")
    assert parse_account(params) == Account("kerberos", "", "of the host")
    assert parse_account({**params, "keytab": "/k"}) == Account("kerberos", keytab="/k")
    assert parse_account({**params, "ccache": "/c"}) == Account("kerberos", ccache="/c")
