# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation and the argument specs say the same."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.attributes import (
    ModuleDocFragment as Attributes,
)
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.directory import (
    ModuleDocFragment as Directory,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.expression import JINJA2
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.filters import FILTERS
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import LDAP3
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import Library
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    directory_spec,
    export_spec,
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.library import REQUESTS

_MODULES = "ansible_collections.frontdesk.contacts.plugins.modules"
_DEFAULTS: dict[str, Any] = {
    "required": False,
    "default": None,
    "choices": None,
    "aliases": [],
    "elements": None,
}


def _documentation(module: str) -> dict[str, Any]:
    text = importlib.import_module(f"{_MODULES}.{module}").DOCUMENTATION
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def _option(option: dict[str, Any], below: str) -> dict[str, Any]:
    """The facts of one option that must be the same in both places."""
    facts = {key: option.get(key, value) for key, value in _DEFAULTS.items()}
    facts["type"] = option["type"]
    facts["options"] = {
        name: _option(part, below) for name, part in (option.get(below) or {}).items()
    }
    return facts


def _documented(options: dict[str, Any]) -> dict[str, Any]:
    return {name: _option(option, "suboptions") for name, option in options.items()}


def _specified(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: _option(option, "options") for name, option in spec.items()}


def test_the_fragment_of_the_directory() -> None:
    fragment = yaml.safe_load(Directory.DOCUMENTATION)
    assert _documented(fragment["options"]) == _specified(directory_spec())


def test_ad_contacts_export() -> None:
    options = dict(_documentation("ad_contacts_export")["options"])
    # Described anew for its default; the rest of it stands in ansible-core's fragment for files.
    assert set(options.pop("mode")) == {"description"}
    assert _documented(options) == _specified(export_spec())


def test_contact_upload() -> None:
    options = _documentation("contact_upload")["options"]
    assert _documented(options) == _specified(upload_spec())


@pytest.mark.parametrize(
    ("module", "fragments"),
    [
        (
            "ad_contacts_export",
            *(["frontdesk.contacts.attributes", "frontdesk.contacts.directory"],),
        ),
        ("contact_upload", ["frontdesk.contacts.attributes"]),
    ],
)
def test_modules_take_the_fragments(module: str, fragments: list[str]) -> None:
    extended = _documentation(module)["extends_documentation_fragment"]
    assert [name for name in extended if not name.startswith("ansible.builtin.")] == fragments
    assert ("ansible.builtin.files" in extended) is (module == "ad_contacts_export")


@pytest.mark.parametrize("module", ["ad_contacts_export", "contact_upload"])
def test_examples_use_options_that_there_are(module: str) -> None:
    specs = (
        {**upload_spec()} if module == "contact_upload" else {**directory_spec(), **export_spec()}
    )
    source = importlib.import_module(f"{_MODULES}.{module}")
    for task in yaml.safe_load(source.EXAMPLES):
        given = task[f"frontdesk.contacts.{module}"]
        assert set(given) <= set(specs)
        required = {name for name, option in specs.items() if option.get("required")}
        assert required <= set(given)


def test_all_filters_are_named_in_the_documentation() -> None:
    value = _documentation("ad_contacts_export")["options"]["columns"]["suboptions"]["value"]
    named = next(line for line in value["description"] if line.startswith("The filters are"))
    assert [name for name in FILTERS if f"C({name})" not in named] == []
    assert named.count("C(") == len(FILTERS)


def test_environment_variables_are_named_where_they_count() -> None:
    specs = {**directory_spec(), **upload_spec()}
    documented = {
        **yaml.safe_load(Directory.DOCUMENTATION)["options"],
        **_documentation("contact_upload")["options"],
    }
    for name, option in specs.items():
        text = " ".join(documented[name]["description"])
        variables = option.get("fallback", (None, []))[1]
        assert [v for v in variables if f"E({v})" not in text] == []
        assert ("E(" in text) is bool(variables)


def test_what_every_module_says_of_itself() -> None:
    attributes = yaml.safe_load(Attributes.DOCUMENTATION)["attributes"]
    assert set(attributes) == {"action_group", "check_mode", "diff_mode", "idempotent"}
    assert {attribute["support"] for attribute in attributes.values()} == {"full"}


@pytest.mark.parametrize(
    ("module", "libraries"),
    [("ad_contacts_export", [LDAP3, JINJA2]), ("contact_upload", [REQUESTS])],
)
def test_the_libraries_that_a_module_needs_are_documented(
    module: str, libraries: list[Library]
) -> None:
    fragment: list[str] = yaml.safe_load(Directory.DOCUMENTATION)["requirements"]
    shared = fragment if "frontdesk.contacts.directory" in _fragments(module) else []
    documented = [*shared, *_documentation(module)["requirements"]]
    assert documented == [library.requirement for library in libraries]


def _fragments(module: str) -> list[str]:
    fragments: list[str] = _documentation(module).get("extends_documentation_fragment", [])
    return fragments
