# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the variables of the role match the argument specs of the modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._variables import (
    EXPORT,
    LOCATION_SPEC,
    LOCATION_VARIABLES,
    PROBE,
    UPLOAD,
    VARIABLES,
    Variable,
)

SPECS = {EXPORT: export_spec(), PROBE: info_spec(), UPLOAD: upload_spec()}
FORWARDED = [variable for variable in VARIABLES.values() if variable.options]


def _module_options(variable: Variable) -> list[dict[str, Any]]:
    """Return the specs of all options that a variable sets."""
    return [SPECS[stage][option] for stage, option in variable.options.items()]


def _accepted_values(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a spec that determine which values are accepted."""
    return {
        "type": spec["type"].replace("path", "str"),
        "elements": spec.get("elements"),
        "choices": spec.get("choices"),
        "no_log": bool(spec.get("no_log")),
        "options": {
            name: {**_accepted_values(option), "required": bool(option.get("required"))}
            for name, option in spec.get("options", {}).items()
        },
    }


@pytest.mark.parametrize("variable", FORWARDED, ids=lambda variable: variable.name)
def test_a_variable_accepts_the_values_of_each_option_that_it_sets(variable: Variable) -> None:
    for option in _module_options(variable):
        expected = _accepted_values(option)
        if variable.name == "contact_sync_profile":
            # The module accepts any name, because it only records it in the receipt.
            assert expected["choices"] is None
            expected["choices"] = [option["default"]]
        assert _accepted_values(variable.spec) == expected


@pytest.mark.parametrize("variable", FORWARDED, ids=lambda variable: variable.name)
def test_all_options_that_a_variable_sets_have_the_same_default(variable: Variable) -> None:
    first, *others = (option.get("default") for option in _module_options(variable))
    assert others == [first] * len(others)


def test_some_variables_set_options_of_several_modules() -> None:
    assert VARIABLES["contact_sync_location_header"].options == {
        EXPORT: "location_header",
        PROBE: "location_header",
        UPLOAD: "location_column",
    }
    assert VARIABLES["contact_sync_client_cert"].options == {
        EXPORT: "client_cert",
        PROBE: "client_cert",
    }
    assert VARIABLES["contact_sync_service_client_cert"].options == {UPLOAD: "client_cert"}


def _specs_with_suboptions(specs: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for spec in specs.values():
        yield spec
        yield from _specs_with_suboptions(spec.get("options", {}))


def test_specs_contain_nothing_that_applies_only_to_the_managed_node() -> None:
    specs = list(_specs_with_suboptions({name: each.spec for name, each in VARIABLES.items()}))
    assert len(specs) > len(VARIABLES)
    for spec in specs:
        assert set(spec) <= {"type", "elements", "choices", "no_log", "options", "required"}
        assert spec["type"] != "path"
    assert [name for name, each in VARIABLES.items() if "required" in each.spec] == []


def test_variables_of_hosts_set_keys_of_a_location_and_are_not_variables_of_the_role() -> None:
    assert set(LOCATION_VARIABLES) <= set(LOCATION_SPEC)
    # A variable that is set for all hosts must not change the locations from the inventory.
    assert set(LOCATION_VARIABLES.values()) & set(VARIABLES) == set()
