# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Problems of servers and sources that ad_contacts_info reports, each with its cause and remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .._attribute_description import split_description
from .._certificate import Certificate
from .._contacts.columns import Column
from .._contacts.model import GLOBAL_LOCATION
from .._contacts.source_statistics import SourceStatistics
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.filter_syntax import find_attributes
from .._directory.probe import Probe
from .._directory.settings import ConnectionSettings
from .._errors import Diagnosis
from .._roster.overlaps import Overlap
from .._roster.writer import ContestedColumn
from .._text import format_count, join_names
from .contested import CONTESTED_REMEDY, describe_contested
from .incomplete_sources import REFERRAL_REMEDY
from .missing_attributes import describe_usage, explain_missing_attribute
from .shortage import SourceCounts, explain_shortage, find_blamed_attributes
from .source_options import Source

EXPIRES_SOON = timedelta(days=30)
"""A certificate that expires within this period is reported as a problem."""
_CLOCK_SKEW = timedelta(minutes=5)  # Kerberos' default tolerance (RFC 4120, 1.6; MS-KILE 3.1.1)

# Attributes that people can change in their own entries in Active Directory: by default, the class user grants this
# for the property sets Personal-Information and Web-Information (MS-ADTS 3.1.1.2.3.3; MS-ADSC, user;
# attributeSecurityGUID in MS-ADA1 to MS-ADA3). Attributes that contain no text are omitted.
_SELF_WRITABLE_ATTRIBUTES = frozenset(
    {
        *("assistant", "c", "facsimiletelephonenumber", "homephone", "homepostaladdress", "info"),
        *("internationalisdnnumber", "ipphone", "l", "mobile"),
        *(f"msds-cloudextensionattribute{number}" for number in range(1, 21)),
        *("msds-externaldirectoryobjectid", "otherfacsimiletelephonenumber", "otherhomephone"),
        *("otheripphone", "othermobile", "otherpager", "othertelephone", "pager", "personaltitle"),
        *("physicaldeliveryofficename", "postaladdress", "postalcode", "postofficebox"),
        *("preferreddeliverymethod", "primaryinternationalisdnnumber", "primarytelexnumber"),
        *("registeredaddress", "st", "street", "streetaddress", "telephonenumber"),
        *("teletexterminalidentifier", "telexnumber", "url", "usersharedfolder"),
        *("usersharedfolderother", "wwwhomepage", "x121address"),
    }
)

SourceResults = Sequence[tuple[Source, SourceStatistics]]
"""Sources that were read completely from one server, each with its statistics."""


class Problem(NamedTuple):
    """A problem that an administrator should fix, or a note about a finding that may be intended.

    :ivar where: server, domain, source or location that is affected.
    :ivar cause: cause of the problem, or the finding; without personal data.
    :ivar remedy: remedy, as an imperative sentence; the final period may be omitted.
    """

    where: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.cause.rstrip('.')}. {self.remedy.rstrip('.')}."


def problem_from_error(where: str, error: DirectoryError) -> Problem:
    """Convert an error to a problem.

    :param where: server or domain to which the error applies.
    """
    return Problem(where, f"{error.action}: {error.cause}", error.remedy)


def find_server_problems(
    probe: Probe, settings: ConnectionSettings, now: datetime
) -> list[Problem]:
    """Find the problems of a server that do not depend on the entries in its directory.

    :param now: current time on this host.
    """
    problems = []
    certificate = probe.tls.certificate if probe.tls else None
    if probe.error:
        problems.append(problem_from_error(probe.uri, probe.error))
    if certificate:
        problems += _certificate_problems(probe.uri, certificate, now)
    if probe.tls and not settings.validate_certs:
        cause = "its certificate is not verified: an attacker on the network can read and alter everything"
        remedy = "Set O(validate_certs=true), and set O(ca_path) to the CA certificate"
        problems.append(Problem(probe.uri, cause, remedy))
    if probe.session and probe.session.is_unencrypted:
        cause = "personal data is transferred unencrypted and can be read and altered in transit"
        problems.append(Problem(probe.uri, cause, "Use ldaps://, or O(start_tls=true)"))
    offset = calculate_clock_offset(probe, now)
    if offset is not None and abs(offset) > _CLOCK_SKEW:
        cause = f"its clock differs from this host's by {offset.total_seconds():+.0f} s"
        problems.append(Problem(probe.uri, cause, "Synchronize both with the same time servers"))
    return problems


def calculate_clock_offset(probe: Probe, now: datetime) -> timedelta | None:
    """Calculate by how much the server's clock is ahead of this host's clock.

    :param now: current time on this host.
    :returns: the difference; None if the server does not report its time.
    """
    return probe.root_dse.clock - now if probe.root_dse.clock else None


def _certificate_problems(where: str, certificate: Certificate, now: datetime) -> list[Problem]:
    if not now <= certificate.not_after <= now + EXPIRES_SOON:
        return []
    days = certificate.days_left(now)
    period = {0: "less than 1 day", 1: "1 day"}.get(days, f"{days} days")
    cause = f"its certificate expires in {period}, on {certificate.not_after:%Y-%m-%d}"
    return [Problem(where, cause, "Renew it in time")]


def find_self_writable_attributes(source: Source) -> list[str]:
    """Return the attributes through which people can change their location, or whether a source finds them.

    Only the default permissions in Active Directory are considered.

    :returns: lowercase names of the attributes; the source's location rule, filters or start date use them.
    """
    names: set[str] = set()
    if source.location_rule is not None:
        expression = source.location_rule.expression
        names |= expression.attributes | {wanted for _naming, wanted in expression.lookups}
    for filters in source.filters.values():
        names.update(*map(find_attributes, filters))
    names.add(source.exclusion.start_attribute)
    return sorted({split_description(name)[0] for name in names} & _SELF_WRITABLE_ATTRIBUTES)


def find_source_notes(server: str, sources: Sequence[Source]) -> list[Problem]:
    """Return a note for each source whose people can change their location, or whether the source finds them.

    :param server: URI of an Active Directory server.
    """
    return [
        Problem(
            f"{source.name} on {server}",
            f"by default, people can change their own values of {join_names(names, len(names))}",
            "Use groups, OUs or attributes that only administrators can change, unless the default permissions have"
            " been restricted",
        )
        for source in sources
        if (names := find_self_writable_attributes(source))
    ]


def find_overlap_notes(server: str, overlaps: Sequence[Overlap]) -> list[Problem]:
    """Return a note for each pair of locations at which the same people were found.

    :param server: URI of the server from which the people were read.
    """
    return [
        Problem(
            server,
            f"{format_count(each.count, 'person is', 'people are')} at both {' and '.join(each.locations)}",
            "If this is not intended, correct the search base, the group or the filter of one of these locations",
        )
        for each in overlaps
    ]


def find_source_problems(
    session: LdapSession,
    results: SourceResults,
    has_entries: Mapping[str, bool],
    columns: Sequence[Column],
) -> list[Problem]:
    """Find the problems of the sources that were read from a server.

    :param session: session with the server.
    :param has_entries: whether the account can see any entry in the search base, by name of the source. Required
        only for sources without people.
    :param columns: columns of the roster.
    """
    problems = []
    for source, statistics in results:
        where = f"{source.name} on {session.uri}"
        if not statistics.entries and not statistics.excluded and source.minimum:
            problems.append(_no_people(where, source, has_entries[source.name]))
        elif statistics.contacts < source.minimum:
            problems.append(
                Problem(where, *_explain_shortage(session, source, statistics, columns))
            )
    return problems + _column_problems(session, results, columns)


def _no_people(where: str, source: Source, has_entries: bool) -> Problem:
    base = source.query.search_base
    if has_entries:
        cause = (
            f"no people were found in {source.description}, although the bind account sees other entries"
            f" {'there' if base else 'in the directory'}"
        )
        criteria = "group or the filter" if source.groups else "filter"
        remedy = (
            f"Correct the {criteria}, or set O(sources[].minimum=0) if an empty source is correct"
        )
    else:
        cause = (
            f"the bind account sees nothing below {base or 'the first naming context'}: it is empty,"
            " or the account is not allowed to read it"
        )
        remedy = (
            "Give the account permission to list and read its contents,"
            " or set O(sources[].minimum=0) if an empty source is correct"
        )
    return Problem(where, cause, remedy)


def _explain_shortage(
    session: LdapSession, source: Source, statistics: SourceStatistics, columns: Sequence[Column]
) -> Diagnosis:
    counts = SourceCounts(statistics.contacts, statistics.excluded_by_option, statistics.causes)
    unseen = statistics.unseen_attributes if counts.causes else ()
    missing = [
        explain_missing_attribute(
            session.attribute_names.explain_missing(name),
            session.uri,
            describe_usage(name, columns, [source]),
        )
        for name in find_blamed_attributes(columns, source, unseen)
    ]
    return explain_shortage(source, counts, missing)


def _column_problems(
    session: LdapSession, results: SourceResults, columns: Sequence[Column]
) -> list[Problem]:
    """Return a problem for each attribute that no entry has, and for each column that is empty for another reason.

    A column is reported if it is empty for everyone, although some entry has one of its attributes. A column that is
    empty in only some of the sources is not necessarily a problem.
    """
    all_statistics = [statistics for _source, statistics in results if statistics.entries]
    if not all_statistics:
        return []
    missing = set.intersection(
        *(set(statistics.unseen_attributes) for statistics in all_statistics)
    )
    sources = [source for source, _statistics in results]
    problems = [
        _missing_attribute(session, name, describe_usage(name, columns, sources))
        for name in sorted(missing)
    ]
    empty: dict[str, int] = {}
    for statistics in all_statistics:
        for cells in statistics.empty_columns:
            if not set(cells.attributes) <= missing:
                empty[cells.column] = empty.get(cells.column, 0) + cells.empty
    people = sum(statistics.entries for statistics in all_statistics)
    return problems + [
        Problem(
            session.uri,
            f"the column {column} is empty for everyone",
            "Correct O(columns[].value) of the column, O(phone_region) or the values in the directory",
        )
        for column, count in empty.items()
        if count == people
    ]


def find_missing_attribute_problems(
    session: LdapSession, names: Sequence[str], sources: Sequence[Source]
) -> list[Problem]:
    """Return a problem for each start attribute, and for each attribute read with of_entry, that no entry has.

    :param session: session with the server.
    :param names: descriptions of these attributes, from `SourceReader`.
    """
    return [_missing_attribute(session, name, describe_usage(name, (), sources)) for name in names]


def _missing_attribute(session: LdapSession, name: str, usage: str) -> Problem:
    missing = session.attribute_names.explain_missing(name)
    return Problem(session.uri, *explain_missing_attribute(missing, session.uri, usage))


def find_contested_problems(server: str, contested: Sequence[ContestedColumn]) -> list[Problem]:
    """Return a problem for each location and unique column in which several people have the same value.

    :param server: URI of the server from which the people were read.
    """
    return [
        Problem(
            f"{each.location or GLOBAL_LOCATION} on {server}",
            f"in the unique column {each.column!r}, {describe_contested(each)}",
            CONTESTED_REMEDY,
        )
        for each in contested
    ]


def find_reference_problems(server: str, references: Sequence[str]) -> list[Problem]:
    """Return a problem for each continuation reference, because references are not followed.

    :param server: URI of the server that returned the references.
    :param references: URIs in the references.
    """
    return [
        Problem(
            server,
            f"it returned a referral to {uri} for part of a source, and the people there are missing",
            REFERRAL_REMEDY,
        )
        for uri in references
    ]


def find_server_differences(counts: Mapping[str, Mapping[str, int]]) -> list[Problem]:
    """Return a problem for each source from which the servers returned different numbers of people.

    :param counts: number of people by name of the source, then by URI of the server.
    """
    return [
        Problem(
            source,
            "the servers return different numbers of people: "
            + ", ".join(f"{count} on {server}" for server, count in by_server.items()),
            "Check the replication between the servers, and make sure that none of them is a global catalog,"
            " which lacks some attributes",
        )
        for source, by_server in counts.items()
        if len(set(by_server.values())) > 1
    ]
