# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the reported problems of servers and sources, with their causes and remedies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._certificate import (
    Certificate,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_rule import (
    compile_location_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.source_statistics import (
    SourceStatistics,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import (
    Account,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    OBJECT_GUID,
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
    find_self_writable_attributes,
    find_server_differences,
    find_server_problems,
    find_source_problems,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    Source,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
URI = "ldaps://dc1"
SETTINGS = ConnectionSettings([URI], Account("simple", "svc", "pw"), False, True, None, 1, 1)


def _certificate(valid_for: timedelta) -> Certificate:
    return Certificate(
        "CN=dc1", "CN=Corp CA", ["dc1.corp.example"], NOW - timedelta(1), NOW + valid_for
    )


def _probe(
    valid_for: timedelta = timedelta(90), *, is_unencrypted: bool = False, clock: str = ""
) -> Probe:
    """Return the probe of a server that accepts the account.

    :param valid_for: remaining validity of the server's certificate.
    :param is_unencrypted: whether the connection is unencrypted.
    :param clock: value of currentTime in the root DSE; empty if it is missing.
    """
    probe = Probe(URI)
    probe.tls = TlsInfo("TLSv1.3", "A", _certificate(valid_for))
    probe.session = LdapSession(URI, None, True, OBJECT_GUID, is_unencrypted=is_unencrypted)
    probe.root_dse = RootDse({"currenttime": [clock]})
    return probe


def test_a_correctly_configured_server_has_no_problems() -> None:
    assert find_server_problems(_probe(clock="20261124115501.0Z"), SETTINGS, NOW) == []


@pytest.mark.parametrize(
    ("probe", "settings", "cause"),
    [
        (
            _probe(timedelta(12)),
            SETTINGS,
            "its certificate expires in 12 days, on 2026-12-06",
        ),
        (_probe(timedelta(30)), SETTINGS, "its certificate expires in 30 days, on 2026-12-24"),
        (
            _probe(),
            replace(SETTINGS, validate_certs=False),
            "its certificate is not verified: an attacker on the network can read and alter everything",
        ),
        (
            _probe(is_unencrypted=True),
            SETTINGS,
            "personal data is transferred unencrypted and can be read and altered in transit",
        ),
        (
            _probe(clock="20261124120501.0Z"),
            SETTINGS,
            "its clock differs from this host's by +301 s",
        ),
        (
            _probe(clock="20261124115459.0Z"),
            SETTINGS,
            "its clock differs from this host's by -301 s",
        ),
    ],
)
def test_a_server_that_accepts_the_account_can_have_problems(
    probe: Probe, settings: ConnectionSettings, cause: str
) -> None:
    (problem,) = find_server_problems(probe, settings, NOW)
    assert (problem.where, problem.cause) == (URI, cause)
    assert problem.remedy


@pytest.mark.parametrize("error_class", [DirectoryError, ServerError])
def test_an_error_is_a_problem(error_class: type[DirectoryError]) -> None:
    probe = _probe()
    probe.session, probe.error = None, error_class("Cannot bind", "it is locked", "Unlock it")
    (problem,) = find_server_problems(probe, SETTINGS, NOW)
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


def _result(
    minimum: int, *people: tuple[str, str, str], excluded: int = 0
) -> tuple[Source, SourceStatistics]:
    """Return a source and its statistics.

    :param minimum: minimum number of contacts of the source.
    :param people: values of mobile, pager and sn of each person.
    :param excluded: number of excluded people.
    """
    statistics = SourceStatistics(COLUMNS)
    assert statistics.attributes == ("mobile", "pager", "sn")
    for number, values in enumerate(people):
        statistics.add(str(number), [value.encode() for value in values], "oslo")
    if excluded:
        statistics.excluded_by_option["O(exclude_ous)"] = excluded
    return Source("source 1", "oslo", Query("OU=Oslo", "subtree", ""), minimum), statistics


SESSION = LdapSession(URI, None, True, OBJECT_GUID)
LIE = ("+4722123456", "", "Lie")


@pytest.mark.parametrize(
    ("result", "has_entries", "causes"),
    [
        (
            _result(1, LIE),
            False,
            ["no entry has the attribute pager, which the column Mobile uses: "],
        ),
        (_result(0), False, []),
        (
            _result(1),
            False,
            [
                "the bind account sees nothing below OU=Oslo: it is empty, or the account is not allowed to read it"
            ],
        ),
        (
            _result(1),
            True,
            ["no people were found in OU=Oslo, although the bind account sees other entries"],
        ),
        (
            _result(1, excluded=3),
            True,
            [
                "too few contacts in OU=Oslo: 0, but O(sources[].minimum) is 1; people found: 3; excluded by O("
            ],
        ),
        (_result(0, excluded=3), True, []),
        (
            _result(2, LIE, ("", "+4722123457", "")),
            False,
            [
                "too few contacts in OU=Oslo: 1, but O(sources[].minimum) is 2; people found: 2; without a "
            ],
        ),
        (
            _result(1, ("", "", "Lie")),
            False,
            ["no entry has the attribute mobile, ", "no entry has the attribute pager, "],
        ),
        (
            _result(1, ("12", "13", "Lie")),
            False,
            ["the column Mobile is empty for everyone"],
        ),
    ],
)
def test_problems_of_a_source_are_reported_with_their_causes(
    result: tuple[Source, SourceStatistics], has_entries: bool, causes: list[str]
) -> None:
    problems = find_source_problems(SESSION, [result], {"source 1": has_entries}, COLUMNS)
    assert len(problems) == len(causes)
    for problem, cause in zip(problems, causes):
        assert problem.cause.startswith(cause)
        assert problem.where in (URI, f"source 1 on {URI}")
        assert problem.remedy


def test_an_attribute_that_one_source_has_can_be_missing_from_the_others() -> None:
    results = [
        _result(1, ("+4722123456", "+4722123457", "Lie")),
        _result(1, ("", "", "Berg")),
        _result(0),
    ]
    assert find_source_problems(SESSION, results, {"source 1": False}, COLUMNS) == []


def test_different_numbers_of_people_on_two_servers_are_a_problem() -> None:
    counts = {"source 1": {"ldaps://dc1": 3, "ldaps://dc2": 2}, "source 2": {"ldaps://dc1": 3}}
    (problem,) = find_server_differences(counts)
    assert problem.where == "source 1"
    assert problem.cause == (
        "the servers return different numbers of people: 3 on ldaps://dc1, 2 on ldaps://dc2"
    )


@pytest.mark.parametrize(
    ("expression", "names"),
    [("l", ["l"]), ("all['l;lang-el'] | first", ["l"]), ("department", [])],
)
def test_location_rules_that_read_self_writable_attributes_are_found(
    expression: str, names: list[str]
) -> None:
    rule = compile_location_rule(expression, ["oslo"], "the rule")
    query = Query("OU=Oslo", "subtree", "")
    source = Source("source 1", "", query, 1, location_rule=rule)
    assert find_self_writable_attributes(source) == names
