# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of contact_sync_hosts and --limit: together they must select a host, and their parts must match hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ansible.inventory.manager import split_host_pattern

from ..module_utils._errors import InputError
from ._values import is_blank, plain

VARIABLE = "contact_sync_hosts"
DEFAULT_HOST = "localhost"
"""Host on which the playbooks run if contact_sync_hosts is not set."""

_ACTION = "Cannot select the hosts"


@dataclass(frozen=True)
class Selection:
    """The hosts that a user selects.

    :ivar hosts: host patterns in contact_sync_hosts.
    :ivar limit: value of --limit; empty if it is not set.
    :ivar within_limit: names of all hosts that --limit does not exclude.
    """

    hosts: list[str]
    limit: str
    within_limit: Collection[str]


@dataclass(frozen=True)
class Inventory:
    """The hosts and groups of the inventory.

    :ivar groups: names of all groups.
    :ivar match: function that returns the names of the hosts that match a list of split patterns.
    """

    groups: Collection[str]
    match: Callable[[Sequence[str]], Collection[str]]


def to_patterns(value: object) -> list[str]:
    """Return the value of contact_sync_hosts, which is a host pattern or a list of them, as a list."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def check_not_in_inventory(values: Iterable[object]) -> None:
    """Check that no host sets contact_sync_hosts to hosts other than the default.

    :param values: values of the variable in the inventory; None for a host that does not set it.
    :raises InputError: if a host sets the variable to another value.
    """
    effective = (value for value in values if not is_blank(value) and value != DEFAULT_HOST)
    value = next(effective, None)
    if value is not None:
        patterns = ",".join(to_patterns(plain(value)))
        raise InputError(
            _ACTION,
            f"{VARIABLE} is set in the inventory, where it has no effect",
            f"Set it as an extra variable, such as -e {VARIABLE}={patterns}",
        )


def check_selection(selection: Selection, inventory: Inventory) -> None:
    """Check that contact_sync_hosts and --limit have hosts in common, and that `find_unmatched` finds nothing in them.

    :raises InputError: if a part matches no host, or if no host is selected.
    """
    _check_parts(selection.hosts, VARIABLE, inventory)
    _check_parts([selection.limit], "--limit", inventory)
    hosts = f"{VARIABLE}={','.join(selection.hosts)}"
    selected = inventory.match(split_host_pattern(selection.hosts))
    if not selected:
        raise _no_match(hosts, VARIABLE)
    if selection.limit and not set(selected) & set(selection.within_limit):
        raise InputError(
            _ACTION,
            f"--limit {selection.limit} excludes all hosts that match {hosts}",
            f"Correct --limit, or set {VARIABLE} as an extra variable (-e)",
        )


def _check_parts(patterns: list[str], name: str, inventory: Inventory) -> None:
    unmatched = find_unmatched(patterns, inventory)
    if unmatched:
        raise _no_match(f"{', '.join(unmatched)} in {name}", name)


def _no_match(pattern: str, name: str) -> InputError:
    return InputError(
        _ACTION, f"no host matches {pattern}", f"Correct {name} or the inventory (-i)"
    )


def find_unmatched(patterns: list[str], inventory: Inventory) -> list[str]:
    """Return the parts of patterns that match no host, without their operators.

    A part that names a file of hosts is not checked, and excluding an empty group is allowed.
    """
    unmatched = []
    for part in split_host_pattern(patterns):
        pattern = part.lstrip("!&")
        is_excluded_group = part.startswith("!") and pattern in inventory.groups
        if part.startswith("@") or is_excluded_group:
            continue
        # Without a pattern, the part consists only of an operator.
        if not pattern or not inventory.match([pattern]):
            unmatched.append(pattern or part)
    return unmatched
