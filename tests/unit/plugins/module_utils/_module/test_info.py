# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at, server by server, and what is said of it; servers are on loopback."""

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
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.looks import (
    ROOT,
    SourceReader,
    base,
    listening,
    look,
    person,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port


def test_a_server_as_it_should_be(tmp_path: Path) -> None:
    directory = SourceReader(a=[person(1), person(2, mobile=[])], b=[person(3)])
    with listening(tmp_path, directory) as options:
        found = look(base("a", location="oslo"), base("b", location="bergen"), **options)
    (uri,) = options["server_uri"]
    assert found.problems == []
    assert found.result["problems"] == []
    (server,) = found.result["servers"]
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
    }
    assert [
        (each["name"], each["location"], each["search_base"], each["entries"]) for each in sources
    ] == [
        ("source 1 (location 'oslo')", "oslo", "ou=a,dc=x", 2),
        ("source 2 (location 'bergen')", "bergen", "ou=b,dc=x", 1),
    ]
    assert [each["contacts"] for each in sources] == [2, 1]
    assert sources[1]["samples"][0]["Location"] == "bergen"


def test_a_server_in_clear_without_an_account_shows_no_certificate(tmp_path: Path) -> None:
    with listening(tmp_path) as options, ldap_server(SourceReader(a=[person(1)])) as port:
        here = {"server_uri": [f"ldap://localhost:{port}"], "auth_protocol": "anonymous"}
        nobody = {"bind_dn": None, "bind_pw": None}
        (server,) = look(base("a"), **{**options, **here, **nobody}).servers
    assert (server["tls_version"], server["tls_cipher"], server["certificate"]) == ("", "", {})
    assert (server["bound"], server["account"]) == (True, "anonymously")


def test_seconds_of_a_clock_are_whole(tmp_path: Path) -> None:
    directory = SourceReader(a=[person(1)])
    directory.attributes = {**ROOT, "currentTime": [b"20010101000000.0Z"]}
    with listening(tmp_path, directory) as options:
        found = look(base("a"), **options)
    assert isinstance(found.servers[0]["clock_offset"], int)
    assert found.servers[0]["clock_offset"] < 0
    assert "its clock differs from this host's by -" in found.verdict


def test_an_account_that_one_server_refuses_is_not_tried_on_the_next(tmp_path: Path) -> None:
    refusing, other, third = (
        SourceReader(),
        SourceReader(a=[person(1)]),
        SourceReader(a=[person(1)]),
    )
    refusing.bind = result(BIND, 49)
    with listening(tmp_path, refusing, other, third) as options:
        found = look(base("a"), **options)
    assert [server["bound"] for server in found.servers] == [False] * 3
    assert [server["sources"] for server in found.servers] == [[]] * 3
    # What they say of themselves is told all the same.
    assert [server["product"] for server in found.servers] == ["Somebody"] * 3
    assert [BIND in directory.operations for directory in (refusing, other, third)] == [True] + [
        False
    ] * 2
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]


def test_a_server_that_is_down_does_not_keep_the_next_from_being_looked_at(tmp_path: Path) -> None:
    with listening(tmp_path, SourceReader(a=[person(1)])) as options:
        down = f"ldaps://localhost:{free_port()}"
        options["server_uri"].insert(0, down)
        found = look(base("a"), **options)
    assert [server["bound"] for server in found.servers] == [False, True]
    (problem,) = found.problems
    assert found.verdict == f"Problems found: 1. (1) {problem}"
    assert found.result["problems"] == [
        {"where": down, "cause": problem.cause, "remedy": problem.remedy}
    ]


def test_what_dns_says_of_a_domain_is_a_problem_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    error = DirectoryError("Cannot find the servers of x.no", "no", "Do")
    notes = [Diagnosis("Left out dc9", "Do not")]

    def fails(_access: object) -> object:
        raise error

    options = {"domain": "x.no", "bind_dn": "svc", "bind_pw": "s3cret"}
    monkeypatch.setattr(module_info, "find_servers", fails)
    problem = Problem("x.no", "Cannot find the servers of x.no: no", "Do")
    assert look(base("a"), **options) == Info([], [problem])
    monkeypatch.setattr(module_info, "find_servers", lambda _access: ([], notes))
    assert look(base("a"), **options) == Info([], [Problem("x.no", "Left out dc9", "Do not")])


@pytest.mark.parametrize("wrong", [{"page_size": 0}, {"bind_pw": None}])
def test_wrong_options_are_told_before_a_server_is_asked(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    directory = SourceReader()
    with listening(tmp_path, directory) as options, pytest.raises(InputError):
        look(base("a"), **{**options, **wrong})
    assert directory.operations == []
