# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bases and filters checked before anything is sent, and who counts as a person."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_sources import (
    escape_dn_value,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import (
    CONTACT,
    USER,
    Query,
    check_filter,
    check_query,
    filter_and,
    filter_equals,
    filter_or,
    people_filter,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from hypothesis import given
from hypothesis import strategies as st

WRITE = "Write it as in OU=Sales,DC=corp,DC=example, and a comma within a name as \\,."


@pytest.mark.parametrize(
    "search_base",
    [
        "OU=Sales,DC=corp,DC=example",
        "ou=sales, dc=corp , dc=example",
        " OU = Sales ",
        "OU=Bergen\\, Sales and Harbour,DC=x",
        'CN=James \\"Jim\\" Smith\\, III,DC=x',
        "CN=Before\\0dAfter,DC=x",
        "CN=Lu\\C4\\8Di\\C4\\87",
        "CN=\\ x\\ ,DC=x",
        "OU=\\#1,DC=x",
        "OU=Floor #3,DC=x",
        "OU=R=D,DC=x",
        "OU=\\ ",
        "OU=a\\+b\\;c\\<d\\>e\\\\f,DC=x",
        "1.3.6.1.4.1.1466.0=#04024869",
        "CN=A+SN=B,DC=x",
        "OU=Tromsø,DC=x",
        "OU=a b  c,DC=x",
        "x-y1=z",
    ],
)
def test_a_distinguished_name_passes(search_base: str) -> None:
    check_query(Query(search_base, "subtree", ""), "source 1")


@pytest.mark.parametrize(
    "search_base",
    [
        "Sales",
        "OU",
        "OU=",
        "=Sales",
        "OU=Sales,",
        ",OU=Sales",
        "OU=Sales,,DC=x",
        "OU=Bergen, Sales,DC=x",
        "OU=a;OU=b",
        'OU="a"',
        "OU=a<b",
        "OU=a>b",
        "OU=a\\",
        "OU=a\\g",
        "OU=\\4",
        "OU=#0",
        "OU=#zz",
        "OU=\0",
        "1.=a",
        "O U=a",
        "-x=a",
        "ldap:///DC=x",
    ],
)
def test_what_is_no_distinguished_name_is_refused(search_base: str) -> None:
    with pytest.raises(InputError) as caught:
        check_query(Query(search_base, "subtree", ""), "source 2")
    assert str(caught.value) == (
        f"Cannot use search_base {search_base!r} of source 2: "
        f"it is not a distinguished name. {WRITE}"
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_name_can_stand_in_a_base(name: str) -> None:
    check_query(Query(f"OU={escape_dn_value(name)},DC=x", "subtree", ""), "source 1")


@given(st.text(st.sampled_from('OU=a\\,+# "')))
def test_any_text_passes_or_is_refused(search_base: str) -> None:
    try:
        check_query(Query(search_base, "subtree", ""), "source 1")
    except InputError:
        return
    assert "=" in search_base


@pytest.mark.parametrize("search_base", ["", " "])
def test_an_empty_base_is_refused(search_base: str) -> None:
    with pytest.raises(InputError) as caught:
        check_query(Query(search_base, "subtree", ""), "source 1")
    assert str(caught.value) == (
        "Cannot search source 1: its search_base is empty. Give the DN of an OU."
    )


@pytest.mark.parametrize(
    "search_filter",
    [
        "(mail=*)",
        "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
        "(|(l=Troms\\c3\\b8)(l=Tromsø))",
        "(cn=a*b*c)",
        "(accountExpires>=0)",
        "(givenName~=Jon)",
        people_filter(is_active_directory=True, now=datetime(2026, 1, 1, tzinfo=timezone.utc)),
        people_filter(is_active_directory=False, now=datetime(2026, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_a_filter_passes(search_filter: str) -> None:
    check_filter(search_filter, "source 1")
    check_query(Query("DC=x", "base", search_filter), "source 1")


def _check_whole_query(search_filter: str, name: str) -> None:
    check_query(Query("DC=x", "base", search_filter), name)


@pytest.mark.parametrize("search_filter", ["mail=*", "(mail=*", "(&(a=b)", "()", "(a)", "x"])
def test_what_is_no_filter_is_refused(search_filter: str) -> None:
    for check in (check_filter, _check_whole_query):
        with pytest.raises(InputError) as caught:
            check(search_filter, "source 3")
        text = str(caught.value)
        assert text.startswith(
            f"Cannot use the filter {search_filter!r} of source 3: it is not a filter as in RFC 4515 ("
        )
        assert text.endswith(
            ". Put every condition in parentheses, as in (&(objectClass=user)(mail=*))."
        )


@given(st.text(st.sampled_from("()&|!=*a\\2:<>~ ø\0")))
def test_any_filter_passes_or_is_refused(search_filter: str) -> None:
    with suppress(InputError):
        check_filter(search_filter, "source 1")


# 0x01D0_... values by the definition: seconds from 1601 to 1970 are 11,644,473,600.
@pytest.mark.parametrize(
    ("now", "filetime"),
    [
        (datetime(1601, 1, 1, tzinfo=timezone.utc), 0),
        (datetime(1970, 1, 1, tzinfo=timezone.utc), 116_444_736_000_000_000),
        (datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=timezone.utc), 134_168_400_000_000_000),
        (
            datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            116_444_736_000_000_000,
        ),
    ],
)
def test_people_of_active_directory_are_enabled_and_not_expired(
    now: datetime, filetime: int
) -> None:
    assert people_filter(is_active_directory=True, now=now) == (
        "(&(objectCategory=person)(objectClass=user)"
        "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
        f"(|(!(accountExpires=*))(accountExpires=0)(accountExpires>={filetime})))"
    )


def test_people_elsewhere_are_all_of_them() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert people_filter(is_active_directory=False, now=now) == "(objectClass=inetOrgPerson)"


def test_kinds_of_people_in_active_directory() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    contacts = "(&(objectCategory=person)(objectClass=contact))"
    users = people_filter(is_active_directory=True, now=now)
    assert people_filter(True, now, [CONTACT]) == contacts
    assert people_filter(True, now, [USER, CONTACT]) == f"(|{users}{contacts})"
    assert people_filter(False, now, [CONTACT]) == "(objectClass=inetOrgPerson)"


def test_filters_are_put_together() -> None:
    assert filter_and(["(a=b)"]) == filter_or(["(a=b)"]) == "(a=b)"
    assert filter_and(["(a=b)", "(c=d)"]) == "(&(a=b)(c=d))"
    assert filter_or(["(a=b)", "(c=d)"]) == "(|(a=b)(c=d))"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("CN=Lunde\\, Per,DC=x", "CN=Lunde\\5c, Per,DC=x"),
        ("a*(b)\0", "a\\2a\\28b\\29\\00"),
        ("Tromsø", "Tromsø"),
        ("\\2a", "\\5c2a"),
    ],
)
def test_any_value_can_stand_in_a_filter(value: str, written: str) -> None:
    assert filter_equals("a", value) == f"(a={written})"
    check_filter(filter_equals("a", value), "source 1")
