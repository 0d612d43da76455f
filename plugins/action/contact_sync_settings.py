# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of the module contact_sync_settings, which checks the variables of the role on the control node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from operator import getitem
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InputError
from ..plugin_utils._locations import Location, location_from_host
from ..plugin_utils._result import format_time
from ..plugin_utils._settings import (
    Host,
    Settings,
    check_combinations,
    convert_variables,
    describe_missing_state,
    make_settings,
)
from ..plugin_utils._values import plain
from ..plugin_utils._variables import LOCATION_VARIABLES, VARIABLES, check_names

MODULE = "frontdesk.contacts.contact_sync_settings"


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no type hints
    """Check the variables on the control node, and find the state directory on the managed node."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the settings of the sync, or a failure that names the variable to correct."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        result["started"] = format_time(datetime.now(timezone.utc))
        for_upload = self._task.args.get("entry_point") != "probe"
        try:
            settings = self._read_settings(variables, for_upload)
        except InputError as error:
            return {**result, "failed": True, "kind": "configuration", "msg": str(error)}
        returned = {
            "options": settings.options,
            "sources": settings.sources,
            "fail_on_problems": settings.fails_on_problems,
            # The settings contain secrets. On failure, the message is shown.
            "_ansible_no_log": True,
        }
        if for_upload:
            state = self._find_state(settings, variables)
            if state.get("failed"):
                return {**result, **state}
            returned |= {
                **{key: state[key] for key in ("name", "state_dir", "dest", "exists")},
                "state_error": describe_missing_state(settings, state),
            }
        return {**result, **returned, "changed": False}

    def _read_settings(self, variables: Mapping[str, Any], for_upload: bool) -> Settings:
        """Return the checked settings of the current host.

        :raises InputError: if a variable is unknown, missing or invalid.
        """
        host_name = variables["inventory_hostname"]
        check_names(variables, f"host {host_name}")
        omitted = variables.get("omit")
        values = {
            name: _evaluate(name, host_name, partial(self._templar.template, variables[name]))
            for name in VARIABLES
            if name in variables
        }
        host = Host(
            host_name,
            convert_variables({name: value for name, value in values.items() if value != omitted}),
        )
        check_combinations(host)
        return make_settings(host, self._group_locations(host, variables), for_upload=for_upload)

    def _group_locations(self, host: Host, variables: Mapping[str, Any]) -> list[Location]:
        """Return the locations of the hosts in contact_sync_locations_group.

        :raises InputError: if the group has no hosts, or if a host does not define a location.
        """
        group = host.get("locations_group")
        if not group:
            return []
        names = variables["groups"].get(group)
        if not names:
            raise InputError(
                "Cannot read the locations from the inventory",
                f"the group {group} does not exist or has no hosts",
                "Add a host for each location to the group, or correct contact_sync_locations_group",
            )
        return [self._group_location(name, variables["hostvars"][name]) for name in names]

    def _group_location(self, name: str, variables: Mapping[str, Any]) -> Location:
        check_names(variables, f"host {name}")
        values = {}
        for option, variable in LOCATION_VARIABLES.items():
            if variable in variables:
                value = _evaluate(variable, name, partial(getitem, variables, variable))
                # ansible-core 2.16 returns a template with an undefined variable unchanged.
                if isinstance(value, str) and "{{" in value:
                    raise _template_error(variable, name, "it uses an undefined variable")
                values[option] = value
        return location_from_host(name, values)

    def _find_state(self, settings: Settings, variables: dict[str, Any]) -> dict[str, Any]:
        """Run the module on the managed node, and return its result."""
        arguments = {"name": settings.name, "state_dir": settings.state_dir, "dest": settings.dest}
        state: dict[str, Any] = self._execute_module(
            module_name=MODULE,
            module_args={key: value for key, value in arguments.items() if value},
            task_vars=variables,
        )
        return state


def _evaluate(variable: str, host: str, evaluate: Callable[[], object]) -> Any:
    """Evaluate a variable, whose value may be a template.

    :raises InputError: if the template cannot be evaluated.
    """
    try:
        return plain(evaluate())
    except AnsibleError as error:
        raise _template_error(variable, host, str(error)) from error


def _template_error(variable: str, host: str, cause: str) -> InputError:
    return InputError(f"Cannot evaluate {variable} of host {host}", cause, "Correct its template")
