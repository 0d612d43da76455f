# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of queries: checks of search bases and filters, attributes in filters, and the creation of filters."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.dn import (
    escape_dn_value,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    CONTACT,
    USER,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.filter_syntax import (
    find_attributes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import (
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

REMEDY = "Write it as in OU=Sales,DC=corp,DC=example, and escape commas within names as \\,."


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
def test_valid_distinguished_names_are_accepted(search_base: str) -> None:
    check_query(Query(search_base=search_base, scope="subtree", filter=""), "source 1")


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
def test_invalid_distinguished_names_are_rejected(search_base: str) -> None:
    with pytest.raises(InputError) as caught:
        check_query(Query(search_base=search_base, scope="subtree", filter=""), "source 2")
    assert str(caught.value) == (
        f"Cannot use search_base {search_base!r} of source 2: "
        f"it is not a valid distinguished name. {REMEDY}"
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_an_ou_whose_name_contains_special_characters_can_be_the_search_base(name: str) -> None:
    check_query(
        Query(search_base=f"OU={escape_dn_value(name)},DC=x", scope="subtree", filter=""),
        "source 1",
    )


@given(st.text(st.sampled_from('OU=a\\,+# "')))
def test_checking_any_search_base_raises_no_error_except_an_input_error(search_base: str) -> None:
    try:
        check_query(Query(search_base=search_base, scope="subtree", filter=""), "source 1")
    except InputError:
        return
    assert "=" in search_base


@pytest.mark.parametrize("search_base", ["", " "])
def test_an_empty_search_base_is_rejected(search_base: str) -> None:
    with pytest.raises(InputError) as caught:
        check_query(Query(search_base=search_base, scope="subtree", filter=""), "source 1")
    assert str(caught.value) == (
        "Cannot search source 1: its search_base is empty. Set it to the DN of an OU."
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
        "(accountExpires<=9)",
        "(cn=*a*)",
        "(cn=*a)",
        "(cn=)",
        "(cn;lang-de=a)",
        "(2.5.4.3=a=b)",
        "(cn:dn:2.5.13.2:=a\\2a)",
        "(cn:caseExactMatch:=a)",
        "(cn:DN:=a)",
        "(:dn:2.5.13.2:=a)",
        "(:2.5.13.2:=a)",
        "(title=Guide \\28lead\\29)",
        "(memberOf=CN=Lunde\\5c, Per,DC=x)",
        "(objectGUID=\\00\\ff)",
        # Whitespace between the parts is ignored, including the line breaks of a YAML block scalar.
        "\n( & ( mail = a ) (! (accountExpires >= 1))\n\t(cn :dn:2.5.13.2 := b ) )\n",
        people_filter(is_active_directory=True, now=datetime(2026, 1, 1, tzinfo=timezone.utc)),
        people_filter(is_active_directory=False, now=datetime(2026, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_valid_filters_are_accepted(search_filter: str) -> None:
    check_filter(search_filter, "source 1")
    check_query(Query(search_base="DC=x", scope="base", filter=search_filter), "source 1")


def _check_query_with(search_filter: str, context: str) -> None:
    check_query(Query(search_base="DC=x", scope="base", filter=search_filter), context)


ENCLOSE = "Enclose every condition in parentheses, as in (&(objectClass=user)(mail=*))."
ESCAPE = "Write the characters ( ) * \\ within a value as \\28 \\29 \\2a \\5c"
ASTERISK = "Write a single asterisk without spaces, as in (mail=*) or (cn=A*), and an asterisk in a value as \\2a."
REMOVE = "Remove it, or write it as \\29 if it is part of a value."
NOT = "Put a single condition after each !, as in (!(|(a=1)(b=2)))."
NO_CONDITION = "a condition such as (mail=*) is missing"


@pytest.mark.parametrize(
    ("search_filter", "cause", "remedy"),
    [
        (" ", "an opening parenthesis is missing at character 2", ENCLOSE),
        ("mail=*", "an opening parenthesis is missing at character 1", ENCLOSE),
        ("(mail=*", "a closing parenthesis is missing at character 8", ENCLOSE),
        ("(&(a=b)", "a closing parenthesis is missing at character 8", ENCLOSE),
        ("(&)", "a condition is missing after & at character 3", ENCLOSE),
        ("(&(a=b)c=d)", "a closing parenthesis is missing at character 8", ENCLOSE),
        ("(a=b)(c=d)", "a second filter begins at character 6", ENCLOSE),
        ("()", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(a)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(=a)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(ø=a)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(a b=c)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(\N{KELVIN SIGN}=a)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(a:b=c)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(:=c)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(:dn:=c)", f"{NO_CONDITION} at character 2", ENCLOSE),
        ("(&(a=b)(!(c=d)(|(e=f)(g=h))))", "a second condition follows ! at character 15", NOT),
        ("(!(c=d)(e=f))", "a second condition follows ! at character 8", NOT),
        ("(!(&(c=d))(e=f))", "a second condition follows ! at character 11", NOT),
        ("(mail= *)", "an asterisk has no text next to it at character 8", ASTERISK),
        ("(&(a=b)(mail = *))", "an asterisk has no text next to it at character 16", ASTERISK),
        ("(mail=**)", "an asterisk has no text next to it at character 7", ASTERISK),
        ("(mail=a**b)", "an asterisk has no text next to it at character 8", ASTERISK),
        ("(a>=*)", "the value after >= contains an asterisk at character 5", f"{ESCAPE}."),
        ("(a~=b*)", "the value after ~= contains an asterisk at character 5", f"{ESCAPE}."),
        ("(a:=b*)", "the value after := contains an asterisk at character 5", f"{ESCAPE}."),
        (
            "(title=Guide (lead))",
            "a condition contains a parenthesis at character 14",
            f"{ESCAPE}.",
        ),
        ("(title=Guide) lead)", "text follows the filter at character 15", f"{ESCAPE}."),
        ("(a=b))(|(mail=*)", "an unmatched closing parenthesis occurs at character 6", REMOVE),
        (
            *(
                "(memberOf=CN=All (Oslo),DC=x)",
                "a condition contains a parenthesis at character 18",
            ),
            f"{ESCAPE}, or select the members of a group with member_of.",
        ),
        (
            *(
                "(memberof=CN=L\\, P,DC=x)",
                "a backslash is not part of an escape sequence at character 15",
            ),
            f"{ESCAPE}, or select the members of a group with member_of.",
        ),
        (
            "(a=CORP\\jon)",
            "a backslash is not part of an escape sequence at character 8",
            f"{ESCAPE}.",
        ),
        ("(a=b\\2)", "a backslash is not part of an escape sequence at character 5", f"{ESCAPE}."),
        ("(a=b\\)", "a backslash is not part of an escape sequence at character 5", f"{ESCAPE}."),
        ("(a=b\0)", "a value contains a null character at character 5", "Write it as \\00."),
        (
            "(a=\ud800)",
            "a value contains an unpaired surrogate at character 4",
            "Correct the character.",
        ),
    ],
)
def test_invalid_filters_are_rejected_with_the_position(
    search_filter: str, cause: str, remedy: str
) -> None:
    for check in (check_filter, _check_query_with):
        with pytest.raises(InputError) as caught:
            check(search_filter, "source 3")
        assert str(caught.value) == (
            f"Cannot use the filter {search_filter!r} of source 3: it is not a valid filter as defined in RFC 4515 "
            f"({cause}). {remedy}"
        )


@pytest.mark.parametrize("levels", [49, 50, 5_000])
def test_the_nesting_of_a_filter_is_limited(levels: int) -> None:
    search_filter = "(!" * levels + "(a=b)" + ")" * levels
    if levels < 50:
        check_filter(search_filter, "source 1")
        return
    with pytest.raises(
        InputError, match="conditions are nested more than 50 levels deep at character 101"
    ):
        check_filter(search_filter, "source 1")


def test_a_filter_that_ldap3_would_send_differently_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Simulate an unknown bug in ldap3, because the check must not depend on a list of known bugs.
    parse: Any = ldap3.operation.search.parse_filter

    def parse_first_condition(text: str, *arguments: Any) -> Any:
        return parse(text[2 : text.index(")") + 1], *arguments)

    monkeypatch.setattr(ldap3.operation.search, "parse_filter", parse_first_condition)
    with pytest.raises(InputError) as caught:
        check_filter("(|(a=b)(c=d))", "source 1")
    assert str(caught.value) == (
        "Cannot use the filter '(|(a=b)(c=d))' of source 1: ldap3 would send '(a=b)' instead. Write it in another form."
    )


def test_a_filter_that_only_ldap3_rejects_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ldap3.core.exceptions.LDAPInvalidFilterError("malformed filter")

    monkeypatch.setattr(ldap3.operation.search, "parse_filter", fail)
    with pytest.raises(InputError) as caught:
        check_filter("(a=b)", "source 1")
    assert str(caught.value) == (
        "Cannot use the filter '(a=b)' of source 1: ldap3 rejects it (malformed filter). Write it in another form."
    )


@given(st.text(st.sampled_from("()&|!=*a\\2:<>~ ø\0")))
def test_checking_any_filter_raises_no_error_except_an_input_error(search_filter: str) -> None:
    with suppress(InputError):
        check_filter(search_filter, "source 1")


@pytest.mark.parametrize(
    ("search_filter", "attributes"),
    [
        ("(mail=*)", ["mail"]),
        ("( & (CN = a\\28b=c)(!(sn;lang-el=d)) )", ["cn", "sn;lang-el"]),
        ("(|(a~=b)(c>=d)(e<=f)(2.5.4.3=g*h))", ["2.5.4.3", "a", "c", "e"]),
        ("(|(ou:dn:=x)(cn:caseExactMatch:=x)(:caseExactMatch:=y))", ["cn", "ou"]),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", ["useraccountcontrol"]),
    ],
)
def test_the_attributes_of_a_filter_are_found(search_filter: str, attributes: list[str]) -> None:
    assert find_attributes(search_filter) == attributes


# A FILETIME is a number of 100 ns intervals since 1601. 11,644,473,600 seconds passed between 1601 and 1970.
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
def test_the_default_filter_for_active_directory_excludes_disabled_and_expired_users(
    now: datetime, filetime: int
) -> None:
    assert people_filter(is_active_directory=True, now=now) == (
        "(&(objectCategory=person)(objectClass=user)"
        "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
        f"(|(!(accountExpires=*))(accountExpires=0)(accountExpires>={filetime})))"
    )


def test_the_default_filter_for_other_servers_matches_inetorgperson_entries() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert people_filter(is_active_directory=False, now=now) == "(objectClass=inetOrgPerson)"


def test_only_the_default_filter_for_active_directory_depends_on_the_object_types() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    contacts = "(&(objectCategory=person)(objectClass=contact))"
    users = people_filter(is_active_directory=True, now=now)
    assert people_filter(True, now, [CONTACT]) == contacts
    assert people_filter(True, now, [USER, CONTACT]) == f"(|{users}{contacts})"
    assert people_filter(False, now, [CONTACT]) == "(objectClass=inetOrgPerson)"


def test_filters_are_combined() -> None:
    assert filter_and(["(a=b)"]) == filter_or(["(a=b)"]) == "(a=b)"
    assert filter_and(["(a=b)", "(c=d)"]) == "(&(a=b)(c=d))"
    assert filter_or(["(a=b)", "(c=d)"]) == "(|(a=b)(c=d))"


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("CN=Lunde\\, Per,DC=x", "CN=Lunde\\5c, Per,DC=x"),
        ("a*(b)\0", "a\\2a\\28b\\29\\00"),
        ("Tromsø", "Tromsø"),
        ("\\2a", "\\5c2a"),
    ],
)
def test_special_characters_of_a_value_are_escaped_in_filters(value: str, escaped: str) -> None:
    assert filter_equals("a", value) == f"(a={escaped})"
    check_filter(filter_equals("a", value), "source 1")
