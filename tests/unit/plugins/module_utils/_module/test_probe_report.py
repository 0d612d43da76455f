# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what was found out to what is wrong, why, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.source_statistics import (
    SourceStatistics,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import (
    Account,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.certificate import (
    Certificate,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.probe import (
    Probe,
    TlsInfo,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.root_dse import (
    RootDse,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.probe_report import (
    Problem,
    difference_problems,
    people_problems,
    server_problems,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    Source,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
URI = "ldaps://dc1"
ACCESS = ConnectionSettings([URI], Account("simple", "svc", "pw"), False, True, None, 1, 1)


def certificate(left: timedelta) -> Certificate:
    return Certificate("CN=dc1", "CN=Corp CA", ["dc1.corp.example"], NOW - timedelta(1), NOW + left)


def probe(left: timedelta = timedelta(90), *, clear: bool = False, clock: str = "") -> Probe:
    found = Probe(URI)
    found.tls = TlsInfo("TLSv1.3", "A", certificate(left))
    found.session = LdapSession(URI, None, True, is_in_clear=clear)
    found.root = RootDse({"currenttime": [clock]})
    return found


def test_nothing_is_wrong() -> None:
    assert server_problems(probe(clock="20261124115501.0Z"), ACCESS, NOW) == []


@pytest.mark.parametrize(
    ("found", "access", "cause"),
    [
        (
            probe(timedelta(12)),
            ACCESS,
            "its certificate expires in 12 days, on 2026-12-06",
        ),
        (probe(timedelta(30)), ACCESS, "its certificate expires in 30 days, on 2026-12-24"),
        (
            probe(),
            ACCESS._replace(validate_certs=False),
            "its certificate is not verified: an attacker on the network can read and alter everything",
        ),
        (
            probe(clear=True),
            ACCESS,
            "personal data is transferred unencrypted and can be read and altered in transit",
        ),
        (
            probe(clock="20261124120501.0Z"),
            ACCESS,
            "its clock differs from this host's by +301 s",
        ),
        (
            probe(clock="20261124115459.0Z"),
            ACCESS,
            "its clock differs from this host's by -301 s",
        ),
    ],
)
def test_what_is_wrong_though_the_account_is_let_in(
    found: Probe, access: ConnectionSettings, cause: str
) -> None:
    (problem,) = server_problems(found, access, NOW)
    assert (problem.where, problem.cause) == (URI, cause)
    assert problem.remedy


def test_a_certificate_that_is_not_trusted_is_shown() -> None:
    found = probe(timedelta(-1))
    found.session, found.error = None, ServerError("Cannot connect", "it has expired", "Renew it")
    (problem,) = server_problems(found, ACCESS, NOW)
    assert problem == Problem(
        URI,
        "Cannot connect: it has expired; it presents a certificate for dc1.corp.example, issued by"
        " CN=Corp CA, valid from 2026-11-23 to 2026-11-23",
        "Renew it",
    )


def test_a_refused_account_has_nothing_to_do_with_the_certificate() -> None:
    found = probe()
    found.session, found.error = None, DirectoryError("Cannot bind", "it is locked", "Unlock it")
    (problem,) = server_problems(found, ACCESS, NOW)
    assert problem == Problem(URI, "Cannot bind: it is locked", "Unlock it")
    assert str(problem) == "ldaps://dc1: Cannot bind: it is locked. Unlock it."


COLUMNS = compile_columns(
    [
        {"header": "Name", "value": "sn", "required": True},
        {"header": "Mobile", "value": "mobile or pager", "phone_style": "e164"},
        {"header": "Site", "value": "location"},
    ],
    all_global=False,
)


def read(
    minimum: int, *people: tuple[str, str, str], excluded: int = 0
) -> tuple[Source, SourceStatistics]:
    """A source that gave people with a mobile, a pager and a last name."""
    survey = SourceStatistics(COLUMNS)
    assert survey.attributes == ("mobile", "pager", "sn")
    for number, values in enumerate(people):
        survey.add(str(number), [value.encode() for value in values], "oslo")
    survey.excluded = excluded
    return Source("source 1", "oslo", Query("OU=Oslo", "subtree", ""), minimum), survey


LIE = ("+4722123456", "", "Lie")


@pytest.mark.parametrize(
    ("given", "shown", "causes"),
    [
        (read(1, LIE), False, ["no entry has the attribute pager: "]),
        (read(0), False, []),
        (
            read(1),
            False,
            [
                "the bind account sees nothing below OU=Oslo: it is empty, or the account may not read it"
            ],
        ),
        (
            read(1),
            True,
            ["no people found in OU=Oslo, although the bind account sees other entries"],
        ),
        (read(1, excluded=3), True, ["everyone found in OU=Oslo is excluded: 3 people"]),
        (read(0, excluded=3), True, []),
        (
            read(2, LIE, ("", "+4722123457", "")),
            False,
            [
                "only 1 of 2 people have a valid row, and minimum is 2 (Name is empty: 1)",
            ],
        ),
        (
            read(1, ("", "", "Lie")),
            False,
            ["no entry has the attribute mobile: ", "no entry has the attribute pager: "],
        ),
        (
            read(1, ("12", "13", "Lie")),
            False,
            ["the column Mobile is empty for everyone"],
        ),
    ],
)
def test_what_is_wrong_with_people(
    given: tuple[Source, SourceStatistics], shown: bool, causes: list[str]
) -> None:
    problems = people_problems(URI, [given], {"source 1": shown})
    assert len(problems) == len(causes)
    for problem, cause in zip(problems, causes):
        assert problem.cause.startswith(cause)
        assert problem.where in (URI, f"source 1 on {URI}")
        assert problem.remedy


def test_what_one_source_has_no_other_needs_to_have() -> None:
    reads = [read(1, ("+4722123456", "+4722123457", "Lie")), read(1, ("", "", "Berg")), read(0)]
    assert people_problems(URI, reads, {"source 1": False}) == []


def test_servers_that_do_not_hold_the_same() -> None:
    counts = {"source 1": {"ldaps://dc1": 3, "ldaps://dc2": 2}, "source 2": {"ldaps://dc1": 3}}
    (problem,) = difference_problems(counts)
    assert problem.where == "source 1"
    assert problem.cause == (
        "its servers do not hold the same people: 3 on ldaps://dc1, 2 on ldaps://dc2"
    )
