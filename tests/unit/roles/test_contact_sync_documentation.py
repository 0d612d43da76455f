# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the documentation of the role, which is in its argument specs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._locations import (
    Location,
    location_from_host,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._settings import (
    Host,
    convert_variables,
    make_settings,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._variables import (
    EXPORT,
    LOCATION_SPEC,
    LOCATION_VARIABLES,
    PROBE,
    UPLOAD,
    VARIABLES,
    check_names,
)

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "roles/contact_sync/meta/argument_specs.yml").read_text(encoding="utf-8")
ENTRY_POINTS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["argument_specs"]
OPTIONS: dict[str, Any] = {
    name: option
    for entry_point in ENTRY_POINTS.values()
    for name, option in entry_point["options"].items()
}
LOCATION_KEYS: dict[str, Any] = OPTIONS["contact_sync_locations"]["options"]
MODULE_SPECS = {EXPORT: export_spec(), PROBE: info_spec(), UPLOAD: upload_spec()}


def test_argument_specs_are_generated_from_the_current_documentation() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.role_documentation"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_handwritten_descriptions_belong_to_existing_variables() -> None:
    path = ROOT / "tests/role_documentation/contact_sync.yml"
    handwritten = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(handwritten["variables"]) - set(VARIABLES) == set()
    assert set(handwritten["location_keys"]) - set(LOCATION_SPEC) == set()


def test_each_variable_is_documented_in_one_entry_point() -> None:
    names = [name for entry_point in ENTRY_POINTS.values() for name in entry_point["options"]]
    assert sorted(names) == sorted(VARIABLES)
    assert set(ENTRY_POINTS["probe"]["options"]) == {"contact_sync_fail_on_problems"}
    assert set(LOCATION_KEYS) == set(LOCATION_SPEC)


@pytest.mark.parametrize(
    "value", [None, "", "text", "[", 7, 1.5, True, [], [None], ["text", 7], {}, {"location": []}]
)
def test_ansible_core_accepts_all_values_unchanged(value: object) -> None:
    for entry_point in ENTRY_POINTS.values():
        values = dict.fromkeys(entry_point["options"], value)
        result = ArgumentSpecValidator(entry_point["options"]).validate(values)
        assert result.error_messages == []
        assert result.validated_parameters == values


def test_ansible_core_requires_no_variables() -> None:
    for entry_point in ENTRY_POINTS.values():
        assert ArgumentSpecValidator(entry_point["options"]).validate({}).error_messages == []


@pytest.mark.parametrize("name", VARIABLES)
def test_the_description_of_a_variable_ends_with_its_type_choices_and_default(name: str) -> None:
    variable = VARIABLES[name]
    *_others, last = OPTIONS[name]["description"]
    defaults = [
        MODULE_SPECS[stage][option].get("default") for stage, option in variable.options.items()
    ]
    expected = r"Type: [a-z ]+\."
    if "choices" in variable.spec:
        expected += f" Choices: {_values(variable.spec['choices'])}\\."
    if defaults and defaults[0] not in (None, {}):
        expected += f" Default: {_values(defaults[0])}\\."
    assert re.fullmatch(expected, last)


def _values(value: object) -> str:
    """Return a regular expression that matches a list of values, each in V(...) markup."""
    values = value if isinstance(value, list) else [value]
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    return ", ".join(re.escape(f"V({text})") for text in texts)


def test_each_reference_is_to_a_variable_a_key_or_an_option_of_a_module() -> None:
    references = {
        reference.partition("=")[0] for reference in re.findall(r"\b(?:O|RV)\(([^)]*)\)", TEXT)
    }
    to_modules = {reference for reference in references if "#module:" in reference}
    to_keys = {f"contact_sync_locations.{key}" for key in LOCATION_KEYS}
    assert "frontdesk.contacts.ad_contacts_export#module:columns[].value" in to_modules
    assert references - to_modules - to_keys - set(VARIABLES) == set()
    # With three exceptions, the text refers to a variable of the role instead of the module option that is set from it.
    forwarded = {option for each in VARIABLES.values() for option in each.options.values()}
    without_keys = {reference.partition("#module:")[2] for reference in to_modules}
    assert without_keys & forwarded == {"columns", "result", "secrets"}


def test_descriptions_use_the_terms_of_the_role() -> None:
    terms_of_modules = (
        r"\b(?:this option|that option|this module|sources?|host that runs the module)\b"
    )
    assert re.findall(terms_of_modules, TEXT, re.IGNORECASE) == []


def test_the_description_lists_all_variables_of_the_main_entry_point_by_subject() -> None:
    main = ENTRY_POINTS["main"]
    matches = [re.fullmatch(r"B\(([^)]*):\) (.*)\.", each) for each in main["description"]]
    lists = {match[1]: match[2] for match in matches if match}
    assert list(lists) == [
        *("Directory", "People and locations", "Columns", "Service", "Limits and state")
    ]
    listed = [name for names in lists.values() for name in re.findall(r"O\((\w+)\)", names)]
    assert sorted(listed) == sorted(main["options"])
    for name, subject in (
        ("contact_sync_ca_path", "Directory"),
        ("contact_sync_locations", "People and locations"),
        ("contact_sync_skip_hidden", "People and locations"),
        ("contact_sync_key", "Columns"),
        ("contact_sync_service_ca_path", "Service"),
        ("contact_sync_max_removed", "Limits and state"),
    ):
        assert f"O({name})" in lists[subject]


def test_all_variables_of_hosts_are_documented() -> None:
    description = " ".join(OPTIONS["contact_sync_locations_group"]["description"])
    documented = re.findall(r"C\((contact_sync_\w+)\)", description)
    assert sorted(documented) == sorted(LOCATION_VARIABLES.values())


PLAYS, INVENTORY = yaml.safe_load_all(ENTRY_POINTS["main"]["examples"])


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play["name"])
def test_the_role_accepts_the_variables_of_each_example(play: dict[str, Any]) -> None:
    (role,) = play["roles"]
    assert role["role"] == "frontdesk.contacts.contact_sync"
    check_names(role["vars"], "the example")
    host = Host("localhost", convert_variables(role["vars"]))
    group = host.get("locations_group")
    locations = _group_locations(group) if group else []
    settings = make_settings(host, locations, for_upload=True)
    assert len(settings.sources) == len(locations or host.get("locations"))
    assert settings.options[UPLOAD]["url"] == host.get("service_url")


def _group_locations(group: str) -> list[Location]:
    locations = []
    for name, variables in INVENTORY[group]["hosts"].items():
        check_names(variables, f"host {name}")
        values = {
            option: variables[variable]
            for option, variable in LOCATION_VARIABLES.items()
            if variable in variables
        }
        assert len(values) == len(variables)
        locations.append(location_from_host(name, values))
    return locations


def test_the_examples_show_the_common_setups() -> None:
    used = [set(play["roles"][0]["vars"]) for play in PLAYS]
    for names in (
        {"contact_sync_domain", "contact_sync_auth_protocol"},
        {"contact_sync_locations_group"},
        {"contact_sync_service_token_header"},
        {"contact_sync_columns", "contact_sync_key"},
    ):
        assert any(names <= variables for variables in used)
