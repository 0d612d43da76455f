# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the properties and problems that are reported for directory servers on the loopback interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    Diagnosis,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import info as module_info
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.info import Info
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.probe_report import Problem
from ansible_collections.frontdesk.contacts.tests.unit.support.info_runs import (
    ROOT_DSE,
    PeopleDirectory,
    person,
    run_info,
    serve_directories,
    source_in,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port


def test_a_correctly_configured_server_has_no_problems(tmp_path: Path) -> None:
    directory = PeopleDirectory(a=[person(1), person(2, mobile=[])], b=[person(3)])
    with serve_directories(tmp_path, directory) as options:
        report = run_info(
            source_in("a", location="oslo"), source_in("b", location="bergen"), **options
        )
    (uri,) = options["server_uri"]
    assert report.problems == []
    assert report.result["problems"] == []
    (server,) = report.result["servers"]
    sources = server.pop("sources")
    certificate = server.pop("certificate")
    assert "127.0.0.1" in server.pop("resolved")
    assert server.pop("tls_version").startswith("TLSv1.")
    assert server.pop("tls_cipher")
    assert certificate["names"] == ["localhost"]
    assert server == {
        "uri": uri,
        "address": "127.0.0.1",
        "sealed": False,
        "auth_protocol": "simple",
        "account": "as cn=svc",
        "bound": True,
        "authorization_id": "",
        "product": "Somebody",
        "version": "",
        "dns_host_name": "",
        "naming_contexts": ["dc=x"],
        "sasl_mechanisms": [],
        "clock_offset": None,
        "overlaps": [],
    }
    assert [
        (source["name"], source["location"], source["search_base"], source["entries"])
        for source in sources
    ] == [
        ("source 1 (location 'oslo')", "oslo", "ou=a,dc=x", 2),
        ("source 2 (location 'bergen')", "bergen", "ou=b,dc=x", 1),
    ]
    assert [source["contacts"] for source in sources] == [2, 1]
    assert sources[1]["samples"][0]["Location"] == "bergen"


def test_an_unencrypted_connection_has_no_certificate(tmp_path: Path) -> None:
    with (
        serve_directories(tmp_path) as options,
        ldap_server(PeopleDirectory(a=[person(1)])) as port,
    ):
        options.update(
            server_uri=[f"ldap://localhost:{port}"],
            auth_protocol="anonymous",
            bind_dn=None,
            bind_pw=None,
        )
        (server,) = run_info(source_in("a"), **options).servers
    assert (server["tls_version"], server["tls_cipher"], server["certificate"]) == ("", "", {})
    assert (server["bound"], server["account"]) == (True, "anonymously")


def test_the_clock_offset_is_a_whole_number_of_seconds(tmp_path: Path) -> None:
    directory = PeopleDirectory(a=[person(1)])
    directory.attributes = {**ROOT_DSE, "currentTime": [b"20010101000000.0Z"]}
    with serve_directories(tmp_path, directory) as options:
        report = run_info(source_in("a"), **options)
    assert isinstance(report.servers[0]["clock_offset"], int)
    assert report.servers[0]["clock_offset"] < 0
    assert "its clock differs from this host's by -" in report.message


def test_an_account_that_one_server_rejects_is_not_tried_on_the_others(tmp_path: Path) -> None:
    rejecting, second, third = (
        PeopleDirectory(),
        PeopleDirectory(a=[person(1)]),
        PeopleDirectory(a=[person(1)]),
    )
    rejecting.bind = result(BIND, 49)
    with serve_directories(tmp_path, rejecting, second, third) as options:
        report = run_info(source_in("a"), **options)
    assert [server["bound"] for server in report.servers] == [False] * 3
    assert [server["sources"] for server in report.servers] == [[]] * 3
    # The contents of the root DSE are reported even without a bind.
    assert [server["product"] for server in report.servers] == ["Somebody"] * 3
    bound = [BIND in directory.operations for directory in (rejecting, second, third)]
    assert bound == [True, False, False]
    (problem,) = report.problems
    assert problem.where == options["server_uri"][0]


def test_the_next_server_is_examined_if_one_is_down(tmp_path: Path) -> None:
    with serve_directories(tmp_path, PeopleDirectory(a=[person(1)])) as options:
        down = f"ldaps://localhost:{free_port()}"
        options["server_uri"].insert(0, down)
        report = run_info(source_in("a"), **options)
    assert [server["bound"] for server in report.servers] == [False, True]
    (problem,) = report.problems
    assert report.message == f"Problems found: 1. (1) {problem}"
    assert report.result["problems"] == [
        {"where": down, "cause": problem.cause, "remedy": problem.remedy}
    ]


def test_dns_errors_and_notes_are_problems_of_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    error = DirectoryError("Cannot find the servers of x.no", "no response", "Check DNS")
    notes = [Diagnosis("Left out dc9", "Check its record")]

    def fail(_settings: object) -> object:
        raise error

    options = {"domain": "x.no", "bind_dn": "svc", "bind_pw": "s3cret"}
    monkeypatch.setattr(module_info, "find_servers", fail)
    problem = Problem("x.no", "Cannot find the servers of x.no: no response", "Check DNS")
    assert run_info(source_in("a"), **options) == Info([], [problem], [])
    monkeypatch.setattr(module_info, "find_servers", lambda _settings: ([], notes))
    problem = Problem("x.no", "Left out dc9", "Check its record")
    assert run_info(source_in("a"), **options) == Info([], [problem], [])


@pytest.mark.parametrize("invalid", [{"page_size": 0}, {"bind_pw": None}])
def test_invalid_options_fail_before_a_server_is_contacted(
    tmp_path: Path, invalid: dict[str, Any]
) -> None:
    directory = PeopleDirectory()
    with serve_directories(tmp_path, directory) as options, pytest.raises(InputError):
        run_info(source_in("a"), **{**options, **invalid})
    assert directory.operations == []
