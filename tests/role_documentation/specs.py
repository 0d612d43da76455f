# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs of the role, built from its variables and from the documentation of the modules."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from plugins.module_utils._module.directory_spec import directory_spec
from plugins.module_utils._module.source_spec import source_spec
from plugins.module_utils._module.upload_spec import service_spec
from plugins.plugin_utils._variables import (
    EXPORT,
    LOCATION_SPEC,
    LOCATION_VARIABLES,
    MODULES,
    UPLOAD,
    VARIABLES,
    Variable,
)

from .descriptions import convert_description, describe_type, module_reference

_HANDWRITTEN = yaml.safe_load(Path(__file__).with_name("contact_sync.yml").read_text("utf-8"))
_ENTRY_POINTS: Mapping[str, Mapping[str, Any]] = _HANDWRITTEN["entry_points"]
_NOTES: Mapping[str, Mapping[str, Any]] = _HANDWRITTEN["variables"]
_LOCATION_KEYS: Mapping[str, list[str]] = _HANDWRITTEN["location_keys"]

_SUBJECTS = ("Directory", "People and locations", "Columns", "Service", "Limits and state")


def build_argument_specs() -> dict[str, Any]:
    """Return the argument specs by entry point.

    All variables are of type raw, because the role checks them itself.
    """
    specs = {
        entry_point: {
            **texts,
            "options": {name: _build_entry(VARIABLES[name]) for name in _list_names(entry_point)},
        }
        for entry_point, texts in _ENTRY_POINTS.items()
    }
    specs["main"]["description"] = [*specs["main"]["description"], *_list_subjects()]
    return specs


def _list_names(entry_point: str) -> list[str]:
    """Return the names of the variables of an entry point, by subject.

    Within a subject, variables with handwritten notes come first, in the order of the notes. The others follow in the
    order of the documentation of the modules.
    """
    names = [name for name in VARIABLES if _note(name, "entry_point", "main") == entry_point]
    documented = [(stage, option) for stage in MODULES for option in _documented_options(stage)]

    def position(name: str) -> tuple[int, bool, int]:
        variable = VARIABLES[name]
        number = (
            list(_NOTES).index(name)
            if name in _NOTES or not variable.options
            else documented.index(next(iter(variable.options.items())))
        )
        return _SUBJECTS.index(_subject(variable)), name not in _NOTES, number

    return sorted(names, key=position)


def _note(name: str, key: str, default: Any) -> Any:
    return _NOTES.get(name, {}).get(key, default)


def _subject(variable: Variable) -> str:
    """Return the subject of a variable, from its note or, by default, from the spec that contains its option."""
    options = variable.options
    if options.get(EXPORT) in directory_spec():
        subject = "Directory"
    elif options.get(EXPORT) in source_spec():
        subject = "People and locations"
    elif options.get(UPLOAD) in service_spec():
        subject = "Service"
    else:
        subject = "Limits and state"
    return str(_note(variable.name, "subject", subject))


def _list_subjects() -> list[str]:
    """Return a paragraph for each subject with its variables, because ansible-doc sorts them by name."""
    names = _list_names("main")
    return [
        f"B({subject}:) "
        + ", ".join(f"O({name})" for name in names if _subject(VARIABLES[name]) == subject)
        + "."
        for subject in _SUBJECTS
    ]


def _build_entry(variable: Variable) -> dict[str, Any]:
    option: Mapping[str, Any] = variable.spec
    description: list[str] = []
    if variable.options:
        stage, name = next(iter(variable.options.items()))
        # Only the documentation contains the type path and the defaults. Only the spec of the variable contains the
        # choices of contact_sync_profile.
        option = {**option, **_documented_options(stage)[name]}
        option["choices"] = variable.spec.get("choices")
        description = convert_description(option["description"], stage)
        if "suboptions" in option:
            description.append(f"The keys are those of O({module_reference(stage, name)}).")
    description = [*_note(variable.name, "description", description), describe_type(option)]
    if variable.name == "contact_sync_locations_group":
        description.insert(-1, _describe_host_variables())
    entry: dict[str, Any] = {"description": description, "type": "raw"}
    if variable.name == "contact_sync_locations":
        entry["options"] = _build_location_keys()
    return entry


def _describe_host_variables() -> str:
    """Return a sentence with the optional variables of the hosts in contact_sync_locations_group."""
    described = " ".join(_NOTES["contact_sync_locations_group"]["description"])
    *others, last = (
        f"C({variable})"
        for variable in LOCATION_VARIABLES.values()
        if f"C({variable})" not in described
    )
    listed = f"{', '.join(others)} and {last}"
    return (
        f"A host can also set {listed}, which correspond to the keys of O(contact_sync_locations)."
    )


def _build_location_keys() -> dict[str, Any]:
    documented = _documented_options(EXPORT)["sources"]["suboptions"]
    keys = {}
    for key, spec in LOCATION_SPEC.items():
        option = documented.get(key, spec)
        description = _LOCATION_KEYS.get(key) or convert_description(
            option["description"], EXPORT, noun="key"
        )
        keys[key] = {
            "description": [*description, describe_type({**option, **spec})],
            "type": "raw",
        }
    return keys


@cache
def _documented_options(stage: str) -> dict[str, Any]:
    """Return the documentation of the options of a module, including those of the fragments of the collection."""
    documents = [_load_documentation(f"plugins.modules.{MODULES[stage]}")]
    for fragment in documents[0].get("extends_documentation_fragment", []):
        namespace, _, name = fragment.rpartition(".")
        if namespace == "frontdesk.contacts":
            documents.append(_load_documentation(f"plugins.doc_fragments.{name}"))
    return {
        name: option
        for document in reversed(documents)
        for name, option in document.get("options", {}).items()
    }


def _load_documentation(name: str) -> dict[str, Any]:
    module = importlib.import_module(name)
    text = getattr(module, "ModuleDocFragment", module).DOCUMENTATION
    document: dict[str, Any] = yaml.safe_load(text)
    return document
