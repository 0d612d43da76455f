# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the conversion of options to connection settings and an account."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import Domain
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._environment import VARIABLES
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    parse_account,
    parse_connection_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_spec import (
    directory_spec,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params


def test_options_are_converted_to_connection_settings() -> None:
    params = complete_params(
        directory_spec(),
        server_uri=["ldaps://dc1\n"],
        bind_dn="svc",
        bind_pw="pw",
        ca_path="/ca",
        start_tls=True,
        validate_certs=False,
    )
    account = Account("simple", "svc", "pw")
    assert parse_connection_settings(params) == ConnectionSettings(
        ["ldaps://dc1"], account, True, False, "/ca", 10, 120
    )
    params = complete_params(
        directory_spec(), domain="x.no.", site="Oslo", dns_servers=["192.0.2.53"]
    )
    settings = parse_connection_settings(params)
    assert settings.server_uris == []
    assert settings.domain == Domain("x.no", "Oslo", ["192.0.2.53"])


def test_options_are_converted_to_an_account() -> None:
    params = complete_params(directory_spec(), bind_dn="svc", bind_pw="pw")
    assert parse_account(params) == Account("simple", "svc", "pw")
    params["bind_dn"] = " CN=svc,DC=x\n"
    assert parse_account(params) == Account("simple", "CN=svc,DC=x", "pw")
    assert parse_account(complete_params(directory_spec())) == Account("simple")


def test_environment_variables_that_the_protocol_does_not_use_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Before the module parses its parameters, ansible-core fills in unset parameters from environment variables.
    for option in ("bind_dn", "bind_pw"):
        monkeypatch.setenv(VARIABLES[option], f"{option} of the host")
    params = complete_params(
        directory_spec(),
        auth_protocol="anonymous",
        bind_dn="bind_dn of the host",
        bind_pw="bind_pw of the host",
    )
    assert parse_account(params) == Account("anonymous")
    assert parse_account({**params, "bind_pw": "an option"}) == Account(
        "anonymous", "", "an option"
    )


def test_a_password_from_the_environment_is_ignored_with_a_keytab_or_ticket_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLES["bind_pw"], "of the host")
    params = complete_params(directory_spec(), auth_protocol="kerberos", bind_pw="of the host")
    assert parse_account(params) == Account("kerberos", "", "of the host")
    assert parse_account({**params, "keytab": "/k"}) == Account("kerberos", keytab="/k")
    assert parse_account({**params, "ccache": "/c"}) == Account("kerberos", ccache="/c")
