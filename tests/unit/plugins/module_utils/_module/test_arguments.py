# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of secrets and environment variables in the argument specs."""

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    nonempty_env_fallback,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)


def test_the_first_environment_variable_that_is_not_empty_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRONTDESK_A", "")
    monkeypatch.setenv("FRONTDESK_B", "b")
    monkeypatch.setenv("FRONTDESK_C", "c")
    assert nonempty_env_fallback("FRONTDESK_A", "FRONTDESK_B", "FRONTDESK_C") == "b"
    for names in ((), ("FRONTDESK_A",), ("FRONTDESK_NONE",)):
        with pytest.raises(AnsibleFallbackNotFound):
            nonempty_env_fallback(*names)


def test_only_credentials_are_hidden() -> None:
    specs = {**export_spec(), **upload_spec()}
    assert {name for name, option in specs.items() if option.get("no_log")} == {
        *("bind_pw", "token", "url_username", "url_password")
    }
    # ansible-core warns about options whose names suggest a secret, unless no_log is set.
    assert {name for name, option in specs.items() if option.get("no_log") is False} == {
        *("token_header", "token_prefix", "token_param", "client_key", "keytab", "key"),
        *("params", "headers", "form_fields", "secrets"),
    }
    secret = upload_spec()["secrets"]["options"]
    assert {name for name, option in secret.items() if option.get("no_log")} == {"value"}


def test_options_fall_back_to_their_environment_variables() -> None:
    specs = {**export_spec(), **upload_spec()}
    assert {name: spec["fallback"] for name, spec in specs.items() if "fallback" in spec} == {
        "bind_dn": (nonempty_env_fallback, ["FRONTDESK_BIND_DN"]),
        "bind_pw": (nonempty_env_fallback, ["FRONTDESK_BIND_PW"]),
        "token": (nonempty_env_fallback, ["FRONTDESK_TOKEN"]),
        "url_username": (nonempty_env_fallback, ["FRONTDESK_URL_USERNAME"]),
        "url_password": (nonempty_env_fallback, ["FRONTDESK_URL_PASSWORD"]),
    }
