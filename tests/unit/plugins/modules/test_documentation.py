# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation and the argument specs say the same."""

from __future__ import annotations

import importlib
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.attributes import (
    ModuleDocFragment as Attributes,
)
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.directory import (
    ModuleDocFragment as Directory,
)
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.sources import (
    ModuleDocFragment as Sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import (
    CRYPTOGRAPHY,
    GSSAPI,
    LDAP3,
    PYCRYPTODOME,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.resolver import (
    DNSPYTHON,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import FILTERS
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.library import (
    JINJA2,
    PHONENUMBERS,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import Library
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    directory_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    source_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
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


def _options(fragment: Any) -> dict[str, Any]:
    options: dict[str, Any] = yaml.safe_load(fragment.DOCUMENTATION)["options"]
    return options


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


@pytest.mark.parametrize(
    ("fragment", "spec"),
    [(Directory, directory_spec()), (Sources, source_spec())],
    ids=["directory", "sources"],
)
def test_each_fragment_is_the_twin_of_a_spec(fragment: Any, spec: dict[str, Any]) -> None:
    assert _documented(_options(fragment)) == _specified(spec)


def test_ad_contacts_export() -> None:
    options = dict(_documentation("ad_contacts_export")["options"])
    # Described anew for its default; the rest of it stands in ansible-core's fragment for files.
    assert set(options.pop("mode")) == {"description"}
    assert _documented(options) == _specified(export_spec())


@pytest.mark.parametrize(
    ("module", "spec"), [("ad_contacts_info", info_spec()), ("contact_upload", upload_spec())]
)
def test_each_other_module_is_the_twin_of_a_spec(module: str, spec: dict[str, Any]) -> None:
    assert _documented(_documentation(module)["options"]) == _specified(spec)


_READING = [f"frontdesk.contacts.{name}" for name in ("attributes", "directory", "sources")]


@pytest.mark.parametrize(
    ("module", "fragments"),
    [
        ("ad_contacts_export", _READING),
        ("ad_contacts_info", _READING),
        ("contact_upload", ["frontdesk.contacts.attributes"]),
    ],
)
def test_modules_take_the_fragments(module: str, fragments: list[str]) -> None:
    extended = _documentation(module)["extends_documentation_fragment"]
    assert [name for name in extended if not name.startswith("ansible.builtin.")] == fragments
    assert ("ansible.builtin.files" in extended) is (module == "ad_contacts_export")


@pytest.mark.parametrize(
    ("module", "specs"),
    [
        ("ad_contacts_export", {**directory_spec(), **source_spec(), **export_spec()}),
        ("ad_contacts_info", {**directory_spec(), **source_spec(), **info_spec()}),
        ("contact_upload", upload_spec()),
    ],
)
def test_examples_use_options_that_there_are(module: str, specs: dict[str, Any]) -> None:
    source = importlib.import_module(f"{_MODULES}.{module}")
    for task in yaml.safe_load(source.EXAMPLES):
        if f"frontdesk.contacts.{module}" not in task:
            continue
        given = task[f"frontdesk.contacts.{module}"]
        assert set(given) <= set(specs)
        required = {name for name, option in specs.items() if option.get("required")}
        assert required <= set(given)


def _lines_about_expressions() -> list[str]:
    columns = _options(Sources)["columns"]
    lines: list[str] = columns["suboptions"]["value"]["description"]
    return lines


def _values(line: str) -> list[str]:
    """What stands in V(...), where a backslash protects the character behind it."""
    found = re.findall(r"\bV\(((?:\\.|[^)\\])*)\)", line)
    return [re.sub(r"\\(.)", r"\1", value) for value in found]


def test_each_filter_has_its_line_and_an_example_in_the_documentation() -> None:
    lines = [line for line in _lines_about_expressions() if re.match(r"C\(\w+\), as in V", line)]
    assert sorted(line[2 : line.index(")")] for line in lines) == sorted(FILTERS)
    for line in lines:
        assert line[2 : line.index(")")] in _values(line)[0]


_SOMEBODY = Variables(
    {
        "c": ("SE",),
        "department": ("Dept. 2",),
        "displayname": ("Lie, Per-Åge",),
        "givenname": ("PER-ÅGE",),
        "l": ("Bergen",),
        "mail": ("Per@corp.example", "lie@corp.example"),
        "manager": ("CN=Åse Vik,DC=corp,DC=example",),
        "mobile": ("912 34 567",),
        "proxyaddresses": ("SIP:p@corp.example", "SMTP:per@corp.example", "smtp:p@corp.example"),
        "sn": ("Lie",),
        "telephonenumber": ("22 12 34 56",),
        "title": (" Engineer ",),
    },
    location="oslo-hq",
    lookup_values={("CN=Åse Vik,DC=corp,DC=example", "mail"): "vik@corp.example"},
)
_DOCUMENTED = {
    "givenName": "PER-ÅGE",
    "mobile or telephoneNumber": "912 34 567",
    "givenName ~ ' ' ~ sn": "PER-ÅGE Lie",
    "'yes' if mail else 'no'": "yes",
    "location": "oslo-hq",
    "phone_region": "NO",
    "mail | lower": "per@corp.example",
    "sn | upper": "LIE",
    "givenName | title": "Per-Åge",
    "title | trim": "Engineer",
    "department | default('Staff')": "Dept. 2",
    "all.mail | first": "Per@corp.example",
    "all.mail | last": "lie@corp.example",
    "all.mail | join('; ')": "Per@corp.example; lie@corp.example",
    "department | replace('Dept.', 'Department')": "Department 2",
    "displayName | regex_replace('(.+), (.+)', '\\\\2 \\\\1')": "Per-Åge Lie",
    "mail | regex_search('@(.+)$', '\\\\1')": "corp.example",
    "l | map_value({'Oslo': 'oslo-hq', 'Bergen': 'bergen'}, 'elsewhere')": "bergen",
    "mobile | e164('NO')": "+4791234567",
    "mobile | e164('NO') or telephoneNumber | e164('NO')": "+4791234567",
    "mobile | e164(c or phone_region)": "+4691234567",
    "all.proxyAddresses | primary_address": "per@corp.example",
    "manager | of_entry('mail')": "vik@corp.example",
}


def test_the_expressions_in_the_documentation_give_what_it_says() -> None:
    documented = [value for line in _lines_about_expressions() for value in _values(line)]
    lists = {"all.mail", "all['mail']"}
    assert set(documented) == {*_DOCUMENTED, *lists}
    for source, text in _DOCUMENTED.items():
        assert compile_expression(source, "C", "NO").evaluate(_SOMEBODY).text == text
    for source in lists:
        assert compile_expression(f"{source} | join", "C").attributes == {"mail"}


def test_no_backslash_protects_anything_in_code() -> None:
    """Unlike V(...), C(...) ends at the first bracket, and what stands in it is printed as it is."""
    modules = ("ad_contacts_export", "ad_contacts_info", "contact_upload")
    documented: list[Any] = [importlib.import_module(f"{_MODULES}.{each}") for each in modules]
    documented += [Directory, Sources]
    code = re.findall(r"\bC\(([^)]*)\)", "".join(each.DOCUMENTATION for each in documented))
    assert [shown for shown in code if "\\\\" in shown or shown.endswith("\\")] == []


def test_environment_variables_are_named_where_they_count() -> None:
    specs = {**directory_spec(), **upload_spec()}
    documented = {
        **_options(Directory),
        **_documentation("contact_upload")["options"],
    }
    for name, option in specs.items():
        text = " ".join(documented[name]["description"])
        variables = option.get("fallback", (None, []))[1]
        assert [v for v in variables if f"E({v})" not in text] == []
        assert ("E(FRONTDESK_" in text) is bool(variables)


def test_what_every_module_says_of_itself() -> None:
    attributes = yaml.safe_load(Attributes.DOCUMENTATION)["attributes"]
    assert set(attributes) == {"action_group", "check_mode", "diff_mode", "idempotent"}
    assert {attribute["support"] for attribute in attributes.values()} == {"full"}


_OF_DIRECTORIES = [
    *(LDAP3, GSSAPI, PYCRYPTODOME, CRYPTOGRAPHY, DNSPYTHON),
    *(JINJA2, PHONENUMBERS),
]


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("ad_contacts_export", _OF_DIRECTORIES),
        ("ad_contacts_info", _OF_DIRECTORIES),
        ("contact_upload", [REQUESTS]),
    ],
)
def test_the_libraries_that_a_module_needs_are_documented(
    module: str, libraries: list[Library]
) -> None:
    documented = list(_documentation(module).get("requirements", []))
    for name, fragment in (("directory", Directory), ("sources", Sources)):
        if f"frontdesk.contacts.{name}" in _fragments(module):
            documented += yaml.safe_load(fragment.DOCUMENTATION)["requirements"]
    # What only some options need says so in brackets.
    plain = [requirement.partition(" (")[0] for requirement in documented]
    assert plain == [library.requirement for library in libraries]


@pytest.mark.parametrize("library", [*_OF_DIRECTORIES, REQUESTS], ids=attrgetter("name"))
def test_the_readme_names_each_library(library: Library) -> None:
    readme = Path(__file__).parents[4].joinpath("README.md").read_text("utf-8")
    assert f"{library.name} {library.minimum}" in readme


def _fragments(module: str) -> list[str]:
    fragments: list[str] = _documentation(module).get("extends_documentation_fragment", [])
    return fragments
