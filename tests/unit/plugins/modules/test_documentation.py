# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the documentation of the modules matches the code, and that the README lists the libraries."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
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
from ansible_collections.frontdesk.contacts.plugins.doc_fragments.option_names import (
    ModuleDocFragment as OptionNames,
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
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    option_names_spec,
)
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
    """Return the properties of an option that must be identical in the documentation and the argument spec.

    :param below: key that contains the suboptions.
    """
    properties = {key: option.get(key, value) for key, value in _DEFAULTS.items()}
    properties["type"] = option["type"]
    properties["options"] = {
        name: _option(suboption, below) for name, suboption in (option.get(below) or {}).items()
    }
    return properties


def _documented(options: dict[str, Any]) -> dict[str, Any]:
    return {name: _option(option, "suboptions") for name, option in options.items()}


def _specified(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: _option(option, "options") for name, option in spec.items()}


@pytest.mark.parametrize(
    ("fragment", "spec"),
    [
        (Directory, directory_spec()),
        (Sources, source_spec()),
        (OptionNames, option_names_spec()),
    ],
    ids=["directory", "sources", "option_names"],
)
def test_fragments_match_the_argument_specs(fragment: Any, spec: dict[str, Any]) -> None:
    assert _documented(_options(fragment)) == _specified(spec)


def test_ad_contacts_export_matches_its_argument_spec() -> None:
    options = dict(_documentation("ad_contacts_export")["options"])
    # Only the description is overridden, to document the default. ansible-core's fragment contains the other keys.
    assert set(options.pop("mode")) == {"description"}
    shared = {**_options(Directory), **_options(Sources), **_options(OptionNames)}
    assert _documented({**shared, **options}) == _specified(export_spec())


@pytest.mark.parametrize(
    ("module", "fragments", "spec"),
    [
        ("ad_contacts_info", (Directory, Sources, OptionNames), info_spec()),
        ("contact_upload", (OptionNames,), upload_spec()),
    ],
)
def test_other_modules_match_their_argument_specs(
    module: str, fragments: Sequence[Any], spec: dict[str, Any]
) -> None:
    options = dict(_documentation(module)["options"])
    for fragment in fragments:
        options.update(_options(fragment))
    assert _documented(options) == _specified(spec)


_DIRECTORY_FRAGMENTS = [
    f"frontdesk.contacts.{name}" for name in ("attributes", "directory", "sources", "option_names")
]


@pytest.mark.parametrize(
    ("module", "fragments"),
    [
        ("ad_contacts_export", _DIRECTORY_FRAGMENTS),
        ("ad_contacts_info", _DIRECTORY_FRAGMENTS),
        ("contact_upload", ["frontdesk.contacts.attributes", "frontdesk.contacts.option_names"]),
    ],
)
def test_modules_extend_the_fragments(module: str, fragments: list[str]) -> None:
    extended = _documentation(module)["extends_documentation_fragment"]
    assert [name for name in extended if not name.startswith("ansible.builtin.")] == fragments
    assert ("ansible.builtin.files" in extended) is (module == "ad_contacts_export")


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        ("ad_contacts_export", {**directory_spec(), **source_spec(), **export_spec()}),
        ("ad_contacts_info", {**directory_spec(), **source_spec(), **info_spec()}),
        ("contact_upload", upload_spec()),
    ],
)
def test_examples_use_only_existing_options_and_all_required_ones(
    module: str, spec: dict[str, Any]
) -> None:
    source = importlib.import_module(f"{_MODULES}.{module}")
    for task in yaml.safe_load(source.EXAMPLES):
        if f"frontdesk.contacts.{module}" not in task:
            continue
        options = task[f"frontdesk.contacts.{module}"]
        assert set(options) <= set(spec)
        required = {name for name, option in spec.items() if option.get("required")}
        assert required <= set(options)


def _expression_documentation() -> list[str]:
    columns = _options(Sources)["columns"]
    paragraphs: list[str] = columns["suboptions"]["value"]["description"]
    return paragraphs


def _values(paragraph: str) -> list[str]:
    """Return the contents of all V(...) markup, with backslash escapes removed."""
    found = re.findall(r"\bV\(((?:\\.|[^)\\])*)\)", paragraph)
    return [re.sub(r"\\(.)", r"\1", value) for value in found]


def test_each_filter_is_documented_with_an_example() -> None:
    paragraphs = [
        paragraph
        for paragraph in _expression_documentation()
        if re.match(r"C\(\w+\), as in V", paragraph)
    ]
    assert sorted(paragraph[2 : paragraph.index(")")] for paragraph in paragraphs) == sorted(
        FILTERS
    )
    for paragraph in paragraphs:
        assert paragraph[2 : paragraph.index(")")] in _values(paragraph)[0]


_ENTRY_VALUES = Variables(
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
        "2.5.4.4": ("Lie",),
        "sn": ("Lie",),
        "sn;lang-el": ("Λι",),
        "surname": ("Lie",),
        "telephonenumber": ("22 12 34 56",),
        "title": (" Engineer ",),
    },
    location="oslo-hq",
    lookup_values={("CN=Åse Vik,DC=corp,DC=example", "mail"): "vik@corp.example"},
)
_RESULTS = {
    "givenName": "PER-ÅGE",
    "mobile or telephoneNumber": "912 34 567",
    "givenName ~ ' ' ~ sn": "PER-ÅGE Lie",
    "'yes' if mail else 'no'": "yes",
    "surname": "Lie",
    "2.5.4.4": "Lie",
    "sn;lang-el": "Λι",
    "all['sn;lang-el'] | first or sn": "Λι",
    "all['2.5.4.4'] | first": "Lie",
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


def test_documented_expressions_return_the_expected_results() -> None:
    documented = [
        value for paragraph in _expression_documentation() for value in _values(paragraph)
    ]
    lists = {"all.mail", "all['mail']"}
    assert set(documented) == {*_RESULTS, *lists}
    for expression, result in _RESULTS.items():
        assert compile_expression(expression, "C", "NO").evaluate(_ENTRY_VALUES).text == result
    for expression in lists:
        assert compile_expression(f"{expression} | join", "C").attributes == {"mail"}


def test_code_markup_has_no_backslash_escapes() -> None:
    # Unlike V(...), C(...) supports no escapes: C(...) ends at the first closing parenthesis.
    modules = ("ad_contacts_export", "ad_contacts_info", "contact_upload")
    documented: list[Any] = [importlib.import_module(f"{_MODULES}.{each}") for each in modules]
    documented += [Directory, Sources, OptionNames]
    contents = re.findall(r"\bC\(([^)]*)\)", "".join(each.DOCUMENTATION for each in documented))
    assert [code for code in contents if "\\\\" in code or code.endswith("\\")] == []


def test_options_document_their_environment_variables() -> None:
    specs = {**directory_spec(), **upload_spec()}
    documented = {
        **_options(Directory),
        **_options(OptionNames),
        **_documentation("contact_upload")["options"],
    }
    for name, option in specs.items():
        text = " ".join(documented[name]["description"])
        variables = option.get("fallback", (None, []))[1]
        assert [variable for variable in variables if f"E({variable})" not in text] == []
        assert ("E(FRONTDESK_" in text) is bool(variables)


def test_modules_fully_support_the_common_attributes() -> None:
    attributes = yaml.safe_load(Attributes.DOCUMENTATION)["attributes"]
    assert set(attributes) == {"action_group", "check_mode", "diff_mode", "idempotent"}
    assert {attribute["support"] for attribute in attributes.values()} == {"full"}


_DIRECTORY_LIBRARIES = [
    *(LDAP3, GSSAPI, PYCRYPTODOME, CRYPTOGRAPHY, DNSPYTHON),
    *(JINJA2, PHONENUMBERS),
]


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("ad_contacts_export", _DIRECTORY_LIBRARIES),
        ("ad_contacts_info", _DIRECTORY_LIBRARIES),
        ("contact_upload", [REQUESTS]),
    ],
)
def test_required_libraries_are_documented(module: str, libraries: list[Library]) -> None:
    documented = list(_documentation(module).get("requirements", []))
    for name, fragment in (("directory", Directory), ("sources", Sources)):
        if f"frontdesk.contacts.{name}" in _fragments(module):
            documented += yaml.safe_load(fragment.DOCUMENTATION)["requirements"]
    # If only some options require a library, these options follow the library in parentheses.
    requirements = [requirement.partition(" (")[0] for requirement in documented]
    assert requirements == [library.requirement for library in libraries]


@pytest.mark.parametrize("library", [*_DIRECTORY_LIBRARIES, REQUESTS], ids=attrgetter("name"))
def test_the_readme_lists_each_library(library: Library) -> None:
    readme = Path(__file__).parents[4].joinpath("README.md").read_text("utf-8")
    assert f"{library.name} {library.minimum}" in readme


def _fragments(module: str) -> list[str]:
    fragments: list[str] = _documentation(module).get("extends_documentation_fragment", [])
    return fragments
