# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what was found out about a directory to what is wrong with it, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .._contacts.source_statistics import SourceStatistics
from .._directory.certificate import Certificate
from .._directory.diagnosis import DirectoryError
from .._directory.probe import Probe
from .._directory.settings import ConnectionSettings
from .source_options import Source

SOON = timedelta(days=30)
"""A certificate that ends within this time is a problem already."""
_SKEW = timedelta(minutes=5)  # what Kerberos permits by default (RFC 4120, 1.6; MS-KILE 3.1.1)

Read = Sequence[tuple[Source, SourceStatistics]]
"""The sources that a server gave, and what was seen in them."""


class Problem(NamedTuple):
    """Something that an administrator should do something about.

    :ivar where: the server or the source.
    :ivar cause: what is wrong; nobody's value is in it.
    :ivar remedy: what to do about it; a sentence without its full stop.
    """

    where: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.cause.rstrip('.')}. {self.remedy.rstrip('.')}."


def error_problem(where: str, error: DirectoryError) -> Problem:
    """What went wrong, as a problem."""
    return Problem(where, f"{error.action}: {error.cause}", error.remedy)


def server_problems(probe: Probe, access: ConnectionSettings, now: datetime) -> list[Problem]:
    """What is wrong with a server, whoever is in its directory."""
    problems = []
    certificate = probe.tls.certificate if probe.tls else None
    if probe.error:
        problem = error_problem(probe.uri, probe.error)
        # Only then is there a certificate and no answer to anything.
        if certificate and not probe.session and not probe.account_is_refused:
            problem = problem._replace(cause=f"{problem.cause}; {_shown(certificate)}")
        problems.append(problem)
    if certificate:
        problems += _problems_of_certificate(probe.uri, certificate, now)
    if probe.tls and not access.validate_certs:
        cause = "its certificate is not verified: whoever is on the network can read and alter all"
        remedy = "Set validate_certs: true, and ca_path to the authority's certificate"
        problems.append(Problem(probe.uri, cause, remedy))
    if probe.session and probe.session.is_in_clear:
        cause = "people's data cross the network in clear, and can be read and altered on the way"
        problems.append(Problem(probe.uri, cause, "Use ldaps://, or start_tls: true"))
    offset = clock_offset(probe, now)
    if offset is not None and abs(offset) > _SKEW:
        cause = f"its clock differs from this host's by {offset.total_seconds():+.0f} s"
        problems.append(Problem(probe.uri, cause, "Set both by the same time servers"))
    return problems


def clock_offset(probe: Probe, now: datetime) -> timedelta | None:
    """How far the server's clock goes before this host's; None when the server does not say."""
    return probe.root.clock - now if probe.root.clock else None


def _shown(certificate: Certificate) -> str:
    names = ", ".join(certificate.names) or "no name"
    return (
        f"it shows a certificate for {names}, issued by {certificate.issuer},"
        f" valid from {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}"
    )


def _problems_of_certificate(where: str, certificate: Certificate, now: datetime) -> list[Problem]:
    if not now <= certificate.not_after <= now + SOON:
        return []
    days = certificate.days_left(now)
    cause = f"its certificate ends in {days} days, on {certificate.not_after:%Y-%m-%d}"
    return [Problem(where, cause, "Renew it before")]


def people_problems(server: str, read: Read, shown: Mapping[str, bool]) -> list[Problem]:
    """What is wrong with the people that a server gave.

    :param shown: for sources that gave nobody, by name, whether the server shows anything below their base.
    """
    problems = []
    for source, survey in read:
        where = f"{source.name} on {server}"
        if not survey.entries and survey.excluded and source.minimum:
            problems.append(_all_excluded(where, source, survey))
        elif not survey.entries and source.minimum:
            problems.append(_nobody(where, source, shown[source.name]))
        elif survey.contacts < source.minimum:
            problems.append(_too_few(where, source, survey))
    return problems + _problems_of_columns(server, read)


def _all_excluded(where: str, source: Source, survey: SourceStatistics) -> Problem:
    cause = f"everybody who is found in {source.where} is excluded: {survey.excluded}"
    return Problem(where, cause, "Correct what excludes them, or set minimum: 0")


def _nobody(where: str, source: Source, something_is_shown: bool) -> Problem:
    if something_is_shown:
        cause = (
            f"nobody is found in {source.where}, though the bind account sees other objects there"
        )
        return Problem(
            where, cause, "Correct the filter, or set minimum: 0 if nobody is to be there"
        )
    cause = f"nothing is shown of {source.where}: it is empty, or the bind account may not read it"
    remedy = "Give the account the rights to list and to read there, or set minimum: 0 if nobody is to be there"
    return Problem(where, cause, remedy)


def _too_few(where: str, source: Source, survey: SourceStatistics) -> Problem:
    causes = "; ".join(f"{cause}: {count}" for cause, count in survey.causes.most_common(5))
    cause = f"only {survey.contacts} of {survey.entries} people have a valid row, and minimum is {source.minimum}"
    remedy = "Correct these people in the directory, the columns, or minimum"
    return Problem(where, f"{cause} ({causes})" if causes else cause, remedy)


def _problems_of_columns(server: str, read: Read) -> list[Problem]:
    """What nobody in any source has: in one source it may just be so."""
    surveys = [survey for _source, survey in read if survey.entries]
    if not surveys:
        return []
    lacking = set.intersection(*(set(survey.unseen_attributes) for survey in surveys))
    problems = [
        Problem(
            server,
            f"nobody has the attribute {name}: it is filled in for nobody, or the bind account may not read it",
            "Give the account the right to read it, or correct the columns that use it",
        )
        for name in sorted(lacking)
    ]
    empty: dict[str, int] = {}
    for survey in surveys:
        for cells in survey.empty_columns:
            if not set(cells.attributes) <= lacking:
                empty[cells.column] = empty.get(cells.column, 0) + cells.empty
    people = sum(survey.entries for survey in surveys)
    return problems + [
        Problem(server, f"the column {column} is empty for everybody", "Correct its value")
        for column, count in empty.items()
        if count == people
    ]


def referral_problems(server: str, references: Sequence[str]) -> list[Problem]:
    """Where there may be more people."""
    return [
        Problem(
            server,
            f"it refers to {uri} for a part of a source, and whoever is there is missing",
            "Read that part from the server that holds it, or narrow the source",
        )
        for uri in references
    ]


def difference_problems(counts: Mapping[str, Mapping[str, int]]) -> list[Problem]:
    """Where servers do not hold the same.

    :param counts: by the name of a source, for each server that gave it the number of people.
    """
    return [
        Problem(
            source,
            "its servers do not hold the same people: "
            + ", ".join(f"{count} on {server}" for server, count in by_server.items()),
            "Check the replication between them, and that none is a global catalog, which has not all attributes",
        )
        for source, by_server in counts.items()
        if len(set(by_server.values())) > 1
    ]
