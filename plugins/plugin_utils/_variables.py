# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role contact_sync, derived from the argument specs of the modules."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._module.export_spec import export_spec, info_spec
from ..module_utils._module.receptionist import PROFILE
from ..module_utils._module.source_spec import source_spec
from ..module_utils._module.upload_spec import service_spec, upload_spec

PREFIX = "contact_sync_"
ROLE = "frontdesk.contacts.contact_sync"

EXPORT, PROBE, UPLOAD = "export", "probe", "upload"
MODULES = {EXPORT: "ad_contacts_export", PROBE: "ad_contacts_info", UPLOAD: "contact_upload"}
"""The module that each stage of the role runs."""

# Options that the role sets itself, or does not use.
_NOT_FORWARDED = {
    EXPORT: {"sources", "dest", "backup", "baseline", "stage_in_check_mode", "option_names"},
    PROBE: {"sources", "fail_on_problems", "option_names"},
    UPLOAD: {"src", "checksum", "state_dir", "option_names"},
}
# An option whose variable has another name, because the variable also sets an option of the export.
_RENAMED = {"location_column": "contact_sync_location_header"}

ROLE_SPEC: Mapping[str, dict[str, Any]] = {
    "contact_sync_locations": {"type": "list", "elements": "dict"},
    "contact_sync_locations_group": {"type": "str"},
    "contact_sync_base_dn": {"type": "str"},
    "contact_sync_ou_template": {"type": "str"},
    "contact_sync_name": {"type": "str"},
    "contact_sync_dest": {"type": "str"},
    "contact_sync_state_dir": {"type": "str"},
    "contact_sync_fail_on_problems": {"type": "bool"},
}
"""Specs of the variables that the role itself uses, instead of passing them unchanged to a module."""

LOCATION_SPEC: Mapping[str, dict[str, Any]] = {
    "ou": {"type": "str"},
    **source_spec()["sources"]["options"],
    # The role checks the types of identifiers itself.
    "location": {"type": "str"},
    "locations": {"type": "list", "elements": "str"},
}
"""Spec of one location: the options of a source, and ``ou``."""

LOCATION_VARIABLES: Mapping[str, str] = {
    "location": "contact_sync_location",
    "ou": "contact_sync_ou",
    # The option "filter" is not read from contact_sync_filter, the filter for all locations: a host without an OU
    # would then select the whole domain.
    **{
        option: f"contact_sync_location_{option}"
        for option in LOCATION_SPEC
        if option not in ("location", "ou", "location_value", "locations")
    },
}
"""Variables of the hosts in contact_sync_locations_group, by option of a location."""

# Variables that users set for the playbooks, and the variable with the result of the role.
_OTHER_VARIABLES = ("contact_sync_hosts", "contact_sync_result")


@dataclass(frozen=True)
class Variable:
    """A variable of the role.

    :ivar name: name with the prefix contact_sync_.
    :ivar spec: argument spec of the variable, without the parts that apply only to the managed node.
    :ivar options: options that the variable sets, by stage; empty if the role itself uses the variable.
    """

    name: str
    spec: Mapping[str, Any]
    options: Mapping[str, str]


def _control_node_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec for the control node.

    Paths are strings, because they must not be expanded there. Environment variables and defaults apply on the managed
    node, and a default would override the user's module_defaults.
    """
    kept = {key: spec[key] for key in ("type", "elements", "choices", "no_log") if key in spec}
    if kept["type"] == "path":
        kept["type"] = "str"
    if "options" in spec:
        kept["options"] = {
            name: {**_control_node_spec(option), "required": option.get("required", False)}
            for name, option in spec["options"].items()
        }
    return kept


def _module_variables() -> dict[str, Variable]:
    specs = {EXPORT: export_spec(), PROBE: info_spec(), UPLOAD: upload_spec()}
    service_options = set(service_spec())
    variables: dict[str, Variable] = {}
    for stage, spec in specs.items():
        for option in spec.keys() - _NOT_FORWARDED[stage]:
            is_service_option = stage == UPLOAD and option in service_options
            name = f"{PREFIX}service_{option}" if is_service_option else PREFIX + option
            name = _RENAMED.get(option, name)
            variable = variables.get(name, Variable(name, _control_node_spec(spec[option]), {}))
            variables[name] = replace(variable, options={**variable.options, stage: option})
    return variables


def _role_variables() -> dict[str, Variable]:
    variables = {
        **_module_variables(),
        **{name: Variable(name, spec, {}) for name, spec in ROLE_SPEC.items()},
    }
    # The module only records the name of the profile, but the role has a list of all profiles.
    profile = variables["contact_sync_profile"]
    variables[profile.name] = replace(profile, spec={**profile.spec, "choices": [PROFILE]})
    return dict(sorted(variables.items()))


VARIABLES: Mapping[str, Variable] = _role_variables()
"""All variables of the role, by name."""

_KNOWN = {*VARIABLES, *LOCATION_VARIABLES.values(), *_OTHER_VARIABLES}


def check_names(names: Iterable[str], owner: str) -> None:
    """Check that all names with the prefix of the role are known.

    :param names: names of all variables of a host.
    :param owner: the host, for the message.
    :raises InputError: if a name is unknown. The message suggests similar names, if there are any.
    """
    unknown = sorted({name for name in names if name.startswith(PREFIX)} - _KNOWN)
    if unknown:
        raise InputError(" ".join(_unknown_variable(name, owner) for name in unknown))


def _unknown_variable(name: str, owner: str) -> str:
    sentence = f"{name} of {owner} is not a variable of the role."
    suffix = name.removeprefix(PREFIX)
    known = sorted(each.removeprefix(PREFIX) for each in _KNOWN)
    # A user may forget the word "service", as in contact_sync_url.
    similar = find_similar(suffix, known) or [each for each in known if each.endswith(f"_{suffix}")]
    if similar:
        return f"{sentence} Did you mean {' or '.join(PREFIX + name for name in similar)}?"
    return f"{sentence} Remove it, or correct its name: ansible-doc -t role {ROLE} lists all variables."


def find_similar(name: str, known: Collection[str]) -> list[str]:
    """Return the known names that are most similar to a misspelled name, at most two."""
    return difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.75)


def option_names(
    stage: str, *, check_mode: bool = False, has_location_hosts: bool = False
) -> dict[str, str]:
    """Return the value of the option ``option_names``: the names that the messages of a module use for its options.

    :param stage: stage that runs the module.
    :param check_mode: whether the role runs in check mode.
    :param has_location_hosts: whether the locations are inventory hosts. Messages then name the variables of these
        hosts instead of the keys of contact_sync_locations.
    """
    names = {
        variable.options[stage]: variable.name
        for variable in VARIABLES.values()
        if stage in variable.options
    }
    # These apply to a single run, so they are set on the command line and not in a file. Errors of the export about the
    # state directory also name them.
    one_off = {
        f"{option}=true": f"-e {PREFIX}{option}=true"
        for option in ("initial", "rebind", "force", "undo")
        if stage in (EXPORT, UPLOAD)
    }
    if "approved_plan" in names:
        command = f"-e {names['approved_plan']}={{value}}"
        # A new export could result in another plan. In check mode, there is no roster that the upload could use.
        one_off["approved_plan="] = command if check_mode else f"{command} --tags {PREFIX}{UPLOAD}"
    # The role sets these options itself.
    own = {
        "sources": "contact_sync_locations",
        "dest": "contact_sync_dest",
        "src": "contact_sync_dest",
        "state_dir": "contact_sync_state_dir",
        "baseline": "contact_sync_state_dir",
    }
    of_hosts = (
        {f"sources[].{option}": name for option, name in LOCATION_VARIABLES.items()}
        if has_location_hosts
        else {}
    )
    return {**own, **names, **one_off, **of_hosts}
