# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the constraints between options, which ansible-core enforces."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_spec import (
    DIRECTORY_CONSTRAINTS,
    directory_spec,
)


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"server_uri": ["ldaps://dc1"]}, []),
        ({"domain": "corp.example"}, []),
        ({}, ["one of the following is required: server_uri, domain"]),
        (
            {"server_uri": ["ldaps://dc1"], "domain": "corp.example"},
            ["parameters are mutually exclusive: server_uri|domain"],
        ),
        (
            {"domain": "corp.example", "keytab": "/k", "ccache": "/c"},
            ["parameters are mutually exclusive: keytab|ccache"],
        ),
    ],
)
def test_violated_constraints_between_connection_options_are_reported(
    options: dict[str, Any], messages: list[str]
) -> None:
    validator = ArgumentSpecValidator(directory_spec(), **DIRECTORY_CONSTRAINTS)
    assert validator.validate(options).error_messages == messages
