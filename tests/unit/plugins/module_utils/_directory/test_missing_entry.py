# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the errors about search bases, OUs and groups that a server does not have.

The integration tests check some of these errors with real servers. The tests in this file also simulate responses of
Active Directory that those servers do not send.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.missing_entry import (
    EXCLUDED_OU,
    GROUP,
    SEARCH_BASE,
    EntryRole,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.single_entry import (
    require_entry,
    require_search_base,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import session_with
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    Message,
    ber,
    entry,
    result,
)

ACTIVE_DIRECTORY = b"1.2.840.113556.1.4.800"
DOMAIN = "DC=corp,DC=example"
ENTRIES = (
    *(DOMAIN, f"CN=Users,{DOMAIN}", f"OU=Sites,{DOMAIN}", f"OU=Groups,{DOMAIN}"),
    *(f"OU={name},OU=Sites,{DOMAIN}" for name in ("Oslo", "Bergen", "Bodo", "Hamar", "Moss")),
    *(f"OU={name},OU=Sites,{DOMAIN}" for name in ("Narvik", "Molde")),
    *(f"CN=Reception,OU=Groups,{DOMAIN}", f"CN=Externals,OU=Groups,{DOMAIN}"),
)
ALLOW = ", or allow the bind account to read the search base"
SITES = (
    f"the search base does not exist: below OU=Sites,{DOMAIN}, the bind account sees OU=Bergen,"
    " OU=Bodo, OU=Hamar, OU=Molde, OU=Moss and 2 more, but not "
)
DOMAIN_ENTRIES = (
    f"the search base does not exist: below {DOMAIN}, the bind account sees OU=Groups, OU=Sites and"
    " CN=Users, but not "
)
FOREIGN = "the search base is in the domain other.example, but this server holds corp.example"
SET_OTHER = (
    "set O(server_uri) to a server of the domain other.example, or O(domain) to other.example"
)


class _Tree:
    """A server that searches its entries by the base, the scope and the names in the filter.

    :ivar missing: result of searches whose base does not exist.
    :ivar root_dse: attributes of the root DSE.
    :ivar lost: bytes that make the server close the connection if a search request contains them.
    :ivar object_classes: object classes of all entries.
    """

    def __init__(self, entries: Sequence[str], **root_dse: list[bytes]) -> None:
        self._entries = entries
        self.root_dse = root_dse
        self.missing = result(SEARCH, 32)
        self.lost = b"nothing"
        self.object_classes: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> list[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH or self.lost in content:
            return None
        base, scope, search_filter = _parse_search(content)
        if not base:
            return [entry("", self.root_dse), result(SEARCH)]
        if base not in self._entries:
            return [self.missing]
        attributes = {"objectClass": self.object_classes}
        found = self._find(base, scope, search_filter)
        return [*(entry(dn, attributes) for dn in found), result(SEARCH)]

    def _find(self, base: str, scope: int, search_filter: bytes) -> Iterator[str]:
        for dn in self._entries:
            rdn, _comma, parent = dn.partition(",")
            if scope == 0 and dn == base:
                yield dn
            # Only searches for groups contain the object class groupOfNames.
            is_wanted = ",OU=Groups," not in dn or b"groupOfNames" in search_filter
            if scope == 1 and parent == base and is_wanted:
                yield dn
            value = rdn.partition("=")[2].lower().encode()
            if scope == 2 and b"ou" + ber(4, value) in search_filter and is_wanted:
                yield dn


def _parse_search(content: bytes) -> tuple[str, int, bytes]:
    """Return the base, the scope and the rest of a search request (RFC 4511, 4.5.1)."""
    start = content.index(b"\x04", 2)
    size = content[start + 1]
    end = start + 2 + size
    return content[start + 2 : end].decode(), content[end + 2], content[end + 3 :]


@contextmanager
def _open_session(tmp_path: Path, tree: _Tree) -> Iterator[LdapSession]:
    with session_with(tmp_path, tree) as session:
        yield session


def _active_directory(**changes: Any) -> _Tree:
    root_dse = {
        "supportedCapabilities": [ACTIVE_DIRECTORY],
        "namingContexts": [f"CN=Configuration,{DOMAIN}".encode(), DOMAIN.encode()],
        "defaultNamingContext": [DOMAIN.encode()],
        **changes,
    }
    return _Tree(ENTRIES, **root_dse)


def _explain(
    tmp_path: Path, tree: _Tree, dn: str, role: EntryRole = SEARCH_BASE
) -> tuple[str, str]:
    with _open_session(tmp_path, tree) as session, pytest.raises(DirectoryError) as caught:
        require_entry(session, dn, ["1.1"], role, "Cannot read it")
    return caught.value.cause, caught.value.remedy


@pytest.mark.parametrize(
    ("dn", "cause", "remedy"),
    [
        (
            f"OU=Olso,OU=Sites,{DOMAIN}",
            SITES.replace("OU=Bergen, ", "OU=Oslo, OU=Bergen, ")
            .replace("OU=Moss and", "and")
            .replace("Molde, and", "Molde and")
            + "OU=Olso",
            "Write OU=Oslo instead of OU=Olso in O(sources[].search_base)" + ALLOW,
        ),
        (
            f"OU=Elverum,OU=Sites,{DOMAIN}",
            SITES + "OU=Elverum",
            "Correct O(sources[].search_base)" + ALLOW,
        ),
        # If several parts are missing, the part nearest to the root is named.
        (
            f"OU=Desk,OU=Vadso,OU=Sites,{DOMAIN}",
            SITES + "OU=Vadso",
            "Correct O(sources[].search_base)" + ALLOW,
        ),
        (
            f"OU=Users,{DOMAIN}",
            DOMAIN_ENTRIES.replace(
                "OU=Groups, OU=Sites and CN=Users", "CN=Users, OU=Groups and OU=Sites"
            )
            + "OU=Users",
            "Write CN=Users instead of OU=Users in O(sources[].search_base)",
        ),
        (
            f"OU=Oslo,{DOMAIN}",
            DOMAIN_ENTRIES + "OU=Oslo",
            f"Set O(sources[].search_base) to OU=Oslo,OU=Sites,{DOMAIN}" + ALLOW,
        ),
        (
            f"OU=Sites,OU=Oslo,{DOMAIN}",
            DOMAIN_ENTRIES + "OU=Oslo",
            f"Set O(sources[].search_base) to OU=Sites,{DOMAIN}" + ALLOW,
        ),
        # The message does not contain the no-break space, so the two names look the same.
        (
            f"OU=Sites\u00a0,{DOMAIN}",
            DOMAIN_ENTRIES.replace("OU=Groups, OU=Sites and", "OU=Sites, OU=Groups and")
            + "OU=Sites",
            (
                "Write OU=Sites instead of OU=Sites in O(sources[].search_base); the two differ in"
                " spaces, invisible characters or the encoding of accents"
            ),
        ),
        (
            f"OU=Oslo,DC=child,{DOMAIN}",
            FOREIGN.replace("other.example", "child.corp.example"),
            "Correct O(sources[].search_base), or "
            + SET_OTHER.replace("other.example", "child.corp.example"),
        ),
        (
            f"OU=Oslo,{DOMAIN},{DOMAIN}",
            FOREIGN.replace("other.example", "corp.example.corp.example"),
            f"End O(sources[].search_base) with {DOMAIN} if corp.example is the right domain;"
            " otherwise, " + SET_OTHER.replace("other.example", "corp.example.corp.example"),
        ),
        (
            "OU=Oslo,DC=other,DC=example",
            FOREIGN,
            f"Correct O(sources[].search_base), or {SET_OTHER}",
        ),
        (
            "OU=Oslo,DC=crop,DC=example",
            FOREIGN.replace("other.example", "crop.example"),
            f"End O(sources[].search_base) with {DOMAIN} if corp.example is the right domain;"
            " otherwise, " + SET_OTHER.replace("other.example", "crop.example"),
        ),
        (
            "DC=example,DC=corp,OU=Sites,OU=Oslo",
            f"the parts of the DN are in reverse order: the search base must end with {DOMAIN}",
            f"Set O(sources[].search_base) to OU=Oslo,OU=Sites,{DOMAIN}",
        ),
        (
            "OU=Oslo",
            f"the search base does not end with {DOMAIN}, and this server contains no other entries",
            f"Write O(sources[].search_base) as a DN that ends with {DOMAIN}",
        ),
    ],
)
def test_a_missing_search_base_is_explained(
    tmp_path: Path, dn: str, cause: str, remedy: str
) -> None:
    assert _explain(tmp_path, _active_directory(), dn) == (cause, remedy)


def test_groups_are_listed_only_if_a_group_is_missing(tmp_path: Path) -> None:
    cause, remedy = _explain(
        tmp_path, _active_directory(), f"CN=Recption,OU=Groups,{DOMAIN}", GROUP
    )
    assert cause == (
        f"the group does not exist: below OU=Groups,{DOMAIN}, the bind account sees CN=Reception"
        " and CN=Externals, but not CN=Recption"
    )
    assert remedy == (
        "Write CN=Reception instead of CN=Recption in O(sources[].member_of) or O(exclude_groups),"
        " or allow the bind account to read the group"
    )
    cause, _remedy = _explain(
        tmp_path, _active_directory(), f"OU=Externals,OU=Groups,{DOMAIN}", EXCLUDED_OU
    )
    assert cause == (
        f"the OU does not exist: below OU=Groups,{DOMAIN}, the bind account does not see"
        " OU=Externals or any other entry of this kind"
    )


def test_an_unreadable_naming_context_is_named(tmp_path: Path) -> None:
    tree = _Tree([], namingContexts=[b"DC=corp,DC=example"])
    assert _explain(tmp_path, tree, f"OU=Oslo,{DOMAIN}") == (
        f"the bind account sees no part of the DN of the search base, not even {DOMAIN}",
        f"Allow the bind account to read {DOMAIN} and the entries below it",
    )


def test_naming_contexts_without_a_domain_are_not_named_as_domains(tmp_path: Path) -> None:
    tree = _Tree([], namingContexts=[b"cn=accesslog", b"DC=corp,DC=example"])
    assert _explain(tmp_path, tree, "OU=Oslo,DC=other,DC=example") == (
        FOREIGN,
        f"Correct O(sources[].search_base), or {SET_OTHER}",
    )


@pytest.mark.parametrize("lost", [b"nothing", b"organizationalUnit", b"namingContexts"])
def test_the_cause_is_general_if_nothing_more_is_known(tmp_path: Path, lost: bytes) -> None:
    tree = _active_directory() if lost != b"nothing" else _Tree([])
    with _open_session(tmp_path, tree) as session:
        tree.lost = lost
        with pytest.raises(DirectoryError) as caught:
            require_entry(session, f"OU=Vadso,{DOMAIN}", ["1.1"], SEARCH_BASE, "Cannot read it")
    assert caught.value.cause == (
        "the search base does not exist, or the bind account is not allowed to read it"
    )


@pytest.mark.parametrize(
    ("dn", "cause"),
    [
        ("OU=Oslo,DC=other,DC=example", FOREIGN),
        (f"OU=Oslo,DC=child,{DOMAIN}", FOREIGN.replace("other.example", "child.corp.example")),
        (f"OU=Vadso,{DOMAIN}", "the server returned a referral to another server"),
        ("O=Fjord", "the server returned a referral to another server"),
    ],
)
def test_referrals_are_explained(tmp_path: Path, dn: str, cause: str) -> None:
    # Active Directory returns referrals for search bases in other domains (MS-ADTS 3.1.1.3.1.4).
    tree = _active_directory()
    uri = ber(4, b"ldap://other.example/OU=Oslo")
    parts = (ber(0x0A, b"\x0a"), ber(4), ber(4), ber(0xA3, uri))
    tree.missing = ber(0x65, *parts), b""
    shown, _remedy = _explain(tmp_path, tree, dn)
    assert shown == f"{cause} (result 10 referral, ldap://other.example/OU=Oslo)"


@pytest.mark.parametrize(
    ("dn", "remedy"),
    [
        (
            f"UO=Oslo,{DOMAIN}",
            "Check UO in O(sources[].search_base); the usual attribute types are CN, OU, DC, O and UID",
        ),
        (f"ou=Vadso,{DOMAIN}", "Correct the spelling of O(sources[].search_base)"),
    ],
)
def test_the_remedy_for_an_invalid_dn_names_unusual_attribute_types(
    tmp_path: Path, dn: str, remedy: str
) -> None:
    tree = _active_directory()
    tree.missing = result(SEARCH, 34)
    assert _explain(tmp_path, tree, dn) == (
        "the server does not accept the distinguished name (result 34 invalidDNSyntax)",
        remedy,
    )


def test_a_search_base_is_missing_only_if_the_server_reports_it(tmp_path: Path) -> None:
    # 389 Directory Server returns success for a paged search whose base does not exist.
    tree = _active_directory()
    with _open_session(tmp_path, tree) as session:
        require_search_base(session, DOMAIN)
        tree.missing = result(SEARCH)
        require_search_base(session, f"OU=Vadso,{DOMAIN}")
        tree.missing = result(SEARCH, 32)
        with pytest.raises(DirectoryError) as caught:
            require_search_base(session, f"OU=Vadso,{DOMAIN}")
    assert caught.value.action == f"Cannot search OU=Vadso,{DOMAIN} on {session.uri}"
    assert caught.value.cause == f"{DOMAIN_ENTRIES}OU=Vadso (result 32 noSuchObject)"


def test_a_search_base_must_not_be_an_alias(tmp_path: Path) -> None:
    tree = _active_directory()
    tree.object_classes = [b"Alias", b"extensibleObject"]
    with _open_session(tmp_path, tree) as session, pytest.raises(DirectoryError) as caught:
        require_search_base(session, DOMAIN)
    assert str(caught.value) == (
        f"Cannot search {DOMAIN} on {session.uri}: it is an alias, and aliases are not followed. Set search_base to the"
        " DN of the entry to which the alias refers."
    )


def test_other_results_are_not_explained_as_a_missing_entry(tmp_path: Path) -> None:
    tree = _active_directory()
    tree.missing = result(SEARCH, 50)
    cause, _remedy = _explain(tmp_path, tree, f"OU=Vadso,{DOMAIN}")
    assert cause.startswith("the bind account does not have permission to read this part")
