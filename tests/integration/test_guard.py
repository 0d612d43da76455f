# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard, the receipt and the lock of contact_upload."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import ModuleRunner, build_module_request, run_module
from tests.integration.support.options import (
    CHECK_MODE,
    export_options,
    site_sources,
    upload_options,
)
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload
from tests.integration.support.workspace import file_mode
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

BASELINE_ROWS = 40
SINCE_FORMAT_2 = ("sequence", "complete", "missing")
"""Keys of the receipt that format 1 does not contain."""
RESTORE = (
    "Restore it from a backup and run once with force: true, because the backup might be older than the last upload; or"
    " remove the state directory and run once with initial: true."
)
SET_INITIAL = (
    "If this is the first upload to this account, run once with initial: true; otherwise, restore the state directory,"
    " or correct state_dir."
)


@pytest.fixture
def baseline(service: Receiver, workspace: Workspace) -> None:
    """Upload a baseline of 40 contacts, which the service accepts."""
    write_roster(workspace.dest, make_contacts(BASELINE_ROWS))
    assert run_upload(service, workspace, initial=True)["uploaded"]


def limit_message(plan_id: str, number: int, cause: str) -> str:
    removals = "1 contact" if number == 1 else f"{number} contacts"
    return (
        f"Refused to apply plan {plan_id}: it removes {removals} (oslo-hq {number}), {cause}. Usual causes: an OU was"
        " renamed, moved or deselected; the account lost a read permission; locations are missing because of an"
        " inventory host that is switched off, a job slice or --limit; the columns, the key or a filter was changed."
        f" Review the plan with --check --diff; if it is correct, run once with approved_plan: {plan_id}, which"
        " approves only this plan."
    )


def test_the_first_upload_requires_initial(service: Receiver, workspace: Workspace) -> None:
    write_roster(workspace.dest, make_contacts(2))
    result = run_upload(service, workspace)
    assert result.message == (
        f"Refused a first upload that adds 2 contacts: {workspace.state_dir} contains no record of an"
        f" earlier upload. {SET_INITIAL}"
    )
    assert result.data["plan"]["added"] == 2
    assert service.requests == 0


@pytest.mark.usefixtures("baseline")
class TestLimits:
    """Limits for removals, and the approval of a plan that exceeds a limit."""

    TOO_MANY_PERCENT = (
        BASELINE_ROWS - 5,
        (
            "which is 12.5% of the 40 in the last accepted roster, but max_removed_percent allows"
            " 10%"
        ),
    )

    @pytest.mark.parametrize(
        ("remaining", "cause", "options"),
        [
            (*TOO_MANY_PERCENT, {}),
            (*TOO_MANY_PERCENT, {"force": True}),
            (*TOO_MANY_PERCENT, {"initial": True}),
            (*TOO_MANY_PERCENT, CHECK_MODE),
            (
                BASELINE_ROWS - 3,
                "but max_removed allows 2",
                {"max_removed": 2},
            ),
            (
                BASELINE_ROWS - 1,
                "but max_removed allows 0",
                {"max_removed": 0, "max_removed_percent": 100},
            ),
        ],
    )
    def test_removals_over_a_limit_are_not_sent(
        self,
        remaining: int,
        cause: str,
        options: dict[str, Any],
        service: Receiver,
        workspace: Workspace,
    ) -> None:
        write_roster(workspace.dest, make_contacts(remaining))
        before = workspace.files()
        result = run_upload(service, workspace, **options)
        removed = BASELINE_ROWS - remaining
        assert result.message == limit_message(result.data["plan"]["id"], removed, cause)
        assert result.data["plan"]["removed"] == removed
        assert result.data["service"] is None
        assert service.requests == 1
        assert workspace.files() == before

    def test_removals_within_the_limits_are_sent(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        write_roster(workspace.dest, make_contacts(BASELINE_ROWS - 4))
        result = run_upload(service, workspace)
        assert result["plan"]["removed"] == 4
        assert result["service"]["counts"] == {
            "received": 36,
            "added": 0,
            "updated": 0,
            "removed": 4,
        }

    @pytest.mark.parametrize("options", [{}, {"force": True}])
    def test_removing_all_contacts_is_refused_even_if_the_plan_is_approved(
        self, options: dict[str, Any], service: Receiver, workspace: Workspace
    ) -> None:
        write_roster(workspace.dest, make_contacts(2 * BASELINE_ROWS)[BASELINE_ROWS:])
        result = run_upload(service, workspace, max_removed_percent=100, **options)
        assert (
            f"it removes all {BASELINE_ROWS} contacts of the last accepted roster, which is never"
            in (result.message)
        )
        assert result.message.endswith(
            ". Check the sources and the export; to start over, remove the state directory and run once with"
            " initial: true."
        )
        approved = run_upload(service, workspace, approved_plan=result.data["plan"]["id"])
        assert "which is never allowed. " in approved.message
        assert service.requests == 1

    def test_percentage_limits_apply_only_if_at_least_three_contacts_are_removed(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        small = {"state_dir": str(workspace.root / "small")}
        write_roster(workspace.dest, make_contacts(8))
        assert run_upload(service, workspace, initial=True, **small)["uploaded"]
        write_roster(workspace.dest, make_contacts(6))
        assert run_upload(service, workspace, **small)["plan"]["removed"] == 2
        write_roster(workspace.dest, make_contacts(3))
        result = run_upload(service, workspace, **small)
        assert "it removes 3 contacts (oslo-hq 3), which is 50.0% of the 6 in" in result.message

    def test_exactly_the_approved_plan_passes_the_limits(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        write_roster(workspace.dest, make_contacts(BASELINE_ROWS - 5))
        plan_id = run_upload(service, workspace, **CHECK_MODE).data["plan"]["id"]
        write_roster(workspace.dest, make_contacts(BASELINE_ROWS - 6))
        other = run_upload(service, workspace, approved_plan=plan_id)
        assert f": approved_plan approves plan {plan_id}, " in other.message
        assert (
            "but this plan adds 0, changes 0, moves 0 and removes 6 contacts; it" in other.message
        )
        assert service.uploads == 1
        write_roster(workspace.dest, make_contacts(BASELINE_ROWS - 5))
        assert run_upload(service, workspace, approved_plan=plan_id)["uploaded"]
        assert run_upload(service, workspace, approved_plan=plan_id).warnings == [
            (
                "approved_plan has no effect: there is nothing to send. Remove approved_plan, because it approves only"
                " one plan."
            )
        ]
        assert service.uploads == 2


@pytest.mark.usefixtures("baseline")
class TestReceipt:
    """The contents of the receipt, and the uploads to which it applies."""

    def test_an_unchanged_roster_is_not_sent(self, service: Receiver, workspace: Workspace) -> None:
        result = run_upload(service, workspace)
        assert (result["changed"], result["uploaded"], result["service"]) == (False, False, None)
        assert result["plan"]["unchanged"] == BASELINE_ROWS
        assert service.requests == 1

    def test_force_sends_an_unchanged_roster(self, service: Receiver, workspace: Workspace) -> None:
        result = run_upload(service, workspace, force=True)
        assert (result["changed"], result["uploaded"]) == (True, True)
        assert service.uploads == 2

    def test_the_state_directory_is_private(self, service: Receiver, workspace: Workspace) -> None:
        receipt = json.loads((workspace.state_dir / "receipt.json").read_text("utf-8"))["receipt"]
        names = {"lock", "receipt.json", f"{receipt['roster']}.csv", f"{receipt['identities']}.ids"}
        assert {path.name for path in workspace.state_dir.iterdir()} == names
        assert file_mode(workspace.state_dir) == 0o700
        assert {file_mode(path) for path in workspace.state_dir.iterdir()} == {0o600}
        assert receipt["endpoint"] == service.url
        assert receipt["rows"] == BASELINE_ROWS

    def test_only_the_last_two_accepted_rosters_are_kept(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        for rows in (BASELINE_ROWS + 1, BASELINE_ROWS + 2):
            write_roster(workspace.dest, make_contacts(rows))
            assert run_upload(service, workspace)["uploaded"]
        for suffix in ("csv", "ids"):
            assert len(list(workspace.state_dir.glob(f"*.{suffix}"))) == 2
        receipt = json.loads((workspace.state_dir / "receipt.json").read_text("utf-8"))["receipt"]
        assert [earlier["rows"] for earlier in receipt["history"]] == [
            *(BASELINE_ROWS + 1, BASELINE_ROWS),
        ]

    def test_an_undo_sends_the_roster_before_the_last_one(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        write_roster(workspace.dest, make_contacts(BASELINE_ROWS + 1))
        assert run_upload(service, workspace)["uploaded"]
        result = run_upload(service, workspace, undo=True)
        assert (result["uploaded"], result["plan"]["removed"]) == (True, 1)
        assert len(service.contacts) == BASELINE_ROWS

    def test_another_address_must_be_confirmed_once(
        self, ca: Authority, service: Receiver, workspace: Workspace
    ) -> None:
        with receiver(ca, locations=["oslo-hq"]) as other:
            for options in ({}, {"initial": True}, CHECK_MODE):
                assert run_upload(other, workspace, **options).message == (
                    f"Refused to upload to {other.url}: the last upload recorded in {workspace.state_dir} was sent to"
                    f" {service.url}. If both are addresses of the same account, run once with rebind: true; for"
                    " another account, set another state_dir."
                )
            assert other.requests == 0
            assert run_upload(other, workspace, rebind=True)["plan"]["unchanged"] == BASELINE_ROWS
            assert other.uploads == 1
            assert not run_upload(other, workspace)["changed"]

    def test_the_query_is_not_part_of_the_endpoint(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        assert not run_upload(service, workspace, url=f"{service.url}?account=7")["changed"]

    def test_a_roster_with_another_profile_or_header_is_compared_with_the_same_baseline(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        result = run_upload(service, workspace, profile="other")
        assert (result["uploaded"], result["plan"]["unchanged"]) == (True, BASELINE_ROWS)
        workspace.dest.write_bytes(workspace.dest.read_bytes().replace(b"Last Name", b"Surname"))
        result = run_upload(service, workspace, profile="other", **CHECK_MODE)
        assert (result["uploaded"], result["plan"]["unchanged"]) == (True, BASELINE_ROWS)

    @pytest.mark.parametrize(
        ("damage", "problem"),
        [(b"{", "it is corrupted (JSONDecodeError)"), (b"{}", "it is corrupted (KeyError)")],
    )
    def test_a_damaged_receipt_is_an_error(
        self, damage: bytes, problem: str, service: Receiver, workspace: Workspace
    ) -> None:
        receipt = workspace.state_dir / "receipt.json"
        receipt.write_bytes(damage)
        assert run_upload(service, workspace, initial=True).message == (
            f"Cannot use {receipt}: {problem}. {RESTORE}"
        )
        assert service.requests == 1

    def test_a_receipt_of_a_newer_format_is_an_error(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        receipt = workspace.state_dir / "receipt.json"
        newer = {**json.loads(receipt.read_text("utf-8")), "format": 4, "needs": "2.0.0"}
        receipt.write_text(json.dumps(newer))
        assert run_upload(service, workspace).message == (
            f"Cannot use {receipt}: its format 4 is newer than the supported format 3."
            " Update the collection frontdesk.contacts to 2.0.0 or newer."
        )

    def test_a_receipt_of_format_1_is_migrated(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        receipt = workspace.state_dir / "receipt.json"
        document = json.loads(receipt.read_text("utf-8"))["receipt"]
        first = {name: document[name] for name in document if name not in SINCE_FORMAT_2}
        receipt.write_text(json.dumps({**first, "format": 1}))
        assert not run_upload(service, workspace)["changed"]
        assert run_upload(service, workspace, force=True)["uploaded"]
        assert json.loads(receipt.read_text("utf-8"))["format"] == 3

    def test_a_damaged_baseline_is_an_error(self, service: Receiver, workspace: Workspace) -> None:
        (roster,) = workspace.state_dir.glob("*.csv")
        roster.write_bytes(roster.read_bytes()[:-9])
        assert run_upload(service, workspace).message == (
            f"Cannot use {roster}: it is missing or corrupted. {RESTORE}"
        )

    def test_an_upload_stops_if_the_state_directory_was_removed(
        self, service: Receiver, workspace: Workspace
    ) -> None:
        shutil.rmtree(workspace.state_dir)
        assert "contains no record of an earlier upload" in run_upload(service, workspace).message


def test_people_who_are_left_out_are_counted_as_removed(
    service: Receiver, workspace: Workspace
) -> None:
    """Some of the removed people are still in the directory, but have no valid row."""
    roster = make_contacts(BASELINE_ROWS)
    write_roster(workspace.dest, roster)
    run_upload(service, workspace, initial=True)
    write_roster(workspace.dest, roster[5:], left_out=roster[:3])
    result = run_upload(service, workspace)
    cause = (
        "which is 12.5% of the 40 in the last accepted roster, but max_removed_percent allows 10%; causes: 3 no valid"
        " row (Email is empty) and 2 unknown"
    )
    assert result.message == limit_message(result.data["plan"]["id"], 5, cause)
    plan = result.data["plan"]
    assert (plan["removed"], plan["removed_invalid"]) == (5, 3)
    assert plan["by_location"]["oslo-hq"]["removed_invalid"] == 3


@pytest.mark.usefixtures("baseline")
def test_a_second_upload_at_the_same_time_is_an_error(
    service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(BASELINE_ROWS + 1))
    with ModuleRunner(workspace.collections_path) as other_runner:
        with service.hold() as arrived:
            other_runner.start(
                build_module_request(
                    workspace, "contact_upload", upload_options(service, workspace)
                )
            )
            assert arrived.wait(30)
            second = run_upload(service, workspace)
        assert other_runner.wait()["uploaded"]
    assert second.message == (
        f"Cannot use the state directory {workspace.state_dir}: another run is using it."
        " Wait until that run ends, and schedule the runs further apart."
    )
    assert service.uploads == 2


@pytest.mark.usefixtures("baseline")
def test_contacts_are_compared_by_key_if_identities_are_missing(
    service: Receiver, workspace: Workspace
) -> None:
    roster = make_contacts(BASELINE_ROWS)
    roster[0] = replace(roster[0], last_name="Aasen")
    write_roster(workspace.dest, roster, identities=False)
    result = run_upload(service, workspace)
    assert result["plan"]["changed"] == 1
    assert result.warnings == [
        "The new roster or a known roster has no identities: contacts are identified by Email, SMS Phone"
    ]


@pytest.mark.usefixtures("baseline")
def test_a_changed_identity_is_recorded_without_an_upload(
    service: Receiver, workspace: Workspace
) -> None:
    """One person has been replaced by another person with the same cells."""
    roster = make_contacts(BASELINE_ROWS)
    roster[0] = replace(roster[0], identity="00000000-0000-4000-8000-000000000000")
    write_roster(workspace.dest, roster)
    result = run_upload(service, workspace)
    assert (result["changed"], result["uploaded"]) == (True, False)
    assert not run_upload(service, workspace)["changed"]
    assert service.requests == 1


class TestConfiguration:
    """What the plan says about the configuration of the exports, which the identities files record."""

    @staticmethod
    def _export(directory: RunningDirectory, workspace: Workspace, **options: Any) -> None:
        options = export_options(directory, workspace, **options)
        result = run_module(workspace, "ad_contacts_export", options)
        assert not result.failed, result.data

    def test_a_small_location_that_left_the_configuration_stops_the_upload(
        self, open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
    ) -> None:
        large, small = site_sources(open_ldap)[:2]
        people = open_ldap.company.at(open_ldap.company.site(small["location"]))
        mail = next(person.mail for person in people if person.active and person.mail)
        small["filter"] = f"(&{open_ldap.people_filter}(mail={mail}))"
        self._export(open_ldap, workspace, sources=[large, small])
        assert run_upload(service, workspace, initial=True)["uploaded"]
        self._export(open_ldap, workspace, sources=[large])
        result = run_upload(service, workspace)
        plan = result.data["plan"]
        assert result.message == (
            f"Refused to apply plan {plan['id']}: no contacts remain at {small['location']} (1 before, no longer"
            " configured). These settings of the export have changed since the last accepted roster: sources and"
            " filters. Usual causes: an OU was renamed, moved or deselected; the account lost a read permission;"
            " locations are missing because of an inventory host that is switched off, a job slice or --limit. Review"
            f" the plan with --check --diff; if it is correct, run once with approved_plan: {plan['id']}, which"
            " approves only this plan."
        )
        assert plan["unconfigured_locations"] == [small["location"]]
        assert plan["changed_settings"] == ["sources", "filters"]
        assert service.requests == 1
        assert run_upload(service, workspace, approved_plan=plan["id"])["uploaded"]
        assert not run_upload(service, workspace)["changed"]

    def test_the_plan_names_the_changed_settings(
        self, active_directory: RunningDirectory, service: Receiver, workspace: Workspace
    ) -> None:
        self._export(active_directory, workspace)
        assert run_upload(service, workspace, initial=True)["plan"]["changed_settings"] is None
        self._export(active_directory, workspace, phone_region="NO")
        result = run_upload(service, workspace, max_changed_percent=100)
        assert result["plan"]["changed_settings"] == ["columns"]
        assert run_upload(service, workspace)["plan"]["changed_settings"] == []
