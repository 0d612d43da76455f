# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that searches with both page readers return all pages or raise an error."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    search as search_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    UNUSABLE_VALUE,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.page_readers import (
    PageReader,
    read_pages_fast,
    read_pages_with_ldap3,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.search import search
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import session_with
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    Message,
    ber,
    entry,
    page_end,
    reference,
    result,
)

QUERY = Query(search_base="OU=Staff,DC=x", scope="subtree", filter="(objectClass=user)")
IDS = [uuid.UUID(int=number) for number in range(4)]


def _person(number: int, **attributes: list[bytes]) -> Message:
    return entry(f"CN={number},DC=x", {"entryUUID": [str(IDS[number]).encode()], **attributes})


class _Pages:
    """A server that returns no entry for the first search (of the root DSE), and a page for each further search."""

    def __init__(self, *pages: Sequence[Message] | None) -> None:
        self.pages: list[Sequence[Message] | None] = [[result(SEARCH)], *pages]
        self.searches: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH:
            return None
        self.searches.append(content)
        return self.pages.pop(0)


@pytest.fixture(
    autouse=True, params=[read_pages_fast, read_pages_with_ldap3], ids=["fast", "ldap3"]
)
def _reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with both readers."""
    reader: PageReader = request.param
    monkeypatch.setattr(search_module, "choose_reader", lambda _connection: reader)


def _read_all(pages: Iterable[list[Entry]]) -> list[Entry]:
    return list(chain.from_iterable(pages))


def test_all_pages_are_read(tmp_path: Path) -> None:
    pages = _Pages(
        [_person(0, sn=[b"A"], Mail=[b"a"]), reference("ldap://other/DC=y"), page_end(b"c1")],
        [_person(1, sn=[b"B"]), page_end(b"c2")],
        [page_end(b"c3")],
        [_person(2, sn=[b"C", b"D"]), page_end(b"")],
    )
    with session_with(tmp_path, pages) as session:
        references: set[str] = set()
        entries = _read_all(search(session, QUERY, ["mail", "sn"], 100, references))
    assert references == {"ldap://other/DC=y"}
    assert entries == [
        Entry(str(IDS[0]), [b"a", b"A"]),
        Entry(str(IDS[1]), [b"", b"B"]),
        Entry(str(IDS[2]), [b"", [b"C", b"D"]]),
    ]
    requests = pages.searches[1:]
    assert [request.count(b"OU=Staff,DC=x") for request in requests] == [1, 1, 1, 1]
    for cookie, request in zip((b"c1", b"c2", b"c3"), requests[1:]):
        assert request.count(cookie) == 1
    for name in (b"mail", b"sn", b"entryUUID", b"1.2.840.113556.1.4.319"):
        assert name in requests[0]


def test_an_unreadable_root_dse_is_an_error(tmp_path: Path) -> None:
    # If Active Directory were mistaken for another kind of server, disabled accounts would be returned.
    pages = _Pages()
    pages.pages[0] = [result(SEARCH, 51)]
    with pytest.raises(DirectoryError) as caught, session_with(tmp_path, pages):
        pass
    assert caught.value.action.startswith("Cannot read the root DSE of ldaps://localhost:")
    assert caught.value.cause.startswith("the server is busy (result 51")


def test_incomplete_values_of_one_entry_do_not_affect_others(tmp_path: Path) -> None:
    # If an attribute has many values, Active Directory returns only the first of them.
    incomplete = _person(0, **{"memberOf": [], "memberOf;range=0-1499": [b"A"]})
    pages = _Pages([incomplete, _person(1, memberOf=[b"B"]), page_end(b"")])
    with session_with(tmp_path, pages) as session:
        entries = _read_all(search(session, QUERY, ["memberof"], 100))
    assert [entry.values for entry in entries] == [[UNUSABLE_VALUE], [b"B"]]


def test_a_response_without_a_cookie_ends_the_search(tmp_path: Path) -> None:
    pages = _Pages([_person(0), result(SEARCH)])
    with session_with(tmp_path, pages) as session:
        assert len(_read_all(search(session, QUERY, [], 100))) == 1
    assert len(pages.searches) == 2


@pytest.mark.parametrize(
    ("scope", "octet"), [("base", b"\x00"), ("one_level", b"\x01"), ("subtree", b"\x02")]
)
def test_the_request_has_the_scope_of_the_query(tmp_path: Path, scope: str, octet: bytes) -> None:
    pages = _Pages([page_end(b"")])
    with session_with(tmp_path, pages) as session:
        assert _read_all(search(session, replace(QUERY, scope=scope), [], 100)) == []
    assert b"OU=Staff,DC=x\x0a\x01" + octet in pages.searches[1]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (4, "the search exceeded the server's size limit (result 4 sizeLimitExceeded)"),
        (3, "the search exceeded the server's time limit (result 3 timeLimitExceeded)"),
        (10, "the server returned a referral to another server (result 10 referral)"),
        (
            32,
            "the search base does not exist, or the bind account is not allowed to read it (result 32 noSuchObject)",
        ),
        (53, "the server is unwilling to perform the operation (result 53 unwillingToPerform)"),
    ],
)
@pytest.mark.parametrize("page", [1, 2])
def test_an_incomplete_result_is_an_error(
    *, tmp_path: Path, code: int, cause: str, page: int
) -> None:
    complete = [[_person(0), page_end(b"c1")]][: page - 1]
    pages = _Pages(*complete, [_person(1), page_end(b"", code)])
    with session_with(tmp_path, pages) as session:
        entries = search(session, QUERY, [], 100)
        for _page in complete:
            next(entries)
        with pytest.raises(DirectoryError) as caught:
            _read_all(entries)
    assert caught.value.action == f"Cannot search OU=Staff,DC=x on {session.uri}"
    assert caught.value.cause == cause


@pytest.mark.parametrize(
    "pages",
    [
        # The same page with the same cookie, or with a new cookie each time.
        [[_person(0), page_end(b"c")], [_person(0), page_end(b"c")]],
        [[_person(0), page_end(b"c1")], [_person(0), page_end(b"c2")]],
        # Alternating pages.
        [
            [_person(0), page_end(b"c1")],
            [_person(1), page_end(b"c2")],
            [_person(0), page_end(b"c1")],
        ],
        # The same page, which contains only a continuation reference.
        [[reference("ldap://a/DC=y"), page_end(b"c")]] * 2,
        # Empty pages with a repeated cookie.
        [[page_end(b"c")], [page_end(b"c")]],
        [[page_end(b"c1")], [page_end(b"c2")], [page_end(b"c1")]],
    ],
)
def test_a_repeated_page_is_an_error(tmp_path: Path, pages: list[Sequence[Message]]) -> None:
    with session_with(tmp_path, _Pages(*pages)) as session, pytest.raises(DirectoryError) as caught:
        _read_all(search(session, QUERY, [], 100))
    assert str(caught.value) == (
        f"Cannot search OU=Staff,DC=x on {session.uri}: the server keeps returning the same page."
        " Increase page_size until a single page contains all people, and report this to the"
        " administrator of the server."
    )


def test_the_session_can_be_used_while_the_error_of_a_search_is_handled(tmp_path: Path) -> None:
    # The traceback keeps the generators alive, so the search must close them explicitly.
    repeated = [_person(1), page_end(b"c")]
    pages = _Pages(repeated, repeated, repeated, [_person(2), result(SEARCH)])
    with session_with(tmp_path, pages) as session:
        with pytest.raises(DirectoryError) as caught:
            _read_all(search(session, QUERY, [], 1))
        # The fast reader has already requested another page.
        pages.pages = [[_person(2), result(SEARCH)]]
        assert session.connection.search("DC=x", "(sn=*)")
        assert session.connection.response[0]["dn"] == "CN=2,DC=x"
    assert "keeps returning the same page" in str(caught.value)


def test_different_pages_can_have_the_same_cookie(tmp_path: Path) -> None:
    pages = _Pages(
        [_person(0), page_end(b"c")],
        [page_end(b"c")],
        [reference("ldap://a/DC=y"), page_end(b"c")],
        [reference("ldap://b/DC=y"), page_end(b"c")],
        [_person(1), page_end(b"c")],
        [_person(2), page_end(b"")],
    )
    with session_with(tmp_path, pages) as session:
        assert len(_read_all(search(session, QUERY, [], 100))) == 3


def test_a_lost_connection_is_an_error(tmp_path: Path) -> None:
    with session_with(tmp_path, _Pages([_person(0), page_end(b"c1")], None)) as session:
        entries = search(session, QUERY, [], 100)
        next(entries)
        with pytest.raises(DirectoryError) as caught:
            next(entries)
    assert caught.value.action == f"Cannot search OU=Staff,DC=x on {session.uri}"
    assert caught.value.cause


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(b"\x64\x00", id="empty entry"),
        pytest.param(b"\x7f\x00", id="unknown operation"),
        pytest.param(
            ber(0x65, ber(0x04, b"done"), ber(0x04), ber(0x04)), id="result without a code"
        ),
    ],
)
def test_a_response_that_is_not_ldap_is_an_error(tmp_path: Path, operation: bytes) -> None:
    _check_is_not_ldap(tmp_path, _Pages([(operation, b""), page_end(b"")]))


@pytest.mark.parametrize("value", [b"", b"\x30\x00", ber(0x30, ber(0x02, b"\0")), b"\xff" * 9])
def test_a_malformed_cookie_is_an_error(tmp_path: Path, value: bytes) -> None:
    control = ber(0x30, ber(0x04, b"1.2.840.113556.1.4.319"), ber(0x04, value))
    _check_is_not_ldap(tmp_path, _Pages([(result(SEARCH)[0], ber(0xA0, control))]))


def _check_is_not_ldap(tmp_path: Path, pages: _Pages) -> None:
    with session_with(tmp_path, pages) as session, pytest.raises(DirectoryError) as caught:
        _read_all(search(session, QUERY, [], 100))
    assert caught.value.cause.startswith("its response is not LDAP (")
    assert caught.value.remedy == "Check that an LDAP server listens on this port"


def test_an_unfinished_response_is_an_error(tmp_path: Path) -> None:
    with (
        session_with(tmp_path, _Pages([_person(0)])) as session,
        pytest.raises(DirectoryError) as caught,
    ):
        _read_all(search(session, QUERY, [], 100))
    assert caught.value.cause.startswith("it did not respond in time (")


def test_an_entry_without_an_identity_is_an_error(tmp_path: Path) -> None:
    # The message contains the DN of the parent, because the DN of the entry can contain the name of a person.
    unidentified = [entry(f"CN={name},OU=S\\,T,DC=x", {"sn": [b"X"]}) for name in ("A\\,B", "C")]
    pages = _Pages([_person(0), *unidentified, page_end(b"")])
    with session_with(tmp_path, pages) as session, pytest.raises(DirectoryError) as caught:
        _read_all(search(session, QUERY, ["sn"], 100))
    assert str(caught.value) == (
        f"Cannot search OU=Staff,DC=x on {session.uri}: the server returned an entry without entryUUID directly below"
        " OU=S\\,T,DC=x, and 1 more in the same response. Allow the bind account to read entryUUID, which identifies a"
        " person even if the name changes, or narrow the search base or the filter of the source to entries that"
        " have it."
    )


def test_a_session_can_accept_entries_without_an_identity(tmp_path: Path) -> None:
    checked: list[tuple[int, Sequence[bytes]]] = []
    pages = _Pages([entry("CN=9,DC=x", {"sn": [b"X"]}), _person(1), page_end(b"")])
    with session_with(tmp_path, pages) as session:
        checking = replace(
            session,
            check_identities=lambda entries, dns: checked.append((len(entries), dns)),
            requires_identities=False,
        )
        found = _read_all(search(checking, QUERY, ["sn"], 100))
    assert found == [Entry("", [b"X"]), Entry(str(IDS[1]), [b""])]
    assert checked == [(1, [b"CN=1,DC=x"])]
