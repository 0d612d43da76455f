# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes in a directory, and their classification in the plan of the next sync."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.options import export_options, site_sources, upload_options
from tests.lab.entries import ENABLED_ACCOUNT
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

MAIL_COLUMNS = ({"header": "Email", "value": "mail"}, {"header": "Location", "value": "location"})
CHANGE_KINDS = ("added", "changed", "moved", "removed")


def sync(
    directory: RunningDirectory, service: Receiver, workspace: Workspace, **overrides: Any
) -> ModuleResult:
    """Export and upload, and return the result of the upload."""
    options = export_options(directory, workspace, baseline=str(workspace.state_dir))
    exported = run_module(workspace, "ad_contacts_export", options)
    assert not exported.failed, exported.data
    assert exported.warnings == []
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
    assert departed["plan"]["removal_causes"] == [
        {"cause": "deleted or unreadable", "count": 1},
        {"cause": "disabled", "count": 1},
    ]
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


def test_the_causes_of_removals_are_named_in_the_message_and_in_the_diff(
    active_directory: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    sync(active_directory, service, workspace, initial=True)
    people = company.at(company.site("tromso"))[1:5]
    try:
        for person in people:
            active_directory.disable_person(person)
        options = export_options(active_directory, workspace, baseline=str(workspace.state_dir))
        assert not run_module(workspace, "ad_contacts_export", options).failed
        options = upload_options(service, workspace, max_removed=2)
        stopped = run_module(workspace, "contact_upload", {**options, "_ansible_diff": True})
        assert "but max_removed allows 2; causes: 4 disabled" in stopped.message
        before = stopped.data["diff"]["before"].splitlines()
        assert len(before) == 4
        assert all(line.endswith(" # disabled") for line in before)
    finally:
        for person in people:
            active_directory.modify(person, {"userAccountControl": [str(ENABLED_ACCOUNT)]})


def test_a_roster_that_was_compared_with_an_earlier_baseline_is_not_uploaded(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    sources = site_sources(open_ldap)
    baseline = {"baseline": str(workspace.state_dir)}
    sync(open_ldap, service, workspace, initial=True)
    early = workspace.root / "early.csv"
    fewer = export_options(
        open_ldap, workspace, **baseline, dest=str(early), columns=[*MAIL_COLUMNS]
    )
    assert not run_module(workspace, "ad_contacts_export", fewer).failed
    late = export_options(open_ldap, workspace, **baseline, sources=sources[:2])
    assert not run_module(workspace, "ad_contacts_export", late).failed
    upload = upload_options(service, workspace, key=["Email"])
    stopped = run_module(workspace, "contact_upload", upload)
    approved = {**upload, "approved_plan": stopped.data["plan"]["id"]}
    assert run_module(workspace, "contact_upload", approved)["uploaded"]
    requests = service.requests
    outdated = run_module(workspace, "contact_upload", {**upload, "src": str(early)})
    assert outdated.message == (
        f"Cannot upload {early}: the last accepted roster is not the one with which it was compared when it was"
        " exported. Export the roster again."
    )
    assert service.requests == requests
