# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exported files, which must be the same from each directory server and over each kind of connection."""

from __future__ import annotations

import csv
import json
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.info_runs import run_info
from tests.integration.support.modules import run_module
from tests.integration.support.options import (
    CHECK_MODE,
    export_options,
    site_sources,
    upload_options,
)
from tests.integration.support.workspace import Workspace, file_mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.integration.support.modules import ModuleResult
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.person import Person
    from tests.lab.receiver import Receiver

pytestmark = pytest.mark.every_library


def export(directory: RunningDirectory, workspace: Workspace, **overrides: Any) -> ModuleResult:
    result = run_module(
        workspace, "ad_contacts_export", export_options(directory, workspace, **overrides)
    )
    assert not result.failed, result.data
    assert not result.warnings
    assert directory.bind_pw not in result.output
    return result


@pytest.fixture(scope="module")
def expected_contents(
    active_directory: RunningDirectory,
    collections_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[bytes, bytes]:
    """The contents of the roster exported from Active Directory and of its identities file."""
    workspace = Workspace.create(tmp_path_factory.mktemp("expected") / "work", collections_path)
    export(active_directory, workspace)
    return read_contents(workspace)


def read_contents(workspace: Workspace) -> tuple[bytes, bytes]:
    """Return the contents of both files, without the settings of the export, which differ between servers."""
    head, _line_feed, rest = identities_file(workspace).read_bytes().partition(b"\n")
    settings = json.loads(head)
    assert len(settings.pop("configuration")["fingerprints"]) == 4
    return workspace.dest.read_bytes(), json.dumps(settings).encode() + b"\n" + rest


def identities_file(workspace: Workspace) -> Path:
    return workspace.dest.with_name("contacts.csv.ids")


def test_the_roster_contains_the_active_people_of_each_site(
    expected_contents: tuple[bytes, bytes], company: Company
) -> None:
    roster, identities = expected_contents
    header, *rows = list(csv.reader(roster.decode("utf-8").splitlines()))
    head, *lines = [json.loads(line) for line in identities.splitlines()]
    people_by_identity = {str(person.identity): person for person in company.people}
    assert header == ["First Name", "Last Name", "Email", "SMS Phone", "Location"]
    assert head["rows"] == len(rows)
    for row, identity in zip(rows, lines, strict=False):
        person = people_by_identity[identity]
        assert row[:3] == [person.given_name, person.last_name, person.mail]
        assert row[3] == person.mobile
        assert row[4] == next(site.location for site in company.sites if site.ou == person.ou[0])
    listed = set(lines[: len(rows)])
    active = {str(person.identity) for site in company.sites for person in company.at(site)}
    assert listed == active - {str(company.unreachable.identity)}
    assert len(lines[: len(rows)]) == len(listed)
    assert lines[len(rows) :] == [
        {
            "identity": str(company.unreachable.identity),
            "location": "tromso",
            "cause": "Email and SMS Phone are both empty",
        }
    ]


def test_the_roster_is_sorted_utf8_csv_with_crlf_line_endings(
    expected_contents: tuple[bytes, bytes],
) -> None:
    roster, _identities = expected_contents
    assert roster.startswith(b"First Name,Last Name,Email,SMS Phone,Location\r\n")
    assert roster.count(b"\n") == roster.count(b"\r\n")
    assert "李".encode() in roster
    rows = list(csv.reader(roster.decode("utf-8").splitlines()))[1:]
    assert rows == sorted(rows, key=lambda row: (row[4], row))


@pytest.mark.parametrize("name", ["open_ldap", "ds_389"])
def test_every_directory_server_yields_the_same_bytes(
    request: pytest.FixtureRequest,
    expected_contents: tuple[bytes, bytes],
    name: str,
    workspace: Workspace,
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    result = export(directory, workspace)
    assert read_contents(workspace) == expected_contents
    assert result["server"] == directory.uri_ldaps


@pytest.mark.parametrize("page_size", [1, 7, 1000])
def test_the_page_size_does_not_change_the_roster(
    expected_contents: tuple[bytes, bytes],
    open_ldap: RunningDirectory,
    workspace: Workspace,
    page_size: int,
) -> None:
    export(open_ldap, workspace, page_size=page_size)
    assert read_contents(workspace) == expected_contents


def test_the_order_of_sources_does_not_change_the_roster(
    expected_contents: tuple[bytes, bytes], active_directory: RunningDirectory, workspace: Workspace
) -> None:
    shuffled = site_sources(active_directory)
    random.Random(7).shuffle(shuffled)
    sources = [*shuffled, shuffled[1]]
    options = export_options(active_directory, workspace, sources=sources)
    (warning,) = run_module(workspace, "ad_contacts_export", options).warnings
    assert "it is the same as source 2" in warning
    assert read_contents(workspace) == expected_contents


@pytest.mark.parametrize("name", ["bind_upn", "bind_down_level"])
def test_active_directory_accepts_upn_and_down_level_logon_names(
    expected_contents: tuple[bytes, bytes],
    active_directory: RunningDirectory,
    workspace: Workspace,
    name: str,
) -> None:
    export(active_directory, workspace, bind_dn=getattr(active_directory, name))
    assert read_contents(workspace) == expected_contents


@pytest.mark.parametrize("name", ["active_directory", "open_ldap", "ds_389"])
def test_the_roster_is_the_same_over_start_tls(
    request: pytest.FixtureRequest,
    expected_contents: tuple[bytes, bytes],
    name: str,
    workspace: Workspace,
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    export(directory, workspace, server_uri=[directory.uri_ldap], start_tls=True)
    assert read_contents(workspace) == expected_contents


def test_the_next_server_is_used_if_the_first_is_down(
    expected_contents: tuple[bytes, bytes], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    uris = ["ldaps://localhost:1", open_ldap.uri_ldaps]
    options = export_options(open_ldap, workspace, server_uri=uris)
    result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == open_ldap.uri_ldaps
    (warning,) = result.warnings
    assert warning.startswith("Failed over from ldaps://localhost:1 to the next server. ")
    assert read_contents(workspace) == expected_contents


def test_credentials_can_come_from_the_environment(
    expected_contents: tuple[bytes, bytes], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace, bind_dn=None, bind_pw=None)
    env = {"FRONTDESK_BIND_DN": open_ldap.bind_dn, "FRONTDESK_BIND_PW": open_ldap.bind_pw}
    assert not run_module(workspace, "ad_contacts_export", options, env=env).failed
    assert read_contents(workspace) == expected_contents


def test_an_empty_environment_variable_is_treated_as_unset(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace, bind_pw=None)
    result = run_module(workspace, "ad_contacts_export", options, env={"FRONTDESK_BIND_PW": ""})
    assert result.message.startswith("Cannot bind: bind_pw is empty. ")


def test_a_person_at_two_locations_has_two_rows(
    active_directory: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    second_source = {
        "location": "tromso",
        "search_base": company.site_dn(company.site("oslo-hq")),
        "filter": company.two_site_filter,
    }
    result = export(
        active_directory, workspace, sources=[*site_sources(active_directory), second_source]
    )
    rows = [
        row
        for row in csv.reader(workspace.dest.read_text("utf-8").splitlines())
        if "Tidemand" in row
    ]
    mail = company.two_site_person.mail
    assert {(row[2], row[4]) for row in rows} == {(mail, "oslo-hq"), (mail, "tromso")}
    lines = identities_file(workspace).read_text("utf-8").splitlines()
    assert lines.count(json.dumps(str(company.two_site_person.identity))) == 2
    assert result["counts"]["by_location"]["oslo-hq"] == len(company.at(company.site("oslo-hq")))


@contextmanager
def changed_mobiles(directory: RunningDirectory, numbers: Mapping[Person, str]) -> Iterator[None]:
    """Change the mobile numbers of people, and restore them when the context ends."""
    dns = {person: directory.find_dn(person) for person in numbers}
    with directory.session() as session:
        try:
            for person, number in numbers.items():
                session.modify(dns[person], {"mobile": [(ldap3.MODIFY_REPLACE, [number])]})
            yield
        finally:
            for person, dn in dns.items():
                session.modify(dn, {"mobile": [(ldap3.MODIFY_REPLACE, [person.mobile])]})


def test_the_person_with_the_smaller_identity_keeps_a_shared_mobile_number(
    active_directory: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    """The other person's cell is emptied, and the identities file lists it with the person who keeps the number."""
    holder, loser = sorted(company.colleagues, key=lambda person: str(person.identity))
    with changed_mobiles(active_directory, {loser: holder.mobile}):
        message = run_failing_export(active_directory, workspace, max_contested=0)
        result = run_module(
            workspace,
            "ad_contacts_export",
            export_options(active_directory, workspace, max_contested=1),
        )
        probe = run_info(active_directory, workspace)
    cell = {
        "identity": str(loser.identity),
        "location": "bergen",
        "column": "SMS Phone",
        "cause": "another person at this location has the same value",
    }
    assert result["emptied"] == [cell]
    assert result["contested"] == [
        {
            "location": "bergen",
            "column": "SMS Phone",
            "value_count": 1,
            "count": 1,
            "left_out": 0,
            "new": 1,
        }
    ]
    lines = identities_file(workspace).read_text("utf-8").splitlines()
    assert json.loads(lines[-1]) == {**cell, "holder": str(holder.identity)}
    (warning,) = result.warnings
    assert warning == (
        "Cannot keep all values of the unique column 'SMS Phone' at bergen: 1 person has the same value as another"
        f" person, who keeps it: {loser.identity} (kept by {holder.identity}). Correct the entries of the people who do"
        " not own the value."
    )
    assert message == (
        "Stopped because 1 person newly loses a value of a unique column to another person, but max_contested allows"
        " only 0: in the unique column 'SMS Phone' at bergen, 1 person has the same value as another person, who keeps"
        f" it: {loser.identity} (kept by {holder.identity}). Correct the entries of the people who do not own the"
        " value, or set max_contested to 1 or more."
    )
    roster = workspace.dest.read_text("utf-8")
    assert f"{holder.mail},{holder.mobile}," in roster
    assert f"{loser.mail},," in roster
    assert [problem["where"] for problem in probe["problems"]] == [
        f"bergen on {active_directory.uri_ldaps}"
    ]


def test_colleagues_cannot_take_the_only_value_of_a_row(
    open_ldap: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    """Five people with a mail address enter the mobile numbers of colleagues who do not have a mail address."""
    people = sorted(company.at(company.site("bergen")), key=lambda person: str(person.identity))
    victims = [person for person in people if not person.mail][-5:]
    attackers = [person for person in people if person.mail and person.mobile][:5]
    assert str(max(attackers, key=lambda each: str(each.identity)).identity) < str(
        min(victims, key=lambda each: str(each.identity)).identity
    )
    before = export(open_ldap, workspace)["counts"]
    numbers = {attacker: victim.mobile for attacker, victim in zip(attackers, victims, strict=True)}
    with changed_mobiles(open_ldap, numbers):
        result = run_module(workspace, "ad_contacts_export", export_options(open_ldap, workspace))
    assert result["counts"] == before
    (warning,) = result.warnings
    for attacker, victim in zip(attackers, victims, strict=True):
        assert f"{attacker.identity} (kept by {victim.identity})" in warning
        assert victim.mobile not in warning


def test_people_without_another_value_cannot_take_a_value_of_the_last_accepted_roster(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    """People without a mail address enter the mobile numbers of colleagues who do not have one either."""
    people = sorted(company.at(company.site("bergen")), key=lambda person: str(person.identity))
    without_mail = [person for person in people if not person.mail]
    count = len(without_mail) // 2
    assert count > 1
    attackers, victims = without_mail[:count], without_mail[-count:]
    baseline = str(workspace.state_dir)
    export(open_ldap, workspace)
    accepted = run_module(
        workspace, "contact_upload", upload_options(service, workspace, initial=True)
    )
    assert accepted["uploaded"], accepted.data
    numbers = {attacker: victim.mobile for attacker, victim in zip(attackers, victims, strict=True)}
    with changed_mobiles(open_ldap, numbers):
        message = run_failing_export(
            open_ldap, workspace, baseline=baseline, max_contested=count - 1
        )
        options = export_options(open_ldap, workspace, baseline=baseline, max_contested=count)
        result = run_module(workspace, "ad_contacts_export", options)
    assert message.startswith(
        f"Stopped because {count} people newly lose a value of a unique column"
    )
    (contested,) = result["contested"]
    assert (contested["count"], contested["left_out"], contested["new"]) == (count,) * 3
    listed = identities_file(workspace).read_text("utf-8")
    assert [listed.count(f'\n"{each.identity}"\n') for each in victims] == [1] * count
    assert [listed.count(f'\n"{each.identity}"\n') for each in attackers] == [0] * count


@pytest.mark.parametrize("server", ["open_ldap", "ds_389"])
def test_only_active_directory_identifies_people_by_object_guid(
    server: str, workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    directory: RunningDirectory = request.getfixturevalue(server)
    export(directory, workspace)
    before = read_contents(workspace)
    # On other servers, people might be allowed to change their objectGUID, and could claim the identity of a colleague.
    person, colleague = directory.company.colleagues
    guid = directory.find_identity(colleague).bytes_le
    dn = directory.find_dn(person)
    with directory.session() as session:
        session.modify(dn, {"objectGUID": [(ldap3.MODIFY_REPLACE, [guid])]})
        try:
            export(directory, workspace)
        finally:
            session.modify(dn, {"objectGUID": [(ldap3.MODIFY_REPLACE, [])]})
    assert read_contents(workspace) == before


def test_an_export_sets_file_modes_and_is_idempotent(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    assert export(open_ldap, workspace)["changed"]
    for path in (workspace.dest, identities_file(workspace)):
        assert file_mode(path) == 0o600
    workspace.dest.chmod(0o644)
    assert export(open_ldap, workspace, **CHECK_MODE)["changed"]
    assert file_mode(workspace.dest) == 0o644
    assert export(open_ldap, workspace)["changed"]
    assert file_mode(workspace.dest) == 0o600
    assert not export(open_ldap, workspace)["changed"]
    assert export(open_ldap, workspace, mode="0640")["changed"]
    assert file_mode(identities_file(workspace)) == 0o640


def test_backup_keeps_the_previous_roster(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    workspace.dest.write_text("the old roster", encoding="utf-8")
    workspace.dest.chmod(0o600)
    backup = workspace.root / export(open_ldap, workspace, backup=True)["backup_file"]
    assert backup.read_text("utf-8") == "the old roster"
    assert file_mode(backup) == 0o600


def test_check_mode_stages_the_roster_in_a_private_directory(
    expected_contents: tuple[bytes, bytes], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    result = export(open_ldap, workspace, stage_in_check_mode=True, **CHECK_MODE)
    staged = workspace.temp_dir / result["staging_dir"]
    assert result["changed"]
    assert file_mode(staged) == 0o700
    assert {path.name: file_mode(path) for path in staged.iterdir()} == {
        "contacts.csv": 0o600,
        "contacts.csv.ids": 0o600,
    }
    assert (staged / "contacts.csv").read_bytes() == expected_contents[0]
    assert result["roster"] == str(staged / "contacts.csv")
    assert not workspace.dest.exists()


@pytest.mark.parametrize("overrides", [{}, {"filter": "(cn=nobody)"}], ids=["success", "failure"])
def test_check_mode_leaves_no_files_without_staging(
    overrides: dict[str, Any], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    before = sorted(workspace.root.rglob("*"))
    options = export_options(open_ldap, workspace, _ansible_diff=True, **CHECK_MODE, **overrides)
    result = run_module(workspace, "ad_contacts_export", options)
    assert result.failed == bool(overrides)
    assert result.data.keys().isdisjoint({"roster", "staging_dir"})
    assert sorted(workspace.root.rglob("*")) == before


@pytest.mark.parametrize("overrides", [CHECK_MODE, {}], ids=["check mode", "real run"])
def test_an_unknown_owner_is_an_error(
    overrides: dict[str, Any], open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace, owner="no-such-user", **overrides)
    before = workspace.files()
    result = run_module(workspace, "ad_contacts_export", options)
    assert result.message == "chown failed: failed to look up user no-such-user"
    assert workspace.files() == before


def test_the_message_names_the_causes_and_the_file_that_lists_the_people_left_out(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    result = export(open_ldap, workspace)
    causes = "; ".join(f"{each['cause']}: {each['count']}" for each in result["left_out_causes"])
    summary = f"Read {result['counts']['contacts']} contacts from {open_ldap.uri_ldaps}. Left out: {causes}."
    assert causes
    assert result["msg"] == f"{summary} See {identities_file(workspace)} for details."
    assert export(open_ldap, workspace, **CHECK_MODE)["msg"] == summary
