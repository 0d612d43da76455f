# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The causes for which contacts are missing from a new roster, as the directory shows them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.ldap_groups import temporary_attributes, temporary_group
from tests.integration.support.options import export_options
from tests.lab.openldap import openldap
from tests.lab.person import filetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.person import Person

_ROOT = Path(__file__).parents[2]
OSLO = "oslo-hq"
YESTERDAY = str(filetime(datetime.now(UTC) - timedelta(days=1)))
TOMORROW = str(filetime(datetime.now(UTC) + timedelta(days=1)))
DISABLED_ACCOUNT = {"userAccountControl": ["514"]}
# The schema of the lab's servers does not contain the attribute (MS-ADA2), so the test adds it.
EXCHANGE_SCHEMA = """
attributetype ( 1.2.840.113556.1.4.7000.102.73 NAME 'msExchHideFromAddressLists'
  EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
objectclass ( 2.25.240446877988485253677675942246273054622 NAME 'labMailbox' SUP top AUXILIARY
  MAY ( msExchHideFromAddressLists ) )
"""


@pytest.fixture(params=["active_directory", "open_ldap", "ds_389"])
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def leaver(directory: RunningDirectory) -> Iterator[Person]:
    """A person in Oslo who is in the directory only during the test."""
    with temporary_person(directory) as person:
        yield person


@contextmanager
def temporary_person(directory: RunningDirectory) -> Iterator[Person]:
    company = directory.company
    person = replace(
        company.canary_person,
        account="leaver",
        display_name="Leaver, A (test)",
        mail="leaver@fjord.test",
        ou=(company.site(OSLO).ou, "Sales"),
    )
    directory.add_person(person)
    try:
        yield person
    finally:
        directory.delete_person(person)


@contextmanager
def temporary_ou(directory: RunningDirectory, name: str) -> Iterator[str]:
    """Add an OU below the domain, yield its DN, and delete it afterwards."""
    dn = f"OU={name},{directory.base_dn}"
    with directory.session() as session:
        session.add(dn, "organizationalUnit")
    try:
        yield dn
    finally:
        with directory.session() as session:
            session.delete(dn)


@contextmanager
def moved(directory: RunningDirectory, person: Person, parent: str) -> Iterator[None]:
    """Move a person below another entry, and move the person back afterwards."""
    rdn = "CN=Leaver\\, A (test)"
    original = directory.company.ou_dn(*person.ou)
    with directory.session() as session:
        session.modify_dn(f"{rdn},{original}", rdn, new_superior=parent)
    try:
        yield
    finally:
        with directory.session() as session:
            session.modify_dn(f"{rdn},{parent}", rdn, new_superior=original)


def run_lookup(
    workspace: Workspace,
    options: dict[str, Any],
    missing: Sequence[tuple[str, str]],
    left_out: Sequence[tuple[str, str, str]] = (),
) -> tuple[list[list[str]], list[str]]:
    """Look up causes, and return the kind and the detail of each cause, and the warnings."""
    program = lookup_program(workspace.collections_path)
    assert program.stdin is not None
    assert program.stdout is not None
    request = {"options": options, "missing": missing, "left_out": left_out}
    print(json.dumps(request), file=program.stdin, flush=True)
    result = json.loads(program.stdout.readline())
    return result["causes"], result["warnings"]


@functools.cache
def lookup_program(collections_path: Path) -> subprocess.Popen[str]:
    """Start the program that looks up causes; it ends when the process that started it ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.support.removal_lookup"],
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{_ROOT}:{collections_path}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def find_cause(
    directory: RunningDirectory,
    workspace: Workspace,
    person: Person | uuid.UUID,
    location: str = OSLO,
    **overrides: Any,
) -> list[str]:
    """Return the kind and the detail of the cause for which a person is missing from a location."""
    identity = person if isinstance(person, uuid.UUID) else directory.find_identity(person)
    options = export_options(directory, workspace, **overrides)
    (cause,), warnings = run_lookup(workspace, options, [(str(identity), location)])
    assert warnings == []
    return cause


def oslo_source(directory: RunningDirectory, **options: Any) -> dict[str, Any]:
    company = directory.company
    return {"location": OSLO, "search_base": company.site_dn(company.site(OSLO)), **options}


def test_a_deleted_entry_is_not_found(directory: RunningDirectory, workspace: Workspace) -> None:
    with temporary_person(directory) as person:
        identity = directory.find_identity(person)
        # As long as the entry exists, nothing explains that the person is missing.
        assert find_cause(directory, workspace, identity) == ["unknown", ""]
    assert find_cause(directory, workspace, identity) == ["deleted", ""]


def test_disabled_and_expired_accounts_are_recognized(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    directory.modify(leaver, {"accountExpires": [TOMORROW]})
    assert find_cause(directory, workspace, leaver) == ["unknown", ""]
    directory.modify(leaver, {"accountExpires": [YESTERDAY]})
    assert find_cause(directory, workspace, leaver) == ["expired", ""]
    directory.modify(leaver, DISABLED_ACCOUNT)
    assert find_cause(directory, workspace, leaver) == ["disabled", ""]
    # A filter that does not test the state of the account is not affected by it.
    by_name = oslo_source(directory, filter="(sn=Nobody)")
    assert find_cause(directory, workspace, leaver, sources=[by_name]) == ["filtered", ""]
    elsewhere = oslo_source(directory, location="elsewhere")
    cause = find_cause(directory, workspace, leaver, sources=[by_name, elsewhere])
    assert cause == ["filtered", ""]
    anyone = oslo_source(directory, filter="(sn=*)")
    assert find_cause(directory, workspace, leaver, sources=[anyone]) == ["unknown", ""]


def test_a_locked_account_in_389_directory_server_is_disabled(
    ds_389: RunningDirectory, workspace: Workspace
) -> None:
    unlocked = oslo_source(ds_389, filter="(&(sn=*)(!(nsAccountLock=true)))")
    with temporary_person(ds_389) as person:
        assert find_cause(ds_389, workspace, person, sources=[unlocked]) == ["unknown", ""]
        ds_389.modify(person, {"nsAccountLock": ["true"]})
        assert find_cause(ds_389, workspace, person, sources=[unlocked]) == ["disabled", ""]
        assert find_cause(ds_389, workspace, person) == ["unknown", ""]


def test_the_cause_of_a_move_names_the_new_parent(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    company = directory.company
    with temporary_ou(directory, "Leavers") as ou, moved(directory, leaver, ou):
        kind, parent = find_cause(directory, workspace, leaver)
        assert (kind, parent.lower()) == ("moved", ou.lower())
        directory.modify(leaver, DISABLED_ACCOUNT)
        assert find_cause(directory, workspace, leaver) == ["disabled", ""]
        by_name = oslo_source(directory, filter="(sn=*)")
        kind, parent = find_cause(directory, workspace, leaver, sources=[by_name])
        assert (kind, parent.lower()) == ("moved", ou.lower())
    directory.modify(leaver, {"userAccountControl": ["512"]})
    # The person is below the search base, but not directly.
    kind, parent = find_cause(
        directory,
        workspace,
        leaver,
        sources=[oslo_source(directory, search_scope="one_level")],
    )
    assert (kind, parent.lower()) == ("moved", company.ou_dn(*leaver.ou).lower())


def test_the_source_that_comes_closest_to_the_person_is_decisive(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    company = directory.company
    bergen = oslo_source(directory, search_base=company.site_dn(company.site("bergen")))
    sources = [bergen, oslo_source(directory, exclude_filter="(title=*)"), bergen]
    directory.modify(leaver, {"title": ["Pirate"]})
    cause = find_cause(directory, workspace, leaver, sources=sources)
    assert cause == [
        "excluded",
        "O(sources[].exclude_filter) of source 2 (location 'oslo-hq')",
    ]


def test_people_who_left_a_group_are_recognized(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    dn = directory.find_dn(leaver)
    other = directory.company.person_dn(directory.company.two_site_person)
    with (
        temporary_group(directory, "Inner (test)", other, dn) as inner,
        temporary_group(directory, "Outer", inner) as outer,
    ):
        for source in (
            {"location": OSLO, "member_of": outer},
            oslo_source(directory, member_of=[outer]),
        ):
            assert find_cause(directory, workspace, leaver, sources=[source]) == ["unknown", ""]
        with directory.session() as session:
            session.modify(inner, {"member": [(ldap3.MODIFY_DELETE, [dn])]})
        source = {"location": OSLO, "member_of": outer}
        assert find_cause(directory, workspace, leaver, sources=[source]) == ["left_group", ""]
        directory.modify(leaver, DISABLED_ACCOUNT)
        assert find_cause(directory, workspace, leaver, sources=[source]) == ["disabled", ""]


def test_excluded_people_are_recognized(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    company = directory.company
    other = company.person_dn(company.two_site_person)
    with (
        temporary_group(directory, "Inner (test)", directory.find_dn(leaver)) as inner,
        temporary_group(directory, "Outer", inner) as outer,
        temporary_group(directory, "Other", other) as unrelated,
    ):
        options: dict[str, Any] = {
            "exclude_ous": company.ou_dn(*leaver.ou).upper(),
            "exclude_groups": [unrelated, outer],
            "exclude_filter": f"(mail={leaver.mail})",
        }
        for name, value in options.items():
            cause = find_cause(directory, workspace, leaver, **{name: value})
            assert cause == ["excluded", f"O({name})"]
        cause = find_cause(directory, workspace, leaver, **options, start_attribute="title")
        assert cause == ["excluded", "O(exclude_ous) and O(exclude_groups) and O(exclude_filter)"]
        options = {
            "exclude_ous": company.ou_dn("Bergen, Sales and Harbour"),
            "exclude_groups": unrelated,
            "exclude_filter": "(sn=Nobody)",
        }
        assert find_cause(directory, workspace, leaver, **options) == ["unknown", ""]


def test_people_who_have_not_started_are_recognized(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    for date, kind in (("2199-01-01", "not_started"), ("1999-01-01", "unknown")):
        with temporary_attributes(directory, leaver, employeeNumber=[date]):
            cause = find_cause(directory, workspace, leaver, start_attribute="employeeNumber")
        assert cause == [kind, ""]
    # Nobody in the batch has a start date.
    cause = find_cause(directory, workspace, leaver, start_attribute="employeeNumber")
    assert cause == ["unknown", ""]


def test_people_who_do_not_match_the_filter_are_recognized(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    company = directory.company
    source = oslo_source(directory, filter="(&(sn=*)(title=Receptionist))")
    assert find_cause(directory, workspace, leaver, sources=[source]) == ["filtered", ""]
    # Contacts of Active Directory, and computers, do not match the default filter.
    janitor = uuid.uuid5(
        uuid.uuid5(uuid.NAMESPACE_DNS, "fjord.test"),
        f"CN=OSLO-KIOSK,{company.site_dn(company.site(OSLO))}",
    )
    assert find_cause(directory, workspace, janitor) == ["filtered", ""]


def test_a_location_rule_explains_missing_contacts(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    rule = {
        "search_base": directory.staff_dn,
        "location_value": "roomNumber | lower",
        "locations": [OSLO, "bergen"],
    }
    if directory.dialect.identity_attribute == "objectGUID":
        rule["location_value"] = "department | lower"
    attribute = str(rule["location_value"]).partition(" ")[0]
    for value, expected in (
        ([OSLO.upper()], ["unknown", ""]),
        (["Bergen"], ["other_location", ""]),
        (["Narvik"], ["no_valid_row", "has a location that the source does not list"]),
        ([], ["no_valid_row", "has no location"]),
    ):
        directory.modify(leaver, {attribute: value})
        assert find_cause(directory, workspace, leaver, sources=[rule]) == expected
    # A rule that reads other entries is not evaluated.
    rule["location_value"] = "manager | of_entry('title')"
    assert find_cause(directory, workspace, leaver, sources=[rule]) == ["unknown", ""]


def test_unreadable_entries_appear_deleted(workspace: Workspace, ds_389: RunningDirectory) -> None:
    deny = '(targetattr="*")(version 3.0; acl "d"; deny (all) userdn="ldap:///all";)'
    with temporary_person(ds_389) as person:
        identity = ds_389.find_identity(person)
        assert find_cause(ds_389, workspace, identity) == ["unknown", ""]
        ds_389.modify(person, {"aci": [deny]})
        assert find_cause(ds_389, workspace, identity) == ["deleted", ""]


def test_hidden_and_unreadable_people_are_recognized_in_openldap(
    company: Company, ca: Authority, workspace: Workspace
) -> None:
    rule = "access to filter=(title=Secret) by * none"
    with (
        openldap(company, ca, extra_conf=f"{rule}\n", global_conf=EXCHANGE_SCHEMA) as directory,
        temporary_person(directory) as person,
    ):
        identity = directory.find_identity(person)
        with directory.session() as session:
            changes = {"objectClass": [(ldap3.MODIFY_ADD, ["labMailbox"])]}
            session.modify(directory.find_dn(person), changes)
        directory.modify(person, {"msExchHideFromAddressLists": ["FALSE"]})
        assert find_cause(directory, workspace, identity, skip_hidden=True) == ["unknown", ""]
        directory.modify(person, {"msExchHideFromAddressLists": ["TRUE"]})
        assert find_cause(directory, workspace, identity, skip_hidden=True) == ["hidden", ""]
        assert find_cause(directory, workspace, identity) == ["unknown", ""]
        cause = find_cause(
            directory, workspace, identity, skip_hidden=True, exclude_filter="(sn=*)"
        )
        assert cause == ["excluded", "O(exclude_filter)"]
        directory.modify(person, {"title": ["Secret"]})
        assert find_cause(directory, workspace, identity) == ["deleted", ""]


def test_the_contacts_of_several_people_are_looked_up_together(
    directory: RunningDirectory, workspace: Workspace, leaver: Person
) -> None:
    """The identities are sent in several batches, and every person keeps the own cause."""
    company = directory.company
    disabled = [str(person.identity) for person in company.people if person.disabled]
    present = [str(person.identity) for person in company.at(company.site("bergen"))]
    unknown = [str(uuid.uuid4()) for _number in range(200)]
    identities = [
        identity
        for three in zip(present * 4, unknown, disabled * 200, strict=False)
        for identity in three
    ]
    missing = [(identity, "bergen") for identity in dict.fromkeys([*identities, *unknown])]
    moved_person = (str(leaver_identity := directory.find_identity(leaver)), "bergen")
    missing += [moved_person, (str(leaver_identity), OSLO), ("not an identity", OSLO)]
    causes, warnings = run_lookup(workspace, export_options(directory, workspace), missing)
    assert warnings == []
    kinds = {contact: cause[0] for contact, cause in zip(missing, causes, strict=True)}
    assert kinds == {
        **{contact: "unknown" for contact in missing if contact[0] in present},
        **{contact: "deleted" for contact in missing if contact[0] in unknown},
        **{contact: "disabled" for contact in missing if contact[0] in disabled},
        moved_person: "moved",
        (str(leaver_identity), OSLO): "unknown",
        ("not an identity", OSLO): "unknown",
    }
    assert len(missing) > 200


def test_the_directory_is_queried_only_if_it_is_necessary(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    person = active_directory.company.canary_person
    contact = (str(person.identity), OSLO)
    options = export_options(active_directory, workspace, server_uri=["ldaps://127.0.0.1:1"])
    missing = [(contact[0], "closed"), (contact[0], ""), contact]
    causes, warnings = run_lookup(workspace, options, missing, [(*contact, "Mail: empty")])
    assert causes == [["not_configured", ""]] * 2 + [["no_valid_row", "Mail: empty"]]
    assert warnings == []
    causes, warnings = run_lookup(workspace, options, missing)
    assert causes == [["not_configured", ""]] * 2 + [["unknown", ""]]
    (warning,) = warnings
    assert warning.startswith(
        "Cannot find out why 1 contact is missing: Cannot connect to ldaps://127.0.0.1:1: "
    )


def test_an_unusable_group_leaves_the_causes_unknown(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    contact = (str(directory.company.canary_person.identity), OSLO)
    missing_group = f"CN=None,OU=Groups,{directory.base_dn}"
    source = oslo_source(directory, member_of=missing_group)
    options = export_options(directory, workspace, sources=[source])
    causes, (warning,) = run_lookup(workspace, options, [contact])
    assert causes == [["unknown", ""]]
    assert warning.startswith(
        f"Cannot find out why 1 contact is missing: Cannot read the group {missing_group} on "
    )
