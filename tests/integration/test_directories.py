# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same people give the same bytes, from whichever directory and by every way in."""

from __future__ import annotations

import csv
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import CHECK, export_options, sources
from tests.integration.support.place import Place, mode_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.modules import Answer
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library


def exported(directory: RunningDirectory, place: Place, **more: Any) -> Answer:
    answer = run_module(place, "ad_contacts_export", export_options(directory, place, **more))
    assert not answer.failed, answer.result
    assert not answer.warnings
    assert directory.bind_pw not in answer.output
    return answer


@pytest.fixture(scope="module")
def expected(
    active_directory: RunningDirectory, collections: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, bytes]:
    """The roster of Active Directory, and its identities."""
    place = Place.make(tmp_path_factory.mktemp("expected") / "place", collections)
    exported(active_directory, place)
    return contents(place)


def contents(place: Place) -> tuple[bytes, bytes]:
    return place.dest.read_bytes(), identities_file(place).read_bytes()


def identities_file(place: Place) -> Path:
    return place.dest.with_name("contacts.csv.ids")


def test_roster_holds_the_active_people_of_each_site(
    expected: tuple[bytes, bytes], fjord: Company
) -> None:
    roster, identities = expected
    header, *rows = list(csv.reader(roster.decode("utf-8").splitlines()))
    head, *lines = [json.loads(line) for line in identities.splitlines()]
    who = {str(person.identity): person for person in fjord.people}
    assert header == ["First Name", "Last Name", "Email", "SMS Phone", "Location"]
    assert head["rows"] == len(rows)
    without_mobile = {
        str(fjord.people_sharing_mobile[0].identity),
        str(fjord.people_sharing_mobile[1].identity),
    }
    for row, identity in zip(rows, lines, strict=False):
        person = who[identity]
        assert row[:3] == [person.given_name, person.last_name, person.mail]
        assert row[3] == person.mobile or identity in without_mobile
        assert row[4] == next(site.location for site in fjord.sites if site.ou == person.ou[0])
    listed = set(lines[: len(rows)])
    active = {str(person.identity) for site in fjord.sites for person in fjord.at(site)}
    assert listed == active - {str(fjord.unreachable.identity)}
    assert len(lines[: len(rows)]) == len(listed)
    assert lines[len(rows) :] == [
        {
            "identity": str(fjord.unreachable.identity),
            "location": "tromso",
            "cause": "Email and SMS Phone are both empty",
        }
    ]


def test_form_of_the_roster(expected: tuple[bytes, bytes]) -> None:
    roster, _identities = expected
    assert roster.startswith(b"First Name,Last Name,Email,SMS Phone,Location\r\n")
    assert roster.count(b"\n") == roster.count(b"\r\n")
    assert "李".encode() in roster
    rows = list(csv.reader(roster.decode("utf-8").splitlines()))[1:]
    assert rows == sorted(rows, key=lambda row: (row[4], row))


@pytest.mark.parametrize("name", ["open_ldap", "ds_389"])
def test_other_directories_give_the_same_bytes(
    request: pytest.FixtureRequest, expected: tuple[bytes, bytes], name: str, place: Place
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    answer = exported(directory, place)
    assert contents(place) == expected
    assert answer["server"] == directory.uri_ldaps


@pytest.mark.parametrize("page_size", [1, 7, 1000])
def test_page_size_makes_no_difference(
    expected: tuple[bytes, bytes], open_ldap: RunningDirectory, place: Place, page_size: int
) -> None:
    exported(open_ldap, place, page_size=page_size)
    assert contents(place) == expected


def test_order_of_sources_makes_no_difference(
    expected: tuple[bytes, bytes], active_directory: RunningDirectory, place: Place
) -> None:
    mixed = sources(active_directory)
    random.Random(7).shuffle(mixed)
    exported(active_directory, place, sources=[*mixed, mixed[1]])
    assert contents(place) == expected


@pytest.mark.parametrize("name", ["bind_upn", "bind_down_level"])
def test_names_of_the_bind_account(
    expected: tuple[bytes, bytes], active_directory: RunningDirectory, place: Place, name: str
) -> None:
    exported(active_directory, place, bind_dn=getattr(active_directory, name))
    assert contents(place) == expected


@pytest.mark.parametrize("name", ["active_directory", "open_ldap", "ds_389"])
def test_start_tls(
    request: pytest.FixtureRequest, expected: tuple[bytes, bytes], name: str, place: Place
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    exported(directory, place, server_uri=[directory.uri_ldap], start_tls=True)
    assert contents(place) == expected


def test_next_server_when_the_first_is_down(
    expected: tuple[bytes, bytes], open_ldap: RunningDirectory, place: Place
) -> None:
    uris = ["ldaps://localhost:1", open_ldap.uri_ldaps]
    options = export_options(open_ldap, place, server_uri=uris)
    answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == open_ldap.uri_ldaps
    (warning,) = answer.warnings
    assert warning.startswith("Failed over from ldaps://localhost:1 to the next server. ")
    assert contents(place) == expected


def test_secrets_from_the_environment(
    expected: tuple[bytes, bytes], open_ldap: RunningDirectory, place: Place
) -> None:
    options = export_options(open_ldap, place, bind_dn=None, bind_pw=None)
    names = {"FRONTDESK_BIND_DN": open_ldap.bind_dn, "FRONTDESK_BIND_PW": open_ldap.bind_pw}
    assert not run_module(place, "ad_contacts_export", options, env=names).failed
    assert contents(place) == expected


def test_empty_environment_counts_as_none(open_ldap: RunningDirectory, place: Place) -> None:
    options = export_options(open_ldap, place, bind_pw=None)
    answer = run_module(place, "ad_contacts_export", options, env={"FRONTDESK_BIND_PW": ""})
    assert answer.message.startswith("Cannot bind: bind_pw is empty. ")


def test_person_at_two_locations(
    active_directory: RunningDirectory, fjord: Company, place: Place
) -> None:
    again = {
        "location": "tromso",
        "search_base": fjord.site_dn(fjord.site("oslo-hq")),
        "filter": fjord.two_site_filter,
    }
    answer = exported(active_directory, place, sources=[*sources(active_directory), again])
    rows = [
        row for row in csv.reader(place.dest.read_text("utf-8").splitlines()) if "Tidemand" in row
    ]
    mail = fjord.two_site_person.mail
    assert {(row[2], row[4]) for row in rows} == {(mail, "oslo-hq"), (mail, "tromso")}
    lines = identities_file(place).read_text("utf-8").splitlines()
    assert lines.count(json.dumps(str(fjord.two_site_person.identity))) == 2
    assert answer["counts"]["by_location"]["oslo-hq"] == len(fjord.at(fjord.site("oslo-hq")))


def test_mobile_that_two_share(
    active_directory: RunningDirectory, fjord: Company, place: Place
) -> None:
    """Whose identity is smaller keeps it; the other's cell is emptied, and that is told."""
    answer = exported(active_directory, place)
    keeps, loses = sorted(str(person.identity) for person in fjord.people_sharing_mobile)
    same_value = "another person at this location has the same value"
    emptied = {"identity": loses, "location": "bergen", "column": "SMS Phone", "cause": same_value}
    assert answer["emptied"] == [emptied]
    roster = place.dest.read_text("utf-8")
    assert roster.count(fjord.people_sharing_mobile[0].mobile) == 1
    keeper = next(person for person in fjord.people_sharing_mobile if str(person.identity) == keeps)
    assert f"{keeper.mail},{keeper.mobile}," in roster


def test_modes_and_second_run(open_ldap: RunningDirectory, place: Place) -> None:
    assert exported(open_ldap, place)["changed"]
    for path in (place.dest, identities_file(place)):
        assert mode_of(path) == 0o600
    place.dest.chmod(0o644)
    assert exported(open_ldap, place, **CHECK)["changed"]
    assert mode_of(place.dest) == 0o644
    assert exported(open_ldap, place)["changed"]
    assert mode_of(place.dest) == 0o600
    assert not exported(open_ldap, place)["changed"]
    assert exported(open_ldap, place, mode="0640")["changed"]
    assert mode_of(identities_file(place)) == 0o640


def test_backup(open_ldap: RunningDirectory, place: Place) -> None:
    place.dest.write_text("the old roster", encoding="utf-8")
    place.dest.chmod(0o600)
    backup = place.root / exported(open_ldap, place, backup=True)["backup_file"]
    assert backup.read_text("utf-8") == "the old roster"
    assert mode_of(backup) == 0o600


def test_check_mode_stages_the_roster_in_private(
    expected: tuple[bytes, bytes], open_ldap: RunningDirectory, place: Place
) -> None:
    answer = exported(open_ldap, place, **CHECK)
    staged = place.temporary / answer["staging_dir"]
    assert answer["changed"]
    assert mode_of(staged) == 0o700
    assert {path.name: mode_of(path) for path in staged.iterdir()} == {
        "contacts.csv": 0o600,
        "contacts.csv.ids": 0o600,
    }
    assert (staged / "contacts.csv").read_bytes() == expected[0]
    assert answer["roster"] == str(staged / "contacts.csv")
    assert not place.dest.exists()


@pytest.mark.parametrize("more", [CHECK, {}], ids=["check mode", "real run"])
def test_owner_that_is_not_there(
    more: dict[str, Any], open_ldap: RunningDirectory, place: Place
) -> None:
    options = export_options(open_ldap, place, owner="no-such-user", **more)
    before = place.files()
    answer = run_module(place, "ad_contacts_export", options)
    assert answer.message == "chown failed: failed to look up user no-such-user"
    assert place.files() == before
