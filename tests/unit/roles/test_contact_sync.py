# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's files agree with each other and with the modules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    directory_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    default_columns,
    source_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
    upload_spec,
)

ROLE = Path(__file__).resolve().parents[3] / "roles" / "contact_sync"
# Words of a task that are not variables of the role itself.
_VARIABLE = re.compile(r"\b(?<!__)contact_sync_\w+")


def _load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


ENTRIES: dict[str, dict[str, Any]] = {
    name: entry["options"]
    for name, entry in _load("meta/argument_specs.yml")["argument_specs"].items()
}
OPTIONS: dict[str, dict[str, Any]] = {**ENTRIES["main"], **ENTRIES["probe"]}
TASKS = {path.name: path.read_text(encoding="utf-8") for path in (ROLE / "tasks").glob("*.yml")}
TEMPLATES = [path.read_text(encoding="utf-8") for path in (ROLE / "templates").glob("*")]
VARS = (ROLE / "vars" / "main.yml").read_text(encoding="utf-8")
ROLE_VARS = _load("vars/main.yml")
TYPES: dict[str, dict[str, Any]] = ROLE_VARS["__contact_sync_variable_specs"]
STAGES = {f"contact_sync_{stage}" for stage in ("preflight", "export", "upload", "report")}
"""The tags."""
PROFILES = {
    path.stem: path.read_text(encoding="utf-8") for path in (ROLE / "vars/profiles").glob("*")
}


STAGE_OF = {"ad_contacts_export": "export", "ad_contacts_info": "probe", "contact_upload": "upload"}


def _module_options(module: str) -> dict[str, str]:
    """What the role gives a module: as options of its task, and as defaults where it was told."""
    stage = STAGE_OF[module]
    tasks = yaml.safe_load(TASKS[f"{stage}.yml"])
    (task,) = (task for task in tasks if f"frontdesk.contacts.{module}" in task)
    options: dict[str, str] = task[f"frontdesk.contacts.{module}"]
    assert task["module_defaults"] == {
        "group/frontdesk.contacts.contact_sync": f"{{{{ __contact_sync_{stage}_options_set }}}}"
    }
    # A look takes what the export takes, but for what becomes of people without a valid row.
    look = stage == "probe"
    told: dict[str, str] = dict(ROLE_VARS[f"__contact_sync_{'export' if look else stage}_options"])
    if look:
        del told["on_invalid"]
        given = ROLE_VARS["__contact_sync_probe_options_set"]
        assert "__contact_sync_export_options_set" in given
        assert "rejectattr('key', 'equalto', 'on_invalid')" in given
    assert not set(told) & set(options)
    return {**options, **told}


def test_the_roles_own_defaults_are_as_documented() -> None:
    for name in ("contact_sync_profile", "contact_sync_locations"):
        assert f"{name} | default({OPTIONS[name]['default']!r}, true)" in VARS
    assert "V(Location)" in OPTIONS["contact_sync_location_header"]["description"]
    assert "contact_sync_location_header | default('Location', true)" in VARS


def test_every_option_is_used_and_every_variable_is_an_option() -> None:
    text = "\n".join([*TASKS.values(), *TEMPLATES, VARS, *PROFILES.values()])
    assert set(_VARIABLE.findall(text)) - STAGES == set(OPTIONS)


def test_required_options_have_no_default() -> None:
    assert [name for name, o in OPTIONS.items() if o.get("required") and "default" in o] == []


def test_what_a_blank_is_no_value_of_is_raw_and_its_type_is_checked() -> None:
    """A role's argument spec refuses a blank for every type but these."""
    raw = {name for name, option in OPTIONS.items() if option["type"] == "raw"}
    assert raw == set(TYPES)
    for name in set(OPTIONS) - raw:
        assert "choices" not in OPTIONS[name]
        # ansible-core 2.16 refuses a null where there is a default.
        assert "default" not in OPTIONS[name] or name == "contact_sync_locations"
        assert OPTIONS[name]["type"] in ("str", "list")


EXPORT = ("ad_contacts_export", {**directory_spec(), **source_spec(), **export_spec()})
INFO = ("ad_contacts_info", {**directory_spec(), **source_spec(), **info_spec()})
UPLOAD = ("contact_upload", upload_spec())
# Its blank is a value: vars/main.yml hands it on by itself.
PREFIX = {"token_prefix"}


@pytest.mark.parametrize(("module", "spec"), [EXPORT, INFO, UPLOAD])
def test_the_role_gives_the_modules_all_their_options(module: str, spec: dict[str, Any]) -> None:
    # The role says first what was found, and then fails itself.
    its_own = {"backup", "fail_on_problems"}
    assert set(_module_options(module)) == set(spec) - its_own - PREFIX


@pytest.mark.parametrize(
    ("module", "spec", "prefix"),
    [
        (*EXPORT, "contact_sync_"),
        (*INFO, "contact_sync_"),
        (*UPLOAD, "contact_sync_service_"),
        (*UPLOAD, "contact_sync_"),
    ],
)
def test_defaults_types_and_choices_are_those_of_the_modules(
    module: str, spec: dict[str, Any], prefix: str
) -> None:
    checked = 0
    for name, template in _module_options(module).items():
        variable = prefix + name
        if variable not in OPTIONS or not re.search(rf"\b(?<!__){variable}\b", template):
            continue
        option, twin = OPTIONS[variable], spec[name]
        typed = TYPES.get(variable, option)
        checked += 1
        if "default" in option:
            assert option["default"] == twin.get("default"), name
        assert typed["type"] == twin["type"].replace("path", "str"), name
        assert typed.get("elements") == twin.get("elements"), name
        assert typed.get("choices") == twin.get("choices"), name
        assert bool(option.get("no_log")) == bool(twin.get("no_log")), name
        # A zero or a false must not be left out as a blank is.
        assert typed["type"] not in ("bool", "int", "float") or "true)" not in template, name
    assert checked >= 5


def test_a_location_has_the_options_of_a_source_and_an_ou() -> None:
    location = OPTIONS["contact_sync_locations"]["options"]
    source = source_spec()["sources"]["options"]
    assert set(location) == {*source, "ou"}
    for name, twin in source.items():
        assert location[name]["type"] == twin["type"]
        assert location[name].get("choices") == twin.get("choices")
        # The module has the defaults, the role hands on what was given.
        assert "default" not in location[name]


def test_profiles_are_the_choices() -> None:
    assert sorted(PROFILES) == TYPES["contact_sync_profile"]["choices"]


@pytest.mark.parametrize("region", ["", "NO"])
def test_the_profile_receptionist_has_the_default_columns_of_the_module(region: str) -> None:
    number = (
        "{{ 'mobile | e164(phone_region)' if contact_sync_phone_region | default('', true)"
        " else 'mobile' }}"
    )
    text = PROFILES["receptionist"].replace("{{ __contact_sync_location_header }}", "Location")
    assert number in text
    text = text.replace(number, "mobile | e164(phone_region)" if region else "mobile")
    profile = yaml.safe_load(text)
    assert profile["columns"] == default_columns(region)
    assert profile["key"] == upload_spec()["key"]["default"]
    assert profile["location_column"] == upload_spec()["location_column"]["default"]
    assert upload_spec()["profile"]["default"] == "receptionist"


def test_every_tasks_file_is_imported_or_an_entry() -> None:
    entries = {f"{name}.yml" for name in ENTRIES}
    imported = {
        name for entry in entries for name in re.findall(r"import_tasks: (\S+)", TASKS[entry])
    }
    assert imported == set(TASKS) - entries
