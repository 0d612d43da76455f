# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the variables of the role: their derivation from the modules, and the check of their names."""

from __future__ import annotations

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
    check_names,
    option_names,
)

SPECS = {EXPORT: export_spec(), PROBE: info_spec(), UPLOAD: upload_spec()}
# The role sets the first options itself. It creates no backups, and shows the report of the probe before it fails.
NOT_FORWARDED = {
    EXPORT: {"sources", "dest", "backup"},
    PROBE: {"sources", "fail_on_problems"},
    UPLOAD: {"src", "state_dir"},
}


def _keys(spec: dict[str, Any]) -> set[str]:
    return {key for option in spec.values() for key in [*option, *_keys(option.get("options", {}))]}


@pytest.mark.parametrize("stage", SPECS)
def test_every_option_of_a_module_has_a_variable(stage: str) -> None:
    forwarded = {
        variable.options[stage] for variable in VARIABLES.values() if stage in variable.options
    }
    assert forwarded == set(SPECS[stage]) - NOT_FORWARDED[stage] - {"option_names"}


def test_names_of_variables_state_what_they_configure() -> None:
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


def test_specs_contain_nothing_that_applies_only_to_the_managed_node() -> None:
    specs = {name: dict(variable.spec) for name, variable in VARIABLES.items()}
    keys = _keys(specs)
    assert keys & {"default", "fallback", "aliases"} == set()
    assert "path" not in {spec["type"] for spec in specs.values()}
    assert "required" not in {key for spec in specs.values() for key in spec}
    assert specs["contact_sync_columns"]["options"]["header"]["required"] is True
    assert specs["contact_sync_bind_pw"]["no_log"] is True


def test_a_location_has_the_options_of_a_source_and_ou() -> None:
    source = source_spec()["sources"]["options"]
    assert set(LOCATION_SPEC) == {*source, "ou"}
    # A rule cannot be set for a host, because each host is one location.
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
    assert option_names(EXPORT)["ca_path"] == "contact_sync_ca_path"
    assert option_names(EXPORT)["sources"] == "contact_sync_locations"
