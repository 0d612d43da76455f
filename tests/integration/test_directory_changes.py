# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes in a directory, and their classification in the plan of the next sync."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.options import export_options, upload_options
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

CHANGE_KINDS = ("added", "changed", "moved", "removed")


def sync(
    directory: RunningDirectory, service: Receiver, workspace: Workspace, **overrides: Any
) -> ModuleResult:
    """Export and upload, and return the result of the upload."""
    exported = run_module(workspace, "ad_contacts_export", export_options(directory, workspace))
    assert not exported.failed, exported.data
    result = run_module(
        workspace, "contact_upload", upload_options(service, workspace, **overrides)
    )
    assert not result.failed, result.data
    assert result["uploaded"] == result["changed"] == any(plan_counts(result).values())
    return result


def plan_counts(result: ModuleResult) -> dict[str, int]:
    return {kind: result["plan"][kind] for kind in CHANGE_KINDS}


def expected_counts(kind: str, number: int = 1) -> dict[str, int]:
    return {**dict.fromkeys(CHANGE_KINDS, 0), kind: number}


@pytest.fixture
def disposable_directory(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """A directory that only one test uses, so that the test does not have to undo its changes."""
    with openldap(company, ca) as running:
        yield running


def test_the_plan_classifies_each_directory_change(
    disposable_directory: RunningDirectory,
    company: Company,
    service: Receiver,
    workspace: Workspace,
) -> None:
    # Company.unreachable has no valid row.
    contact_count = sum(len(company.at(site)) for site in company.sites) - 1
    first = sync(disposable_directory, service, workspace, initial=True)
    assert plan_counts(first) == expected_counts("added", contact_count)

    disposable_directory.change_last_name(company.canary_person, "Østby-D'Arcy")
    renamed = sync(disposable_directory, service, workspace)
    assert plan_counts(renamed) == expected_counts("changed")
    assert renamed["service"]["counts"]["removed"] == 0
    assert "Østby-D'Arcy" not in renamed.output

    disposable_directory.modify(
        company.canary_person, {"mail": ["zebedy.ostby@fjord.test"], "mobile": []}
    )
    assert plan_counts(sync(disposable_directory, service, workspace)) == expected_counts("changed")

    disposable_directory.move_person(company.canary_person, company.site("bergen"))
    moved = sync(disposable_directory, service, workspace)
    assert plan_counts(moved) == expected_counts("moved")
    assert moved["plan"]["by_location"]["bergen"]["moved"] == 1

    # Two people swap their mail addresses, which are part of the key. The plan must classify their contacts as
    # changed, not as added and removed.
    one, other = company.at(company.site("tromso"))[1:3]
    disposable_directory.modify(one, {"mail": [other.mail or "a@fjord.test"]})
    disposable_directory.modify(other, {"mail": [one.mail or "b@fjord.test"]})
    assert plan_counts(sync(disposable_directory, service, workspace)) == expected_counts(
        "changed", 2
    )

    disposable_directory.add_person(
        replace(
            company.canary_person, account="new.hire", display_name="New, Hire+", mail="n@f.test"
        )
    )
    assert plan_counts(sync(disposable_directory, service, workspace)) == expected_counts("added")

    disposable_directory.disable_person(company.canary_person)
    disposable_directory.delete_person(company.person_with_comma)
    departed = sync(disposable_directory, service, workspace)
    assert plan_counts(departed) == expected_counts("removed", 2)
    assert departed["service"]["counts"]["removed"] == 2
    assert len(service.contacts) == contact_count - 1

    unchanged = sync(disposable_directory, service, workspace)
    assert unchanged["plan"]["unchanged"] == contact_count - 1
    # The last of the eight syncs uploads nothing.
    assert service.uploads == 8 - 1


def test_the_plan_classifies_renames_and_moves_in_active_directory(
    active_directory: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    """A rename of the object and a move to another OU do not change the identity (objectGUID)."""
    sync(active_directory, service, workspace, initial=True)
    canary = company.canary_person
    try:
        active_directory.change_last_name(canary, "Østby")
        assert plan_counts(sync(active_directory, service, workspace)) == expected_counts("changed")
        active_directory.move_person(canary, company.site("tromso"))
        assert plan_counts(sync(active_directory, service, workspace)) == expected_counts("moved")
    finally:
        active_directory.restore_person(canary)
    assert plan_counts(sync(active_directory, service, workspace)) == expected_counts("moved")


def test_an_emptied_ou_stops_the_export(
    disposable_directory: RunningDirectory,
    company: Company,
    service: Receiver,
    workspace: Workspace,
) -> None:
    sync(disposable_directory, service, workspace, initial=True)
    before = workspace.files()
    disposable_directory.empty_ou(company.site_dn(company.site("tromso")))
    result = run_module(
        workspace, "ad_contacts_export", export_options(disposable_directory, workspace)
    )
    assert result.message.startswith("Cannot export source 3 (location 'tromso') from ldaps://")
    assert workspace.files() == before
