# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the members of groups are found, and that nobody of them is found twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import groups
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_dn import (
    BATCH_SIZE,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.groups import (
    MemberCriteria,
    read_members,
    resolve_groups,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query

IDS = [str(uuid.UUID(int=number)) for number in range(4)]
SESSION = LdapSession("ldaps://dc1", None, False)
QUERY = Query("DC=x", "subtree", "(a=b)")


class _Groups:
    """Groups by their names, in place of a server, which are found among names below the context ``DC=x``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **lists: dict[str, list[bytes]]) -> None:
        self.lists = {f"CN={name}": values for name, values in lists.items()}
        self.kind = b"groupOfNames"
        self.read: list[str] = []
        for name in ("read_entry", "read_all_values", "read_entries_by_dn"):
            monkeypatch.setattr(groups, name, getattr(self, name))

    def read_entry(
        self, _session: LdapSession, name: str, _attributes: object
    ) -> dict[str, list[bytes]] | None:
        return {"objectclass": [b"top", self.kind]} if name in self.lists else None

    def read_all_values(
        self, _session: LdapSession, name: str, _attributes: object
    ) -> dict[str, list[bytes]] | None:
        self.read.append(name)
        # One may go while they are read.
        return None if name == "CN=gone" else self.lists[name]

    def read_entries_by_dn(
        self, _session: LdapSession, names: Sequence[str], query: Query, _attributes: object
    ) -> Iterator[list[tuple[str, Entry]]]:
        assert query.search_base == "DC=x"
        yield [(name, Entry(IDS[0], [])) for name in names if name in self.lists]


def test_lists_of_every_kind_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Groups(
        monkeypatch,
        a={"member": [b"CN=b", b"CN=p,DC=x", b"CN=a"]},
        b={"uniquemember": [b"CN=c", b"CN=P,DC=X", b"CN=q#'01'B"], "member": [b"CN=gone"]},
        c={"memberuid": [b"r*", b"s"], "gidnumber": [b"7"]},
        gone={},
    )
    criteria = resolve_groups(SESSION, ["CN=a", "CN=c"], ["DC=x"])
    assert criteria.filters == ["(uid=r\\2a)", "(uid=s)", "(gidNumber=7)"]
    assert criteria.dns == ["CN=b", "CN=p,DC=x", "CN=a", "CN=gone", "CN=c", "CN=q"]
    assert server.read == ["CN=a", "CN=c", "CN=b", "CN=gone"]


def test_groups_of_active_directory_are_looked_up_and_their_members_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sid(rid: int) -> bytes:
        return bytes(24) + rid.to_bytes(4, "little")

    members: dict[str, list[tuple[bytes, bytes | list[bytes]]]] = {
        "CN=A*": [(b"CN=b", [sid(7), sid(8)]), (b"CN=d", b""), (b"cn=a*", sid(513))],
        # Two groups that belong to each other, and one without a SID.
        "CN=b": [(b"CN=c", b"")],
        "CN=c": [(b"CN=B", sid(7))],
    }
    queries: list[Query] = []

    def search(
        _session: LdapSession, query: Query, _attributes: object, _size: int
    ) -> Iterator[list[Entry]]:
        queries.append(query)
        for name, found in members.items():
            if f"(memberOf={name})".replace("*", "\\2a") in query.filter:
                yield [Entry(IDS[0], list(values)) for values in found]

    def read_entry(
        _session: LdapSession, _name: str, _attributes: object
    ) -> dict[str, list[bytes]]:
        kinds = [b"top", b"group"]
        return {
            "objectclass": kinds,
            "distinguishedname": [b"CN=A*"],
            "objectsid": [sid(0x010201)],
        }

    monkeypatch.setattr(groups, "search", search)
    monkeypatch.setattr(groups, "read_entry", read_entry)
    session = SESSION._replace(is_active_directory=True)
    criteria = resolve_groups(session, ["cn=a*"], ["DC=x", "DC=y"])
    assert criteria.dns == []
    assert criteria.filters == [
        *("(memberOf=CN=A\\2a)", "(primaryGroupID=66049)"),
        *("(memberOf=CN=b)", "(primaryGroupID=7)"),
        "(memberOf=CN=d)",
        "(memberOf=CN=c)",
    ]
    assert {query.search_base for query in queries} == {"DC=x"}
    assert all("(objectClass=group)" in query.filter for query in queries)
    # Each group is asked for once, those of one level together.
    assert len(queries) == 3


@pytest.mark.parametrize("is_active_directory", [True, False])
@pytest.mark.parametrize(
    ("group", "kind", "error"),
    [
        ("CN=none", b"group", "there is none of this name. Correct the name, or let the bind"),
        (
            "CN=a",
            b"person",
            "it is no group that lists its members, but top, person. Name an object of",
        ),
    ],
)
def test_what_is_no_group_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_active_directory: bool,
    group: str,
    kind: bytes,
    error: str,
) -> None:
    _Groups(monkeypatch, a={}).kind = kind
    session = SESSION._replace(is_active_directory=is_active_directory)
    with pytest.raises(DirectoryError) as caught:
        resolve_groups(session, [group], ["DC=x"])
    assert str(caught.value).startswith(f"Cannot read the group {group} on ldaps://dc1: {error}")


@pytest.mark.parametrize(
    ("filters", "names", "repeats"),
    [
        (["(uid=a)"], [], True),
        ([], ["CN=a"], True),
        (["(uid=a)"], ["CN=a"], False),
        (["(uid=a)"] * (BATCH_SIZE + 1), [], False),
    ],
)
def test_nobody_is_found_twice_where_several_searches_may_find_the_same(
    monkeypatch: pytest.MonkeyPatch, *, filters: list[str], names: list[str], repeats: bool
) -> None:
    """What is read of one search, or by names alone, is not looked through again."""
    people = [Entry(IDS[1], []), Entry(IDS[2], [])]
    queries: list[str] = []

    def search(_session: LdapSession, query: Query, *_rest: object) -> Iterator[list[Entry]]:
        queries.append(query.filter)
        yield people
        yield people[:1] if repeats else people

    def read_entries_by_dn(
        _session: LdapSession, given: Sequence[str], *_rest: object
    ) -> Iterator[list[tuple[str, Entry]]]:
        if given:
            yield [("CN=a", person) for person in people]
            yield [("CN=a", person) for person in people[:1]]

    monkeypatch.setattr(groups, "search", search)
    monkeypatch.setattr(groups, "read_entries_by_dn", read_entries_by_dn)
    pages = read_members(SESSION, [QUERY], MemberCriteria(filters, names), [], page_size=10)
    found = [entry for page in pages for entry in page]
    assert found == (people + people[:1] if repeats else people)
    counts = [search_filter.count("(uid=a)") for search_filter in queries]
    assert sum(counts) == len(filters)
    assert max(counts, default=0) <= BATCH_SIZE
