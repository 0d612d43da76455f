# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of the module contact_sync_hosts, which checks the hosts of a playbook on the control node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InputError
from ..plugin_utils._host_selection import (
    DEFAULT_HOST,
    VARIABLE,
    Inventory,
    Selection,
    check_not_in_inventory,
    check_selection,
    to_patterns,
)
from ..plugin_utils._values import describe_template_error, is_blank, plain


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is not a typed package
    """Compare contact_sync_hosts and --limit with the inventory."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a result without changes, or a failure that states what to correct."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        groups, hostvars = variables["groups"], variables["hostvars"]
        arguments = plain(self._task.args)
        selection = Selection(
            hosts=to_patterns(arguments["hosts"]),
            limit=arguments.get("limit", ""),
            within_limit=variables["ansible_play_hosts_all"],
        )
        try:
            if is_blank(self._evaluate_for_plays()):
                # Use raw values: evaluating templates would be slow for thousands of hosts.
                check_not_in_inventory(
                    hostvars.raw_get(host).get(VARIABLE) for host in (DEFAULT_HOST, *groups["all"])
                )
            check_selection(selection, self._make_inventory(groups))
        except InputError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": False}

    def _evaluate_for_plays(self) -> Any:
        """Return the value of contact_sync_hosts that selects the hosts of a play; Ansible ignores the inventory there.

        :raises InputError: if it is an invalid template, which the default in the playbook would hide.
        """
        manager = self._task.get_variable_manager()
        value = manager.get_vars(play=self._task.get_play()).get(VARIABLE)
        try:
            return plain(self._templar.template(value))
        except Exception as error:  # a filter can raise any exception
            cause = describe_template_error(VARIABLE, str(error))
            raise InputError(
                f"Cannot evaluate {VARIABLE}", cause, "Correct the template"
            ) from error

    def _make_inventory(self, groups: Mapping[str, Sequence[str]]) -> Inventory:
        """Build an inventory without variables, in the same way as the lookup plugin inventory_hostnames."""
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)

        def match(patterns: Sequence[str]) -> set[str]:
            try:
                # The comma prevents Ansible from splitting the pattern at colons again.
                return {host.name for host in manager.get_hosts([f"{each}," for each in patterns])}
            except AnsibleError:  # an invalid pattern or index
                return set()

        return Inventory(set(groups), match)
