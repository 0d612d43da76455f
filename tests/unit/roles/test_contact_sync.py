# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the files of the role are consistent with each other and with the modules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_spec import (
    directory_spec,
)
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

ROLE = Path(__file__).resolve().parents[3] / "roles" / "contact_sync"
# A public variable of the role. Internal variables start with two underscores.
_VARIABLE = re.compile(r"\b(?<!__)contact_sync_\w+")


def _load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


ENTRY_POINTS: dict[str, dict[str, Any]] = {
    name: entry_point["options"]
    for name, entry_point in _load("meta/argument_specs.yml")["argument_specs"].items()
}
OPTIONS: dict[str, dict[str, Any]] = {**ENTRY_POINTS["main"], **ENTRY_POINTS["probe"]}
TASKS = {path.name: path.read_text(encoding="utf-8") for path in (ROLE / "tasks").glob("*.yml")}
TEMPLATES = [path.read_text(encoding="utf-8") for path in (ROLE / "templates").glob("*")]
VARS = (ROLE / "vars" / "main.yml").read_text(encoding="utf-8")
ROLE_VARS = _load("vars/main.yml")
VARIABLE_SPECS: dict[str, dict[str, Any]] = ROLE_VARS["__contact_sync_variable_specs"]
TAGS = {f"contact_sync_{stage}" for stage in ("preflight", "export", "upload", "report")}

STAGE_OF = {"ad_contacts_export": "export", "ad_contacts_info": "probe", "contact_upload": "upload"}


def _module_options(module: str) -> dict[str, str]:
    """Return the templates of all options that the role passes to a module.

    The task sets some options. The others are passed through module_defaults if they are set.
    """
    stage = STAGE_OF[module]
    tasks = yaml.safe_load(TASKS[f"{stage}.yml"])
    (task,) = (task for task in tasks if f"frontdesk.contacts.{module}" in task)
    options: dict[str, str] = task[f"frontdesk.contacts.{module}"]
    assert task["module_defaults"] == {
        "group/frontdesk.contacts.contact_sync": f"{{{{ __contact_sync_{stage}_options_set }}}}"
    }
    # The probe has all options of the export except on_invalid.
    is_probe = stage == "probe"
    defaults: dict[str, str] = dict(
        ROLE_VARS[f"__contact_sync_{'export' if is_probe else stage}_options"]
    )
    if is_probe:
        del defaults["on_invalid"]
        template = ROLE_VARS["__contact_sync_probe_options_set"]
        assert "__contact_sync_export_options_set" in template
        assert "rejectattr('key', 'equalto', 'on_invalid')" in template
    assert not set(defaults) & set(options)
    return {**options, **defaults}


def test_defaults_of_the_role_match_its_documentation() -> None:
    default = OPTIONS["contact_sync_locations"]["default"]
    assert f"contact_sync_locations | default({default!r}, true)" in VARS


def test_every_option_is_used_and_every_variable_is_an_option() -> None:
    text = "\n".join([*TASKS.values(), *TEMPLATES, VARS])
    assert set(_VARIABLE.findall(text)) - TAGS == set(OPTIONS)


def test_required_options_have_no_default() -> None:
    assert [name for name, o in OPTIONS.items() if o.get("required") and "default" in o] == []


def test_options_that_cannot_be_blank_are_raw_and_validated_by_the_role() -> None:
    # A role's argument spec accepts blank values only for strings, lists and raw values.
    raw = {name for name, option in OPTIONS.items() if option["type"] == "raw"}
    assert raw == set(VARIABLE_SPECS)
    for name in set(OPTIONS) - raw:
        assert "choices" not in OPTIONS[name]
        # ansible-core 2.16 rejects null for options with a default.
        assert "default" not in OPTIONS[name] or name == "contact_sync_locations"
        assert OPTIONS[name]["type"] in ("str", "list")


EXPORT = ("ad_contacts_export", {**directory_spec(), **source_spec(), **export_spec()})
INFO = ("ad_contacts_info", {**directory_spec(), **source_spec(), **info_spec()})
UPLOAD = ("contact_upload", upload_spec())
# vars/main.yml passes this option separately, because a blank prefix is a valid value.
TOKEN_PREFIX = {"token_prefix"}


@pytest.mark.parametrize(("module", "spec"), [EXPORT, INFO, UPLOAD])
def test_the_role_passes_all_options_to_the_modules(module: str, spec: dict[str, Any]) -> None:
    # The role does not create backups, and it shows the report before it fails because of problems.
    not_passed = {"backup", "fail_on_problems"}
    assert set(_module_options(module)) == set(spec) - not_passed - TOKEN_PREFIX


@pytest.mark.parametrize(
    ("module", "spec", "prefix"),
    [
        (*EXPORT, "contact_sync_"),
        (*INFO, "contact_sync_"),
        (*UPLOAD, "contact_sync_service_"),
        (*UPLOAD, "contact_sync_"),
    ],
)
def test_defaults_types_and_choices_match_the_modules(
    module: str, spec: dict[str, Any], prefix: str
) -> None:
    checked = 0
    for name, template in _module_options(module).items():
        variable = prefix + name
        if variable not in OPTIONS or not re.search(rf"\b(?<!__){variable}\b", template):
            continue
        option, module_option = OPTIONS[variable], spec[name]
        variable_spec = VARIABLE_SPECS.get(variable, option)
        checked += 1
        if "default" in option:
            assert option["default"] == module_option.get("default"), name
        assert variable_spec["type"] == module_option["type"].replace("path", "str"), name
        assert variable_spec.get("elements") == module_option.get("elements"), name
        # The module accepts any name of a profile, because it only records the name in the receipt.
        if name != "profile":
            assert variable_spec.get("choices") == module_option.get("choices"), name
        assert bool(option.get("no_log")) == bool(module_option.get("no_log")), name
        # default(..., true) would treat 0 and false as blank.
        is_number_or_bool = variable_spec["type"] in ("bool", "int", "float")
        assert not is_number_or_bool or "true)" not in template, name
    assert checked >= 5


def test_locations_accept_ou_in_addition_to_the_options_of_a_source() -> None:
    location = OPTIONS["contact_sync_locations"]["options"]
    source = source_spec()["sources"]["options"]
    assert set(location) == {*source, "ou"}
    for name, module_option in source.items():
        assert location[name]["type"] == module_option["type"]
        assert location[name].get("choices") == module_option.get("choices")
        # The module sets the defaults; the role only passes options that are set.
        assert "default" not in location[name]


def test_the_only_profile_is_the_default_of_the_module() -> None:
    assert VARIABLE_SPECS["contact_sync_profile"]["choices"] == [
        upload_spec()["profile"]["default"]
    ]


def test_the_location_header_is_passed_to_the_export_and_the_upload() -> None:
    template = "{{ contact_sync_location_header | default('') }}"
    assert _module_options("ad_contacts_export")["location_header"] == template
    assert _module_options("contact_upload")["location_column"] == template
    assert (
        source_spec()["location_header"]["default"] == upload_spec()["location_column"]["default"]
    )


def test_every_task_file_is_imported_or_an_entry_point() -> None:
    entry_points = {f"{name}.yml" for name in ENTRY_POINTS}
    imported = {
        name
        for entry_point in entry_points
        for name in re.findall(r"import_tasks: (\S+)", TASKS[entry_point])
    }
    assert imported == set(TASKS) - entry_points
