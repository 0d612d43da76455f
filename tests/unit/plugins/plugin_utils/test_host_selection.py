# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the check of contact_sync_hosts and --limit. The integration tests cover the complete messages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._host_selection import (
    Inventory,
    Selection,
    check_not_in_inventory,
    check_selection,
    find_unmatched,
    to_patterns,
)

GROUPS = {"syncs": {"corp", "harbour"}, "retired": set[str](), "sites": {"oslo", "fe80::1"}}
HOSTS = {"corp", "harbour", "oslo", "fe80::1"}


def match(patterns: Sequence[str]) -> set[str]:
    """Return the hosts that match the patterns, which are names of hosts and groups with an optional operator.

    Unlike in Ansible, the operator & adds hosts.
    """
    included, excluded = set[str](), set[str]()
    for pattern in patterns:
        name = pattern.lstrip("!&")
        matching = GROUPS.get(name, HOSTS & {name})
        (excluded if pattern.startswith("!") else included).update(matching)
    return included - excluded


INVENTORY = Inventory(groups=GROUPS, match=match)


@pytest.mark.parametrize(
    ("value", "patterns"),
    [("corp,oslo", ["corp,oslo"]), (["corp", "oslo"], ["corp", "oslo"]), (7, ["7"]), ([7], ["7"])],
)
def test_a_value_becomes_a_list_of_patterns(value: object, patterns: list[str]) -> None:
    assert to_patterns(value) == patterns


@pytest.mark.parametrize(
    ("patterns", "unmatched"),
    [
        pytest.param(["corp"], [], id="host"),
        pytest.param(["syncs"], [], id="group"),
        pytest.param([""], [], id="blank"),
        pytest.param(["corp, oslo ,"], [], id="spaces and a trailing comma"),
        pytest.param(["corp:oslo"], [], id="colon"),
        pytest.param(["corp:oslo", "harbour"], [], id="colon in an element of a list"),
        pytest.param(["corp:oslo,harbour"], ["corp:oslo"], id="colon and comma"),
        pytest.param(["fe80::1"], [], id="IPv6 address"),
        pytest.param(["bergen,corp,rome"], ["bergen", "rome"], id="unknown hosts, in order"),
        pytest.param(["retired"], ["retired"], id="empty group"),
        pytest.param(["corp:!retired"], [], id="empty group to exclude"),
        pytest.param(["corp:&retired"], ["retired"], id="empty group to intersect"),
        pytest.param(["corp:!bergen"], ["bergen"], id="unknown host to exclude"),
        pytest.param(["corp,@hosts.retry"], [], id="file"),
        pytest.param(["!"], ["!"], id="operator without a pattern"),
        pytest.param(["corp,&"], ["&"], id="operator without a pattern after a comma"),
    ],
)
def test_unmatched_parts_of_patterns_are_found(patterns: list[str], unmatched: list[str]) -> None:
    assert find_unmatched(patterns, INVENTORY) == unmatched


@pytest.mark.parametrize(
    ("hosts", "limit", "cause"),
    [
        pytest.param(
            ["bergen"], "rome", "no host matches bergen in contact_sync_hosts.", id="both unknown"
        ),
        pytest.param(
            ["syncs", "!syncs"], "rome", "no host matches rome in --limit.", id="unknown limit"
        ),
        pytest.param(
            ["syncs", "!syncs"],
            "oslo",
            "no host matches contact_sync_hosts=syncs,!syncs.",
            id="all hosts excluded",
        ),
        pytest.param(
            ["corp", "harbour"],
            "oslo",
            "--limit oslo excludes all hosts that match contact_sync_hosts=corp,harbour.",
            id="limit to another host",
        ),
    ],
)
def test_the_first_problem_of_a_selection_is_reported(
    hosts: list[str], limit: str, cause: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_selection(Selection(hosts, limit, within_limit=["oslo"]), INVENTORY)
    assert str(caught.value).startswith(f"Cannot select the hosts: {cause} Correct ")


@pytest.mark.parametrize(
    ("hosts", "limit", "within_limit"),
    [
        pytest.param("syncs", "", [], id="no limit"),
        pytest.param("syncs", "corp,oslo", ["corp", "oslo"], id="limit that includes other hosts"),
        pytest.param("syncs", "@hosts", ["corp"], id="limit in a file"),
        pytest.param("syncs:oslo", "oslo", ["oslo"], id="limit to some of the hosts"),
    ],
)
def test_a_valid_selection_of_hosts_is_accepted(
    hosts: str, limit: str, within_limit: list[str]
) -> None:
    check_selection(Selection([hosts], limit, within_limit), INVENTORY)


@pytest.mark.parametrize(
    ("values", "patterns"),
    [
        pytest.param(["corp", "oslo"], "corp", id="first value"),
        pytest.param([None, "", "localhost", "corp"], "corp", id="after values without effect"),
        pytest.param([["corp", "oslo"]], "corp,oslo", id="list"),
    ],
)
def test_hosts_set_in_the_inventory_are_reported(values: list[object], patterns: str) -> None:
    with pytest.raises(InputError) as caught:
        check_not_in_inventory(values)
    assert str(caught.value).endswith(f", such as -e contact_sync_hosts={patterns}.")


@pytest.mark.parametrize("value", [None, "", " ", [], "localhost"])
def test_a_value_in_the_inventory_without_effect_is_accepted(value: object) -> None:
    check_not_in_inventory([value])
