# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the variables of the role: their derivation from the modules, and the check of their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_spec import (
    source_spec,
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
    check_names,
    option_names,
)

SPECS = {EXPORT: export_spec(), PROBE: info_spec(), UPLOAD: upload_spec()}
# Options that the role sets itself or does not use. It does not need backup, and it does not use fail_on_problems,
# because it shows the report before it fails.
NOT_FORWARDED = {
    EXPORT: {"sources", "dest", "backup", "baseline", "stage_in_check_mode"},
    PROBE: {"sources", "fail_on_problems"},
    UPLOAD: {"src", "checksum", "state_dir"},
}


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
            # The module accepts any name; only the role has a list of profiles.
            assert expected["choices"] is None
            expected["choices"] = [option["default"]]
        assert _accepted_values(variable.spec) == expected


@pytest.mark.parametrize("variable", FORWARDED, ids=lambda variable: variable.name)
def test_all_options_that_a_variable_sets_have_the_same_default(variable: Variable) -> None:
    first, *others = (option.get("default") for option in _module_options(variable))
    assert others == [first] * len(others)


@pytest.mark.parametrize("stage", SPECS)
def test_only_the_excluded_options_of_a_module_have_no_variable(stage: str) -> None:
    forwarded = {
        variable.options[stage] for variable in VARIABLES.values() if stage in variable.options
    }
    assert forwarded == set(SPECS[stage]) - NOT_FORWARDED[stage] - {"option_names"}


def test_variables_set_the_expected_options() -> None:
    names = {
        ("contact_sync_ca_path", EXPORT): "ca_path",
        ("contact_sync_ca_path", PROBE): "ca_path",
        ("contact_sync_service_ca_path", UPLOAD): "ca_path",
        ("contact_sync_service_result", UPLOAD): "result",
        ("contact_sync_max_removed", UPLOAD): "max_removed",
        ("contact_sync_location_header", EXPORT): "location_header",
        ("contact_sync_location_header", UPLOAD): "location_column",
    }
    for (name, stage), option in names.items():
        assert VARIABLES[name].options[stage] == option
    assert UPLOAD not in VARIABLES["contact_sync_ca_path"].options


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


def test_a_location_has_the_options_of_a_source_and_ou() -> None:
    source = source_spec()["sources"]["options"]
    assert set(LOCATION_SPEC) == {*source, "ou"}
    # A location rule cannot be set for a host, because each host is one location.
    assert set(LOCATION_SPEC) - set(LOCATION_VARIABLES) == {"location_value", "locations"}
    assert set(LOCATION_VARIABLES.values()) & set(VARIABLES) == set()


def test_known_variables_and_other_names_are_accepted() -> None:
    names = [*VARIABLES, *LOCATION_VARIABLES.values(), "contact_sync_hosts", "contact_sync_result"]
    check_names([*names, "ansible_host", "__contact_sync_settings", "my_contact_sync_x"], "host a")


def test_all_unknown_variables_are_reported_with_similar_names() -> None:
    with pytest.raises(InputError) as caught:
        check_names(["contact_sync_zzz", "contact_sync_bind_pass", "contact_sync_url"], "host a")
    assert str(caught.value) == (
        "contact_sync_bind_pass of host a is not a variable of the role. Did you mean contact_sync_bind_pw?"
        " contact_sync_url of host a is not a variable of the role. Did you mean contact_sync_service_url?"
        " contact_sync_zzz of host a is not a variable of the role. Remove it, or correct its name:"
        " ansible-doc -t role frontdesk.contacts.contact_sync lists all variables."
    )


def test_messages_name_the_variables_of_the_role() -> None:
    names = option_names(UPLOAD)
    assert names["ca_path"] == "contact_sync_service_ca_path"
    assert names["initial=true"] == "-e contact_sync_initial=true"
    assert names["rebind=true"] == "-e contact_sync_rebind=true"
    assert option_names(EXPORT)["ca_path"] == "contact_sync_ca_path"
    assert option_names(EXPORT)["sources"] == "contact_sync_locations"
    # The export reads the state directory, so its errors can advise what only the upload does.
    assert option_names(EXPORT)["force=true"] == "-e contact_sync_force=true"
    assert option_names(EXPORT)["baseline"] == "contact_sync_state_dir"


def test_the_arguments_that_approve_a_plan_select_the_upload_except_in_check_mode() -> None:
    command = "-e contact_sync_approved_plan={value}"
    names = option_names(UPLOAD)
    assert names["approved_plan="] == f"{command} --tags contact_sync_upload"
    # In check mode, the export leaves no roster that the upload could use.
    assert option_names(UPLOAD, check_mode=True) == {**names, "approved_plan=": command}
    assert "approved_plan=" not in option_names(EXPORT)
