# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the selection of group members, and of the removal of duplicate members."""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    OBJECT_GUID,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.groups import (
    MemberCriteria,
    read_members,
    resolve_groups,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query

IDS = [str(uuid.UUID(int=number)) for number in range(4)]
SESSION = LdapSession(
    uri="ldaps://dc1", connection=None, is_active_directory=False, identity_attribute=ENTRY_UUID
)
ACTIVE_DIRECTORY = LdapSession(
    uri="ldaps://dc1", connection=None, is_active_directory=True, identity_attribute=OBJECT_GUID
)
QUERY = Query(search_base="DC=x", scope="subtree", filter="(a=b)")


class _Groups:
    """A fake server with groups, on which only the naming context DC=x is searched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **lists: dict[str, list[bytes]]) -> None:
        self.lists = {f"CN={name}": values for name, values in lists.items()}
        self.object_class = b"groupOfNames"
        self.read: list[str] = []
        for name in ("require_entry", "read_all_values", "read_entries_by_dn"):
            monkeypatch.setattr(groups, name, getattr(self, name))

    def require_entry(
        self, _session: LdapSession, dn: str, _attributes: object, _role: object, action: str
    ) -> dict[str, list[bytes]]:
        if dn not in self.lists:
            raise DirectoryError(action, "it is missing", "Correct it")
        return {"objectclass": [b"top", self.object_class]}

    def read_all_values(
        self, _session: LdapSession, dn: str, _attributes: object
    ) -> dict[str, list[bytes]] | None:
        self.read.append(dn)
        # Simulate a group that is deleted while the groups are being read.
        return None if dn == "CN=gone" else self.lists[dn]

    def read_entries_by_dn(
        self, session: LdapSession, dns: Sequence[str], query: Query, _attributes: object
    ) -> Iterator[list[tuple[str, Entry]]]:
        assert query.search_base == "DC=x"
        assert not session.requires_identities
        yield [(dn, Entry(IDS[0], [])) for dn in dns if dn in self.lists]


def test_groups_with_all_kinds_of_member_attributes_are_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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


def test_nested_groups_in_active_directory_are_found_by_searches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sid(rid: int) -> bytes:
        return bytes(24) + rid.to_bytes(4, "little")

    members: dict[str, list[tuple[bytes, bytes | list[bytes]]]] = {
        "CN=A*": [(b"CN=b", [sid(7), sid(8)]), (b"CN=d", b""), (b"cn=a*", sid(513))],
        # These two groups are members of each other. CN=c has no SID.
        "CN=b": [(b"CN=c", b"")],
        "CN=c": [(b"CN=B", sid(7))],
    }
    queries: list[Query] = []

    def search(
        _session: LdapSession, query: Query, _attributes: object, _size: int
    ) -> Iterator[list[Entry]]:
        queries.append(query)
        for dn, nested in members.items():
            if f"(memberOf={dn})".replace("*", "\\2a") in query.filter:
                yield [Entry(IDS[0], list(values)) for values in nested]

    def require_entry(*_args: object) -> dict[str, list[bytes]]:
        classes = [b"top", b"group"]
        return {
            "objectclass": classes,
            "distinguishedname": [b"CN=A*"],
            "objectsid": [sid(0x010201)],
        }

    foreign = [
        b"CN=S-1-5-21-1-2-3-1105,CN=ForeignSecurityPrincipals,DC=x",
        b"CN=S-1-5-11,CN=ForeignSecurityPrincipals,DC=x",
        b"CN=p,OU=Staff,DC=x",
        b"CN=p,OU=Staff,DC=z",
        b"cn=P,ou=staff,dc=Z",
    ]

    def read_all_values(_session: LdapSession, dn: str, _names: object) -> object:
        return {"CN=A*": {"member": foreign[:3]}, "CN=b": {"member": foreign[2:]}}.get(dn)

    monkeypatch.setattr(groups, "search", search)
    monkeypatch.setattr(groups, "require_entry", require_entry)
    monkeypatch.setattr(groups, "read_all_values", read_all_values)
    criteria = resolve_groups(ACTIVE_DIRECTORY, ["cn=a*"], ["DC=x", "DC=y"])
    assert criteria.dns == []
    assert criteria.foreign == 2
    assert criteria.filters == [
        *("(memberOf=CN=A\\2a)", "(primaryGroupID=66049)"),
        *("(memberOf=CN=b)", "(primaryGroupID=7)"),
        "(memberOf=CN=d)",
        "(memberOf=CN=c)",
    ]
    assert {query.search_base for query in queries} == {"DC=x"}
    assert all("(objectClass=group)" in query.filter for query in queries)
    # One search per nesting level finds the groups that are members of the groups at this level.
    assert len(queries) == 3


@pytest.mark.parametrize("is_active_directory", [True, False])
@pytest.mark.parametrize(
    ("group", "object_class", "error"),
    [
        ("CN=none", b"group", "it is missing. Correct it."),
        (
            "CN=a",
            b"person",
            "it is not a group that lists its members (top, person). Use an entry of",
        ),
    ],
)
def test_a_dn_that_does_not_identify_a_group_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_active_directory: bool,
    group: str,
    object_class: bytes,
    error: str,
) -> None:
    _Groups(monkeypatch, a={}).object_class = object_class
    session = ACTIVE_DIRECTORY if is_active_directory else SESSION
    with pytest.raises(DirectoryError) as caught:
        resolve_groups(session, [group], ["DC=x"])
    assert str(caught.value).startswith(f"Cannot read the group {group} on ldaps://dc1: {error}")


@pytest.mark.parametrize(
    ("filters", "dns", "keeps_duplicates"),
    [
        (["(uid=a)"], [], True),
        ([], ["CN=a"], True),
        (["(uid=a)"], ["CN=a"], False),
        (["(uid=a)"] * (BATCH_SIZE + 1), [], False),
    ],
)
def test_duplicates_are_removed_only_from_combined_results(
    monkeypatch: pytest.MonkeyPatch, *, filters: list[str], dns: list[str], keeps_duplicates: bool
) -> None:
    # On a real server, neither a single search nor reads by DN return duplicates, so only combined results are checked.
    # Here, both return duplicates, which shows whether the results are checked.
    people = [Entry(IDS[1], []), Entry(IDS[2], [])]
    queries: list[str] = []

    def search(_session: LdapSession, query: Query, *_rest: object) -> Iterator[list[Entry]]:
        queries.append(query.filter)
        yield people
        yield people[:1] if keeps_duplicates else people

    def read_entries_by_dn(
        _session: LdapSession, passed: Sequence[str], *_rest: object
    ) -> Iterator[list[tuple[str, Entry]]]:
        if passed:
            yield [("CN=a", person) for person in people]
            yield [("CN=a", person) for person in people[:1]]

    monkeypatch.setattr(groups, "search", search)
    monkeypatch.setattr(groups, "read_entries_by_dn", read_entries_by_dn)
    pages = read_members(SESSION, [QUERY], MemberCriteria(filters, dns), [], page_size=10)
    entries = [entry for page in pages for entry in page]
    assert entries == (people + people[:1] if keeps_duplicates else people)
    counts = [search_filter.count("(uid=a)") for search_filter in queries]
    assert sum(counts) == len(filters)
    assert max(counts, default=0) <= BATCH_SIZE
