# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explanations of search bases, OUs and groups that the bind account does not see on a server.

Some servers return the part of the DN that exists (matchedDN in RFC 4511, 4.1.9), but Samba does not. Therefore this
part is looked up with searches, each of which has a size limit and a time limit. These searches are made only after a
failure.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._errors import Diagnosis
from .._text import join_names, remove_invisible
from .connection import LdapSession, close
from .diagnosis import (
    INVALID_DN_SYNTAX,
    NO_SUCH_OBJECT,
    REFERRAL,
    DirectoryError,
    describe_result,
    explain_failure,
    explain_result,
)
from .dn import get_domain, is_in_scope, normalize_rdn_value, split_dn
from .library import FAILURES, ldap3
from .query import filter_and, filter_equals, filter_or
from .root_dse import read_root_dse

GROUP_CLASSES = ("group", "groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup")
"""Object classes with members, from Active Directory, RFC 4519 (3.5, 3.6), RFC 2307 and the draft of its successor."""

# Object classes of entries that can contain people, from RFC 4519, RFC 2247, Active Directory and 389 Directory Server.
# The names of people must not appear in messages, so only entries of these classes and groups are ever listed.
_CONTAINER_CLASSES = (
    *("organizationalUnit", "organization", "locality", "country", "domain", "dcObject"),
    *("container", "builtinDomain", "nsContainer"),
)

# The usual attribute types of relative DNs (RFC 4514, 3), in uppercase.
_USUAL_TYPES = ("CN", "OU", "DC", "O", "UID", "L", "ST", "C", "STREET")

_SIZE_LIMIT = 500
_TIME_LIMIT = 5
_LISTED_CHILDREN = 5
_LISTED_MATCHES = 3
_MAX_DEPTH = 20


@dataclass(frozen=True)
class EntryRole:
    """The use of an entry: the options that can contain its DN, and how messages refer to it.

    :ivar noun: noun phrase for the entry in messages.
    :ivar option: names of the options that can contain its DN, marked for messages.
    :ivar object_classes: object classes of entries that can be listed in messages.
    """

    noun: str
    option: str
    object_classes: Sequence[str] = _CONTAINER_CLASSES


SEARCH_BASE = EntryRole("the search base", "O(sources[].search_base)")
EXCLUDED_OU = EntryRole("the OU", "O(exclude_ous)")
GROUP = EntryRole(
    "the group",
    "O(sources[].member_of) or O(exclude_groups)",
    (*_CONTAINER_CLASSES, *GROUP_CLASSES),
)


class _Branch(NamedTuple):
    """The missing and the existing part of a DN.

    :ivar missing: the relative DNs of the missing entry and of its parents that do not exist either.
    :ivar parent: DN of the deepest entry that exists.
    """

    missing: Sequence[str]
    parent: str

    @property
    def first_missing(self) -> str:
        """Relative DN of the entry below `parent` that does not exist."""
        return self.missing[-1]


def explain_unusable_dn(
    session: LdapSession, dn: str, role: EntryRole, result: Mapping[str, Any]
) -> Diagnosis | None:
    """Explain the LDAPResult of a server that does not have an entry, or does not accept its DN.

    :param session: session that can be used for further searches.
    :param dn: DN of the entry.
    :param role: use of the entry, for the explanation.
    :param result: as for `explain_result`.
    :returns: the explanation; None if the result means something else.
    """
    detail = f" ({describe_result(result)})"
    if result["result"] == NO_SUCH_OBJECT:
        cause, remedy = explain_missing_entry(session, dn, role)
        return Diagnosis(cause + detail, remedy)
    if result["result"] == REFERRAL:
        foreign = _explain_foreign_domain(session, dn, role)
        return (
            Diagnosis(foreign.cause + detail, foreign.remedy) if foreign else explain_result(result)
        )
    if result["result"] == INVALID_DN_SYNTAX:
        return Diagnosis(explain_result(result).cause, _check_types(dn, role))
    return None


def _check_types(dn: str, role: EntryRole) -> str:
    unusual = ", ".join(name for name in map(_get_type, split_dn(dn)) if name not in _USUAL_TYPES)
    if unusual:
        return (
            f"Check {unusual} in {role.option}; the usual attribute types are CN, OU, DC, O and UID"
        )
    return f"Correct the spelling of {role.option}"


def _explain_foreign_domain(session: LdapSession, dn: str, role: EntryRole) -> Diagnosis | None:
    """Explain a referral to another domain; None if the DN is in a domain of this server, or a domain is unknown."""
    try:
        contexts = [each for each in _find_contexts(session) if get_domain(each)]
    except DirectoryError:
        return None
    is_foreign = contexts and get_domain(dn) and get_domain(dn) not in map(get_domain, contexts)
    return _explain_domain(dn, role, contexts) if is_foreign else None


def explain_missing_entry(session: LdapSession, dn: str, role: EntryRole) -> Diagnosis:
    """Explain why the bind account does not see an entry.

    If possible, the cause names the part of the DN that exists and some entries below it, or the domain that the server
    holds, and the remedy suggests a similar DN that exists.

    :param session: session that can be used for further searches.
    :param dn: DN of the entry.
    :param role: use of the entry, for the explanation.
    """
    general = Diagnosis(
        f"{role.noun} does not exist, or the bind account is not allowed to read it",
        f"Correct {role.option}, or allow the bind account to read {role.noun}",
    )
    try:
        contexts = _find_contexts(session)
        branch = _find_branch(session, dn)
        if branch is None:
            return _explain_outside(dn, role, contexts) or general
        if _is_domain_component(branch.first_missing):
            return _explain_domain(dn, role, [branch.parent])
        return _explain_branch(session, dn, branch, role)
    except DirectoryError:
        return general


def _find_contexts(session: LdapSession) -> list[str]:
    """Return the naming contexts that can contain people (see `by_dn.find_searchable_contexts`)."""
    root_dse = read_root_dse(session.connection, session.uri)
    contexts = [context for context in root_dse.get_all("namingcontexts") if context]
    if session.is_active_directory:
        return [*root_dse.get_all("defaultnamingcontext")] or contexts
    return contexts


def _is_domain_component(rdn: str) -> bool:
    return _get_type(rdn) == "DC"


def _find_branch(session: LdapSession, dn: str) -> _Branch | None:
    """Split a DN at the deepest parent that the account sees; return None if it sees none of the parents."""
    rdns = split_dn(dn)
    for depth in range(1, min(len(rdns), _MAX_DEPTH)):
        parent = ",".join(rdns[depth:])
        if _search(session, parent, ldap3.BASE, "(objectClass=*)"):
            return _Branch(rdns[:depth], parent)
    return None


def _explain_branch(session: LdapSession, dn: str, branch: _Branch, role: EntryRole) -> Diagnosis:
    missing = branch.first_missing
    value = normalize_rdn_value(missing)
    # Only the first relative DN in a group's DN names a group; the others name containers.
    classes = role.object_classes if len(branch.missing) == 1 else _CONTAINER_CLASSES
    children = _list_children(session, branch.parent, classes)
    similar = _find_similar(value, children)
    listed = [*similar, *(child for child in children if child not in similar)]
    names = join_names(listed, _LISTED_CHILDREN)
    view = (
        f"sees {names}, but not {missing}"
        if names
        else f"does not see {missing} or any other entry of this kind"
    )
    cause = f"{role.noun} does not exist: below {branch.parent}, the bind account {view}"
    allow = f", or allow the bind account to read {role.noun}"
    if similar and _squeeze(normalize_rdn_value(similar[0])) == _squeeze(value):
        return Diagnosis(cause, _replacement(missing, similar[0], role))
    elsewhere = _find_elsewhere(session, dn, role)
    if elsewhere:
        return Diagnosis(cause, f"Set {role.option} to {' or '.join(elsewhere)}{allow}")
    if similar:
        return Diagnosis(cause, f"{_replacement(missing, similar[0], role)}{allow}")
    return Diagnosis(cause, f"Correct {role.option}{allow}")


def _replacement(missing: str, similar: str, role: EntryRole) -> str:
    note = ""
    old, new = _squeeze(normalize_rdn_value(missing)), _squeeze(normalize_rdn_value(similar))
    if old == new and _get_type(missing) == _get_type(similar):
        # The two relative DNs can look the same in a message.
        note = "; the two differ in spaces, invisible characters or the encoding of accents"
    return f"Write {similar} instead of {missing} in {role.option}{note}"


def _get_type(rdn: str) -> str:
    return rdn.partition("=")[0].strip().upper()


def _list_children(session: LdapSession, parent: str, classes: Sequence[str]) -> list[str]:
    """Return the relative DNs of the entries directly below a parent, OUs first.

    :param classes: object classes of the entries to return.
    """
    search_filter = _class_filter(classes)
    if session.is_active_directory:
        # Active Directory keeps its own data in hidden containers, such as CN=System. Other servers would evaluate a
        # condition on an unknown attribute as Undefined (RFC 4511, 4.5.1.7).
        search_filter = filter_and([search_filter, "(!(showInAdvancedViewOnly=TRUE))"])
    names = {split_dn(dn)[0] for dn in _search(session, parent, ldap3.LEVEL, search_filter)}
    return sorted(names, key=lambda name: (not name.lower().startswith("ou="), name.lower()))


def _find_similar(value: str, names: Sequence[str]) -> list[str]:
    """Return the relative DNs whose values are similar to a value, the most similar first."""
    by_value: dict[str, list[str]] = {}
    for name in names:
        by_value.setdefault(_squeeze(normalize_rdn_value(name)), []).append(name)
    matches = difflib.get_close_matches(_squeeze(value), by_value, _LISTED_MATCHES, 0.65)
    return [name for match in matches for name in by_value[match]]


def _squeeze(value: str) -> str:
    """Remove spaces and invisible characters, which readers of a message cannot see."""
    return "".join(remove_invisible(value).split())


def _find_elsewhere(session: LdapSession, dn: str, role: EntryRole) -> list[str]:
    """Return the DNs of up to `_LISTED_MATCHES` entries with the same name as a missing entry, but another parent."""
    value = normalize_rdn_value(split_dn(dn)[0])
    any_name = filter_or(filter_equals(attribute, value) for attribute in ("ou", "cn", "o"))
    search_filter = filter_and([_class_filter(role.object_classes), any_name])
    found: list[str] = []
    for context in _find_contexts(session):
        if is_in_scope(dn, context, "subtree"):
            found += _search(session, context, ldap3.SUBTREE, search_filter)
    return sorted(found)[:_LISTED_MATCHES]


def _explain_outside(dn: str, role: EntryRole, contexts: Sequence[str]) -> Diagnosis | None:
    """Explain a DN of which the account sees no part; None if the server does not list its naming contexts."""
    if not contexts:
        return None
    holding = next((each for each in contexts if is_in_scope(dn, each, "subtree")), None)
    if holding is not None:
        return Diagnosis(
            f"the bind account sees no part of the DN of {role.noun}, not even {holding}",
            f"Allow the bind account to read {holding} and the entries below it",
        )
    reversed_dn = ",".join(reversed(split_dn(dn)))
    if any(is_in_scope(reversed_dn, context, "subtree") for context in contexts):
        return Diagnosis(
            f"the parts of the DN are in reverse order: {role.noun} must end with"
            f" {' or '.join(contexts)}",
            f"Set {role.option} to {reversed_dn}",
        )
    domains = [context for context in contexts if get_domain(context)]
    if get_domain(dn) and domains:
        return _explain_domain(dn, role, domains)
    held = " or ".join(contexts)
    return Diagnosis(
        f"{role.noun} does not end with {held}, and this server contains no other entries",
        f"Write {role.option} as a DN that ends with {held}",
    )


def _explain_domain(dn: str, role: EntryRole, contexts: Sequence[str]) -> Diagnosis:
    """Explain a DN in a domain that the server does not hold.

    :param contexts: DNs of the domains that the server holds.
    """
    asked, held = get_domain(dn), [get_domain(context) for context in contexts]
    cause = f"{role.noun} is in the domain {asked}, but this server holds {' and '.join(held)}"
    server = f"set O(server_uri) to a server of the domain {asked}, or O(domain) to {asked}"
    similar = next((name for name in held if _is_similar_domain(asked, name)), None)
    if similar:
        right = contexts[held.index(similar)]
        remedy = (
            f"End {role.option} with {right} if {similar} is the right domain; otherwise, {server}"
        )
    else:
        remedy = f"Correct {role.option}, or {server}"
    return Diagnosis(cause, remedy)


def _is_similar_domain(asked: str, held: str) -> bool:
    # A template might have added the DN of the domain twice.
    if asked == f"{held}.{held}":
        return True
    labels, held_labels = asked.split("."), held.split(".")
    while labels and held_labels and labels[-1] == held_labels[-1]:
        labels.pop()
        held_labels.pop()
    return bool(difflib.get_close_matches(".".join(labels), [".".join(held_labels)]))


def _class_filter(classes: Sequence[str]) -> str:
    return filter_or(filter_equals("objectClass", name) for name in classes)


def _search(session: LdapSession, base: str, scope: str, search_filter: str) -> list[str]:
    """Return the DNs of entries; empty if the base does not exist, or the server refuses the search.

    :raises DirectoryError: if the server does not respond.
    """
    connection = session.connection
    try:
        connection.search(
            base,
            search_filter,
            scope,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=["1.1"],
            size_limit=_SIZE_LIMIT,
            time_limit=_TIME_LIMIT,
        )
    except FAILURES as error:
        # Leftover bytes of a broken response must not be parsed as the next response.
        close(connection)
        raise DirectoryError(f"Cannot read {base}", *explain_failure(error, None)) from None
    return list(_entry_names(connection.response or ()))


def _entry_names(responses: Sequence[dict[str, object]]) -> Iterator[str]:
    return (str(each["dn"]) for each in responses if each["type"] == "searchResEntry")
