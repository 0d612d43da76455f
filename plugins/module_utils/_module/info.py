# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Implementation of ad_contacts_info: examine every server and every source, and report problems."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .._contacts.model import MAX_LISTED, MappedPage
from .._contacts.source_statistics import SourceStatistics
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.name_resolution import read_with_resolved_names
from .._directory.probe import Probe, probe_server
from .._directory.search import select_people_references
from .._directory.servers import find_servers
from .._directory.settings import Address, ConnectionSettings
from .._directory.tls import create_ssl_context
from .._roster.builder import RosterBuilder
from .._roster.external_sort import open_spill_area
from .._roster.overlaps import Overlap
from .._roster.writer import summarize_contested
from .._text import make_values_printable
from .export_options import ReadOptions
from .incomplete_sources import (
    explain_foreign_members,
    explain_global_catalog,
    explain_unknown_attributes,
)
from .probe_report import (
    Problem,
    calculate_clock_offset,
    find_contested_problems,
    find_missing_attribute_problems,
    find_overlap_notes,
    find_reference_problems,
    find_server_differences,
    find_server_problems,
    find_source_notes,
    find_source_problems,
    problem_from_error,
)
from .source_checks import find_repeated_sources
from .source_options import Source
from .source_reader import SourceReader


class Info(NamedTuple):
    """Findings about all servers.

    :ivar servers: properties of each server and its sources, in the order of the servers.
    :ivar problems: problems of the DNS lookup, then repeated sources, then problems of each server in order, then
        differences between the servers.
    :ivar notes: findings that may be intended, but that an administrator should know about.
    """

    servers: list[dict[str, Any]]
    problems: list[Problem]
    notes: list[Problem]

    @property
    def result(self) -> dict[str, Any]:
        """The module's result."""
        return {
            "servers": make_values_printable(self.servers),
            "problems": [problem._asdict() for problem in self.problems],
            "notes": [note._asdict() for note in self.notes],
        }

    @property
    def message(self) -> str:
        """Error message that lists all problems."""
        listed = " ".join(f"({number}) {item}" for number, item in enumerate(self.problems, 1))
        return f"Problems found: {len(self.problems)}. {listed}"


@dataclass(frozen=True)
class _Examination:
    """Findings about the sources on one server.

    :ivar sources: sources that were read completely, each with its statistics.
    :ivar problems: problems of all sources on this server.
    :ivar notes: findings that are not necessarily problems.
    :ivar overlaps: pairs of locations at which the same people were found.
    """

    sources: list[tuple[Source, SourceStatistics]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)


def collect_info(options: ReadOptions) -> Info:
    """Examine every server and, on each one that accepts the account, every source.

    After a server has rejected the account, no bind is attempted on the remaining servers, because repeated failures
    could lock the account.

    :raises InputError: if the connection settings are invalid (nothing is then read), or if a regular expression takes
        too long for too many people.
    :raises LibraryError: if an option needs a library that is missing or too old.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    settings = options.connection
    context = create_ssl_context(settings)
    try:
        addresses, notes = find_servers(settings)
    except DirectoryError as error:
        return Info([], [problem_from_error(settings.domain.name, error)], [])
    problems = [Problem(settings.domain.name, *note) for note in notes]
    problems += [Problem(*repeated) for repeated in find_repeated_sources(options.sources)]
    return _examine_servers(options, context, addresses, problems)


def _examine_servers(
    options: ReadOptions,
    context: ssl.SSLContext,
    addresses: Sequence[Address],
    first_problems: Sequence[Problem],
) -> Info:
    settings = options.connection
    servers, problems = [], [*first_problems]
    notes: list[Problem] = []
    people: dict[str, dict[str, int]] = {}
    is_rejected = False
    for address in addresses:
        with probe_server(settings, address, context, authenticate=not is_rejected) as probe:
            is_rejected = is_rejected or probe.is_account_refused
            now = datetime.now(timezone.utc)
            examination = (
                read_with_resolved_names(partial(_examine_sources, options), probe.session)
                if probe.session
                else _Examination()
            )
            problems += [*find_server_problems(probe, settings, now), *examination.problems]
            notes += examination.notes
            if probe.session and probe.session.is_active_directory:
                notes += find_source_notes(probe.uri, options.sources)
        servers.append(_describe_server(probe, settings, now, examination))
        for source, statistics in examination.sources:
            people.setdefault(source.name, {})[probe.uri] = statistics.entries
    return Info(servers, [*problems, *find_server_differences(people)], notes)


def _examine_sources(options: ReadOptions, session: LdapSession) -> _Examination:
    """Read every source on one server, and return the findings.

    A failure in one source does not stop the others from being read, unless it ends the session.
    """
    with open_spill_area(Path(tempfile.gettempdir())) as spill:
        locations = [source.roster_locations for source in options.sources]
        builder = RosterBuilder(options.columns, locations, spill)
        examination = _read_sources(options, session, builder)
        roster = builder.build()
        contested = list(summarize_contested(roster.contested()))
        examination.problems.extend(find_contested_problems(session.uri, contested))
        examination.overlaps.extend(roster.overlaps[:MAX_LISTED])
        examination.notes.extend(find_overlap_notes(session.uri, examination.overlaps))
    return examination


def _read_sources(
    options: ReadOptions, session: LdapSession, builder: RosterBuilder
) -> _Examination:
    """Read every source on one server, and return the findings about individual sources.

    :param builder: builder of a roster to which the people are added.
    """
    examination = _Examination()
    reader = SourceReader(session, options.page_size, options.object_types)
    has_entries: dict[str, bool] = {}
    for number, source in enumerate(options.sources):
        try:
            statistics = _read_statistics(
                options, reader, source, partial(builder.add_page, source=number)
            )
            if not statistics.entries:
                # Check now, because reading a later source may end the session.
                has_entries[source.name] = reader.can_see_entries(source)
            examination.sources.append((source, statistics))
        except DirectoryError as error:
            examination.problems.append(problem_from_error(session.uri, error))
            if session.connection.closed:
                break
    examination.problems.extend(
        find_source_problems(session, examination.sources, has_entries, options.columns)
    )
    examination.problems.extend(
        find_missing_attribute_problems(
            session,
            [*reader.unused_start_attributes, *reader.missing_attributes],
            options.sources,
        )
    )
    examination.problems.extend(
        Problem(session.uri, *each)
        for each in (
            *explain_global_catalog(session),
            *explain_foreign_members(reader.foreign_members),
            *explain_unknown_attributes(reader),
        )
    )
    examination.problems.extend(
        find_reference_problems(session.uri, select_people_references(reader.references))
    )
    return examination


def _read_statistics(
    options: ReadOptions,
    reader: SourceReader,
    source: Source,
    add_page: Callable[[MappedPage], None],
) -> SourceStatistics:
    rules = [source.location_rule] if source.location_rule else []
    values = reader.read_referenced_values([source], options.columns)
    statistics = SourceStatistics(options.columns, rules, values)
    for page in reader.read_pages(source, statistics.attributes):
        people = [statistics.add(*entry, source.location_or_rule) for entry in page]
        add_page(MappedPage.from_people(people))
    statistics.excluded_by_option = reader.excluded[source.name]
    return statistics


def _describe_server(
    probe: Probe, settings: ConnectionSettings, now: datetime, examination: _Examination
) -> dict[str, Any]:
    """Return the part of the module's result that describes one server."""
    offset = calculate_clock_offset(probe, now)
    certificate = probe.tls.certificate if probe.tls else None
    return {
        "uri": probe.uri,
        "resolved": list(probe.resolved),
        "address": probe.address,
        "tls_version": probe.tls.version if probe.tls else "",
        "tls_cipher": probe.tls.cipher if probe.tls else "",
        "certificate": certificate.result(now) if certificate else {},
        "sealed": probe.session is not None and probe.session.has_sasl_layer,
        "auth_protocol": settings.account.auth_protocol,
        "account": str(settings.account),
        "bound": probe.session is not None,
        "authorization_id": probe.authorization_id,
        "product": probe.root_dse.product,
        "version": probe.root_dse.version,
        "dns_host_name": probe.root_dse.get_first("dnshostname"),
        "naming_contexts": list(probe.root_dse.get_all("namingcontexts")),
        "sasl_mechanisms": list(probe.root_dse.get_all("supportedsaslmechanisms")),
        "clock_offset": None if offset is None else round(offset.total_seconds()),
        "sources": [
            {
                "name": source.name,
                "location": source.location,
                "locations": source.locations if source.location_rule else [],
                "search_base": source.query.search_base,
                "member_of": list(source.groups),
                **statistics.result(),
            }
            for source, statistics in examination.sources
        ],
        "overlaps": [
            {"locations": list(each.locations), "count": each.count}
            for each in examination.overlaps
        ],
    }
