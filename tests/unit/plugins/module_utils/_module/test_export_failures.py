# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of exports that fail: a source fails or returns too few contacts, or people have no valid row."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import (
    EntryPage,
    FakeDirectory,
    person,
    run_export,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import write_to_memory
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import parse_roster


def test_the_error_names_the_source_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = DirectoryError("Cannot search OU=B on ldaps://dc1", "it is busy", "Wait")
    FakeDirectory(monkeypatch, A=[person(1)], B=failure)
    with pytest.raises(DirectoryError) as caught:
        run_export(export_params(source("OU=A", location="a"), source("OU=B", location="b")))
    assert str(caught.value) == (
        "source 2 (location 'b'): Cannot search OU=B on ldaps://dc1: it is busy. Wait."
    )


CORRECT_ROWS = "Correct columns or the entries in the directory, or reduce minimum."
CHECK_SEARCH = "Check the search base, the filter and the permissions of the bind account, or"


@pytest.mark.parametrize(
    ("people", "minimum", "message"),
    [
        (
            [],
            1,
            f"0, but minimum is 1; people found: 0. {CHECK_SEARCH} set minimum: 0 if an empty source is correct.",
        ),
        ([person(1)], 2, f"1, but minimum is 2; people found: 1. {CHECK_SEARCH} reduce minimum."),
        (
            [person(1), person(2, last_name=""), person(3, last_name="")],
            2,
            f"1, but minimum is 2; people found: 3; without a valid row: Last Name is empty: 2. {CORRECT_ROWS}",
        ),
        # The duplicate email address of the second person is removed. Without an email address, the row is invalid.
        (
            [person(1, mail="same@x"), person(2, mail="same@x")],
            2,
            (
                "1, but minimum is 2; people found: 2; without a valid row: Email: another person at this location has"
                f" the same value: 1. {CORRECT_ROWS}"
            ),
        ),
        ([person(1)], 1, None),
        ([], 0, None),
    ],
)
def test_a_source_must_return_its_minimum_number_of_contacts(
    monkeypatch: pytest.MonkeyPatch, people: EntryPage, minimum: int, message: str | None
) -> None:
    FakeDirectory(monkeypatch, A=people)
    params = export_params(source("OU=A", minimum=minimum))
    if message is None:
        run_export(params)
        return
    with pytest.raises(FrontdeskError) as caught:
        run_export(params)
    assert (
        str(caught.value)
        == f"Cannot export source 1 from ldaps://dc1: too few contacts in OU=A: {message}"
    )


def test_on_invalid_fail_reports_people_without_a_valid_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [
        person(1),
        *(person(number, last_name="") for number in (2, 3)),
        person(4, last_name="=x"),
    ]
    FakeDirectory(monkeypatch, A=people)
    params = export_params(source("OU=A"), on_invalid="fail")
    with pytest.raises(FrontdeskError) as caught:
        run_export(params)
    assert str(caught.value) == (
        "Stopped because 3 people have no valid row: Last Name is empty: 2; Last Name could be "
        "interpreted as a spreadsheet formula: 1. Correct their entries in the directory, or set on_invalid: skip."
    )
    FakeDirectory(monkeypatch, A=people[:1])
    run_export(params)


def test_max_contested_limits_the_number_of_people_who_newly_lose_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = [person(3, "b@x", mobile="+4722123456"), person(4, "c@x", mobile="+4722123456")]
    attackers = [person(0, "b@x", mobile="+4722123456"), person(1, "c@x"), person(2, "b@x")]
    sources = [source("OU=A", location="oslo"), source("OU=B", location="bergen")]
    FakeDirectory(monkeypatch, A=shared, B=[person(9)])
    made = write_to_memory(run_export(export_params(*sources)).roster)
    baseline = parse_roster(made.csv, made.ids)
    FakeDirectory(monkeypatch, A=[*shared, *attackers], B=[person(9, "z@x"), person(8, "z@x")])
    for maximum in (None, 4):
        run_export(export_params(*sources, max_contested=maximum), baseline=baseline)
    with pytest.raises(DirectoryError) as caught:
        run_export(export_params(*sources, max_contested=3), baseline=baseline)
    message = str(caught.value)
    assert message.startswith(
        "Stopped because 4 people newly lose a value of a unique column to another person, but max_contested allows"
        " only 3: in the unique column 'Email' at bergen, 1 person has the same value"
    )
    assert "; in the unique column 'Email' at oslo, 3 people have the same value" in message
    assert "; in the unique column 'SMS Phone' at oslo, 1 person has the same value" in message
    assert message.endswith(", or set max_contested to 4 or more.")
    # The shared phone number was already contested.
    FakeDirectory(monkeypatch, A=shared, B=[person(9)])
    run_export(export_params(*sources, max_contested=0), baseline=baseline)


def test_max_contested_names_at_most_five_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    locations = "abcdefg"
    FakeDirectory(monkeypatch, **{each: [person(1, "a@x"), person(2, "a@x")] for each in locations})
    sources = [source(f"OU={each}", location=each) for each in locations]
    with pytest.raises(
        DirectoryError, match="; 2 more columns, counted at each location"
    ) as caught:
        run_export(export_params(*sources, max_contested=0))
    # Both people are counted once.
    assert "1 person newly loses a value" in str(caught.value)
    assert str(caught.value).count("in the unique column") == 5


def _invalid(*numbers: int) -> EntryPage:
    return [person(number, last_name="") for number in numbers]


@pytest.mark.parametrize("people", [1, 2])
def test_one_or_two_people_without_a_valid_row_do_not_stop_the_export(
    monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    FakeDirectory(monkeypatch, A=[person(9)], B=_invalid(*range(people)))
    sources = source("OU=A", location="a"), source("OU=B", location="b")
    export = run_export(export_params(*sources))
    assert export.warnings[0] == (
        "source 2 (location 'b') has no contacts, because none of its people has a valid row"
        f" (Last Name is empty: {people}). Correct their entries in the directory."
    )


@pytest.mark.parametrize(
    ("people", "minimum", "remedy"),
    [
        ([person(1)], 2, "Read the people of each domain from a server of that domain"),
        # Enough people were found, so the members in other domains are not the cause.
        ([person(1), person(2, last_name="")], 2, "Correct columns"),
    ],
)
def test_members_in_other_domains_explain_why_people_are_missing(
    monkeypatch: pytest.MonkeyPatch, people: EntryPage, minimum: int, remedy: str
) -> None:
    directory = FakeDirectory(monkeypatch)
    directory.foreign_members, directory.people = 3, {"G,DC=x": people}
    params = export_params(source(None, member_of="CN=G,DC=x", minimum=minimum))
    with pytest.raises(DirectoryError) as caught:
        run_export(params)
    assert remedy in str(caught.value)
    assert ("3 members of the group CN=G,DC=x" in str(caught.value)) == ("domain" in remedy)


def test_a_global_catalog_explains_why_attributes_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1, mail="=1", last_name="")] * 3)
    directory.is_global_catalog = True
    with pytest.raises(DirectoryError) as caught:
        run_export(export_params(source("OU=A")))
    assert "the port of ldaps://dc1 is that of a global catalog" in caught.value.cause
    assert caught.value.remedy.startswith("Remove the port")


@pytest.mark.parametrize(("people", "minimum"), [(3, 1), (2, 2), (1, 2)])
def test_three_people_without_a_valid_row_or_a_higher_minimum_stop_the_export(
    monkeypatch: pytest.MonkeyPatch, people: int, minimum: int
) -> None:
    FakeDirectory(monkeypatch, A=[person(9)], B=_invalid(*range(people)))
    other = source("OU=B", location="b", minimum=minimum)
    with pytest.raises(DirectoryError) as caught:
        run_export(export_params(source("OU=A", location="a"), other))
    assert f"too few contacts in OU=B: 0, but minimum is {minimum}" in str(caught.value)


def test_a_roster_without_contacts_is_an_error_if_people_were_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeDirectory(monkeypatch, A=_invalid(1), B=_invalid(2, 3), C=[])
    sources = [source(f"OU={name}", location=name.lower()) for name in "AB"]
    with pytest.raises(DirectoryError) as caught:
        run_export(export_params(*sources, source("OU=C", location="c", minimum=0)))
    assert str(caught.value) == (
        "Cannot export source 1 (location 'a') from ldaps://dc1: too few contacts in OU=A: 0, but minimum is 1;"
        " people found: 1; without a valid row: Last Name is empty: 1; no entry has the attribute sn, which the"
        " column Last Name uses: it is not set, or the bind account is not allowed to read it. Give the account"
        " permission to read it, or use another attribute."
    )


def test_an_expression_that_fails_for_everyone_stops_the_export(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeDirectory(monkeypatch, A=[person(number) for number in range(3)])
    column = {"header": "A", "value": "all.mail if mail > 'b' else ''"}
    params = export_params(source("OU=A", location="a"))
    with pytest.raises(FrontdeskError) as caught:
        run_export({**params, "columns": [column, {"header": "L", "value": "location"}]})
    assert ": the result is a list: use first, last or join. Correct" in str(caught.value)
