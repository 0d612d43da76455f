# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the environment variables that provide values for options."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._environment import (
    VARIABLES,
    how_to_set,
)


def test_each_variable_is_named_after_its_option() -> None:
    assert set(VARIABLES) == {"bind_dn", "bind_pw", "token", "url_username", "url_password"}
    assert all(variable == f"FRONTDESK_{option.upper()}" for option, variable in VARIABLES.items())


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("token", "Set O(token), or the environment variable FRONTDESK_TOKEN"),
        ("bind_pw", "Set O(bind_pw), or the environment variable FRONTDESK_BIND_PW"),
        ("keytab", "Set O(keytab)"),
    ],
)
def test_remedy_for_a_missing_option_names_its_variable(option: str, remedy: str) -> None:
    assert how_to_set(option) == remedy
