# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ad_contacts_info does: look at each server and each source, and say what is wrong."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from .._contacts.columns import Column
from .._contacts.source_statistics import SourceStatistics
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.probe import Probe, probe_server
from .._directory.search import relevant_referrals
from .._directory.servers import find_servers
from .._directory.settings import Address, ConnectionSettings
from .._directory.tls import create_ssl_context
from .directory_options import parse_connection_settings
from .export_options import check_page_size
from .probe_report import (
    Problem,
    clock_offset,
    difference_problems,
    error_problem,
    people_problems,
    referral_problems,
    server_problems,
)
from .source_options import Source, parse_columns
from .source_reader import SourceReader


class Info(NamedTuple):
    """What was found out.

    :ivar servers: for each server, in their order, what it is and what it gives.
    :ivar problems: what is wrong.
    """

    servers: list[dict[str, Any]]
    problems: list[Problem]

    @property
    def result(self) -> dict[str, Any]:
        """What the module returns of it."""
        return {
            "servers": self.servers,
            "problems": [problem._asdict() for problem in self.problems],
        }

    @property
    def verdict(self) -> str:
        """All that is wrong, in one text."""
        listed = " ".join(f"({number}) {each}" for number, each in enumerate(self.problems, 1))
        return f"Problems found: {len(self.problems)}. {listed}"


class _Question(NamedTuple):
    """What is asked of each server."""

    access: ConnectionSettings
    context: ssl.SSLContext
    columns: Sequence[Column]
    sources: Sequence[Source]
    page_size: int
    object_types: Sequence[str]


class _Answer(NamedTuple):
    """What a server gave.

    :ivar read: the sources that could be read to their end.
    :ivar problems: why the others could not.
    """

    read: list[tuple[Source, SourceStatistics]]
    problems: list[Problem]


def info(
    params: Mapping[str, Any],
    default_columns: Sequence[Mapping[str, Any]],
    sources: Sequence[Source],
) -> Info:
    """Look at every server, and with each that lets the account in at every source.

    An account that one server refuses is not tried on the others, for that could lock it.

    :param sources: what `parse_sources` made of the same parameters.
    :raises InputError: for wrong options, before anything is asked.
    :raises LibraryError: when an option needs a library that is missing or too old.
    """
    check_page_size(params["page_size"])
    access = parse_connection_settings(params)
    question = _Question(
        access,
        create_ssl_context(access),
        parse_columns(params, default_columns, sources),
        sources,
        params["page_size"],
        params["object_types"],
    )
    try:
        addresses, notes = find_servers(access)
    except DirectoryError as error:
        return Info([], [error_problem(access.domain.name, error)])
    return _look_at(question, addresses, [Problem(access.domain.name, *note) for note in notes])


def _look_at(question: _Question, addresses: Sequence[Address], found: Sequence[Problem]) -> Info:
    access = question.access
    servers, problems = [], [*found]
    counts: dict[str, dict[str, int]] = {}
    is_refused = False
    for address in addresses:
        with probe_server(access, address, question.context, authenticate=not is_refused) as probe:
            is_refused = is_refused or probe.is_account_refused
            now = datetime.now(timezone.utc)
            answer = _ask(question, probe.session) if probe.session else _Answer([], [])
            problems += [*server_problems(probe, access, now), *answer.problems]
        servers.append(_server(probe, access, now, answer))
        for source, survey in answer.read:
            counts.setdefault(source.name, {})[probe.uri] = survey.entries
    return Info(servers, [*problems, *difference_problems(counts)])


def _ask(question: _Question, session: LdapSession) -> _Answer:
    """Read every source, and go on when one fails."""
    answer = _Answer([], [])
    people = SourceReader(session, question.page_size, question.object_types)
    shown: dict[str, bool] = {}
    for source in question.sources:
        placements = [source.placement] if source.placement else []
        try:
            entries = people.entries([source], question.columns)
            survey = SourceStatistics(question.columns, placements, entries)
            for page in people.pages(source, survey.attributes):
                for entry in page:
                    survey.add(*entry, source.place)
            survey.excluded = people.excluded[source.name]
            if not survey.entries:
                # Asked now, for what follows may end the session.
                shown[source.name] = people.shows_anything(source)
            answer.read.append((source, survey))
        except DirectoryError as error:
            answer.problems.append(error_problem(session.uri, error))
            if session.connection.closed:
                break
    answer.problems.extend(people_problems(session.uri, answer.read, shown))
    answer.problems.extend(referral_problems(session.uri, relevant_referrals(people.references)))
    return answer


def _server(
    probe: Probe, access: ConnectionSettings, now: datetime, answer: _Answer
) -> dict[str, Any]:
    """What the module returns of one server."""
    offset = clock_offset(probe, now)
    certificate = probe.tls.certificate if probe.tls else None
    return {
        "uri": probe.uri,
        "resolved": list(probe.resolved),
        "address": probe.address,
        "tls_version": probe.tls.version if probe.tls else "",
        "tls_cipher": probe.tls.cipher if probe.tls else "",
        "certificate": certificate.result(now) if certificate else {},
        "sealed": probe.session is not None and probe.session.has_sasl_layer,
        "auth_protocol": access.account.auth_protocol,
        "account": str(access.account),
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
                "locations": source.locations if source.placement else [],
                "search_base": source.query.search_base,
                "member_of": list(source.groups),
                **survey.result(),
            }
            for source, survey in answer.read
        ],
    }
