# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of the module contact_sync_settings, which checks the variables of the role on the control node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

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
from ..plugin_utils._values import describe_template_error, plain, remove_omitted
from ..plugin_utils._variables import LOCATION_VARIABLES, VARIABLES, check_names

MODULE = "frontdesk.contacts.contact_sync_settings"


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is not a typed package
    """Check the variables on the control node, and find the state directory on the managed node."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the settings of the sync, or a failure that names the variable to correct."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        result["started"] = format_time(datetime.now(timezone.utc))
        for_upload = self._task.args.get("entry_point") != "probe"
        evaluator = Evaluator(self._templar, variables)
        try:
            settings = self._read_settings(evaluator, for_upload)
        except InputError as error:
            result["name"] = evaluator.find_name()
            return {**result, "failed": True, "kind": "configuration", "msg": str(error)}
        returned = {
            "options": settings.options,
            "sources": settings.sources,
            "fail_on_problems": settings.fails_on_problems,
            # The settings contain secrets. Failures are returned without this key, so that their messages are shown.
            "_ansible_no_log": True,
        }
        if for_upload:
            state = self._find_state(settings, variables)
            if state.get("failed"):
                return {**result, **state}
            missing = describe_missing_state(settings, state)
            if missing:
                failure = {"failed": True, "kind": "state", "msg": missing}
                return {**result, "name": settings.name, **failure}
            returned |= {key: state[key] for key in ("name", "state_dir", "dest", "exists")}
        return {**result, **returned, "changed": False}

    def _read_settings(self, evaluator: Evaluator, for_upload: bool) -> Settings:
        """Return the checked settings of the current host.

        :raises InputError: if a variable is unknown, missing or invalid.
        """
        check_names(evaluator.variables, f"host {evaluator.host}")
        host = Host(evaluator.host, convert_variables(evaluator.evaluate(VARIABLES)))
        check_combinations(host)
        locations = self._group_locations(host, evaluator)
        return make_settings(
            host, locations, for_upload=for_upload, check_mode=self._task.check_mode
        )

    def _group_locations(self, host: Host, evaluator: Evaluator) -> list[Location]:
        """Return the locations of the hosts in contact_sync_locations_group.

        :raises InputError: if the group has no hosts, or if a host does not define a valid location.
        """
        group = host.get("locations_group")
        if not group:
            return []
        names = evaluator.variables["groups"].get(group)
        if not names:
            raise InputError(
                "Cannot read the locations from the inventory",
                f"the group {group} does not exist or has no hosts",
                "Add a host for each location to the group, or correct contact_sync_locations_group",
            )
        return [_group_location(evaluator.for_host(name)) for name in names]

    def _find_state(self, settings: Settings, variables: dict[str, Any]) -> dict[str, Any]:
        """Run the module on the managed node, and return its result."""
        arguments = {"name": settings.name, "state_dir": settings.state_dir, "dest": settings.dest}
        state: dict[str, Any] = self._execute_module(
            module_name=MODULE,
            module_args={key: value for key, value in arguments.items() if value},
            task_vars=variables,
        )
        return state


def _group_location(evaluator: Evaluator) -> Location:
    check_names(evaluator.variables, f"host {evaluator.host}")
    values = evaluator.evaluate(LOCATION_VARIABLES.values())
    options = {
        option: values[variable]
        for option, variable in LOCATION_VARIABLES.items()
        if variable in values
    }
    return location_from_host(evaluator.host, options)


class Evaluator:
    """Evaluates variables of one host, whose values may be templates.

    :ivar host: inventory name of the host.
    :ivar variables: raw values of all variables of the host.
    """

    def __init__(self, templar: Any, variables: Mapping[str, Any]) -> None:
        self.host = str(variables["inventory_hostname"])
        self.variables = variables
        self._templar = templar

    def for_host(self, name: str) -> Evaluator:
        """Return an evaluator for another host of the inventory."""
        hostvars = self.variables["hostvars"]
        # ansible-core 2.16 returns a template with undefined variables unchanged if it is read through hostvars.
        variables = {**hostvars.raw_get(name), "hostvars": hostvars}
        templar = self._templar.copy_with_new_env(available_variables=variables)
        return Evaluator(templar, variables)

    def evaluate(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of the variables that the host sets, except omitted values.

        :raises InputError: if a template is invalid.
        """
        values: dict[str, Any] = {}
        for name in names:
            if name in self.variables:
                values.update(self._evaluate(name))
        return values

    def find_name(self) -> str:
        """Return contact_sync_name, or the name of the host if the variable is not set or cannot be used."""
        try:
            name = self.evaluate(["contact_sync_name"]).get("contact_sync_name")
        except InputError:
            name = None
        return name if isinstance(name, str) and name else self.host

    def _evaluate(self, name: str) -> dict[str, Any]:
        try:
            # Newer releases of ansible-core omit values only from dictionaries and lists.
            value = self._templar.template({name: self.variables[name]})
        except Exception as error:  # a filter can raise any exception
            raise InputError(
                f"Cannot evaluate {name} of host {self.host}",
                describe_template_error(name, str(error)),
                "Correct the template, or mark the value as !unsafe if it is not a template",
            ) from error
        kept: dict[str, Any] = remove_omitted(plain(value), self.variables.get("omit"))
        return kept
