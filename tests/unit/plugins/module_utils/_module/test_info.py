# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at, server by server and source by source, and what is said of it; servers are on loopback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    Finding,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import info as module_info
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    default_columns,
    directory_spec,
    info_spec,
    source_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.info import Info, info
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.problems import Problem
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.sources import sources_of
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import Directory
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    Message,
    entry,
    ldap_server,
    page_end,
    reference,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import filled_in, source
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port, tls

ROOT = {"vendorName": [b"Somebody"], "namingContexts": [b"dc=x"]}


def _person(number: int, **more: list[bytes]) -> Message:
    attributes = {
        "entryUUID": [str(uuid.UUID(int=number)).encode()],
        "givenName": [b"Kari"],
        "sn": [b"Lie"],
        "mail": [b"%d@x.no" % number],
        "mobile": [b"1"],
        **more,
    }
    return entry(f"cn={number},dc=x", attributes)


class _People(Directory):
    """A server with people below bases, and what it says of itself.

    :ivar people: what is said of a base; None hangs up.
    """

    def __init__(self, **people: Sequence[Message] | None) -> None:
        super().__init__(**ROOT)
        self.people = {f"ou={base},dc=x".encode(): said for base, said in people.items()}

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        for base, said in self.people.items():
            if request == SEARCH and base in content:
                self.asked.append(SEARCH)
                return None if said is None else [*said, page_end(b"")]
        return super().__call__(request, content)


@contextmanager
def _listening(tmp_path: Path, *directories: Directory) -> Iterator[dict[str, Any]]:
    """Options that lead to these servers, with TLS."""
    server_tls = tls(tmp_path, "localhost")
    with ExitStack() as stack:
        servers = [ldap_server(directory, server_tls.context) for directory in directories]
        ports = [stack.enter_context(server) for server in servers]
        yield {
            "server_uri": [f"ldaps://localhost:{port}" for port in ports],
            "bind_dn": "cn=svc",
            "bind_pw": "s3cret",
            "ca_path": str(server_tls.ca_file),
            "filter": "(sn=*)",
            "receive_timeout": 5,
        }


def _info(*sources: dict[str, Any], **options: Any) -> Info:
    spec = {**directory_spec(), **source_spec(), **info_spec()}
    params = filled_in(spec, sources=list(sources), **options)
    return info(params, default_columns(params["phone_region"]), sources_of(params))


def _base(name: str, **given: Any) -> dict[str, Any]:
    return source(f"ou={name},dc=x", **given)


def test_a_server_as_it_should_be(tmp_path: Path) -> None:
    directory = _People(a=[_person(1), _person(2, mobile=[])], b=[_person(3)])
    with _listening(tmp_path, directory) as options:
        found = _info(_base("a", location="oslo"), _base("b", location="bergen"), **options)
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
    with _listening(tmp_path) as options, ldap_server(_People(a=[_person(1)])) as port:
        here = {"server_uri": [f"ldap://localhost:{port}"], "auth_protocol": "anonymous"}
        nobody = {"bind_dn": None, "bind_pw": None}
        (server,) = _info(_base("a"), **{**options, **here, **nobody}).servers
    assert (server["tls_version"], server["tls_cipher"], server["certificate"]) == ("", "", {})
    assert (server["bound"], server["account"]) == (True, "anonymously")


def test_seconds_of_a_clock_are_whole(tmp_path: Path) -> None:
    directory = _People(a=[_person(1)])
    directory.attributes = {**ROOT, "currentTime": [b"20010101000000.0Z"]}
    with _listening(tmp_path, directory) as options:
        found = _info(_base("a"), **options)
    assert isinstance(found.servers[0]["clock_offset"], int)
    assert found.servers[0]["clock_offset"] < 0
    assert "its clock differs from this host's by -" in found.verdict


def test_an_account_that_one_server_refuses_is_not_tried_on_the_next(tmp_path: Path) -> None:
    refusing, other, third = _People(), _People(a=[_person(1)]), _People(a=[_person(1)])
    refusing.bind = result(BIND, 49)
    with _listening(tmp_path, refusing, other, third) as options:
        found = _info(_base("a"), **options)
    assert [server["bound"] for server in found.servers] == [False] * 3
    assert [server["sources"] for server in found.servers] == [[]] * 3
    # What they say of themselves is told all the same.
    assert [server["product"] for server in found.servers] == ["Somebody"] * 3
    assert [BIND in directory.asked for directory in (refusing, other, third)] == [True] + [
        False
    ] * 2
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]


def test_a_server_that_is_down_does_not_keep_the_next_from_being_looked_at(tmp_path: Path) -> None:
    with _listening(tmp_path, _People(a=[_person(1)])) as options:
        down = f"ldaps://localhost:{free_port()}"
        options["server_uri"].insert(0, down)
        found = _info(_base("a"), **options)
    assert [server["bound"] for server in found.servers] == [False, True]
    (problem,) = found.problems
    assert found.verdict == f"Problems found: 1. (1) {problem}"
    assert found.result["problems"] == [
        {"where": down, "cause": problem.cause, "remedy": problem.remedy}
    ]


def test_a_source_that_fails_leaves_the_others_to_be_read(tmp_path: Path) -> None:
    directory = _People(a=[_person(1)], c=[_person(2)])
    # No such object.
    directory.people[b"ou=b,dc=x"] = None
    say = directory.__call__

    class Lacking(_People):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=b,dc=x" in content:
                return [result(SEARCH, 32)]
            return say(request, content)

    with _listening(tmp_path, Lacking()) as options:
        found = _info(_base("a"), _base("b"), _base("c"), **options)
    assert [each["name"] for each in found.servers[0]["sources"]] == ["source 1", "source 3"]
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]
    assert problem.cause.startswith("source 2: Cannot search ou=b,dc=x on ")


def test_of_a_server_that_is_gone_nothing_more_is_asked(tmp_path: Path) -> None:
    directory = _People(a=[_person(1)], b=None, c=[_person(2)])
    with _listening(tmp_path, directory) as options:
        found = _info(_base("a"), _base("b"), _base("c"), **options)
    assert [each["name"] for each in found.servers[0]["sources"]] == ["source 1"]
    (problem,) = found.problems
    assert problem.cause.startswith("source 2: ")


@pytest.mark.parametrize(
    ("shown", "cause"),
    [
        ([_person(1)], "though the bind account sees other objects there"),
        ([], "it is empty, or the bind account may not read it"),
    ],
)
def test_why_nobody_is_found(tmp_path: Path, shown: list[Message], cause: str) -> None:
    directory = _People(a=[], b=[_person(1)])

    class Showing(_People):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            # What is there at all is asked for without a page.
            if request == SEARCH and b"ou=a,dc=x" in content and b"objectClass" in content:
                return [*shown, result(SEARCH)]
            return directory(request, content)

    with _listening(tmp_path, Showing()) as options:
        found = _info(_base("a"), _base("b"), **options)
    (problem,) = found.problems
    assert problem.where == f"source 1 on {options['server_uri'][0]}"
    assert problem.cause.endswith(cause)


def test_why_nobody_is_found_is_asked_while_the_server_is_there(tmp_path: Path) -> None:
    directory = _People(a=[], b=None)

    class Showing(_People):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=a,dc=x" in content and b"objectClass" in content:
                return [_person(1), result(SEARCH)]
            return directory(request, content)

    with _listening(tmp_path, Showing()) as options:
        found = _info(_base("a"), _base("b"), **options)
    lost, nobody = found.problems
    assert lost.cause.startswith("source 2: ")
    assert nobody.cause.endswith("though the bind account sees other objects there")


def test_who_is_excluded_is_counted(tmp_path: Path) -> None:
    directory = _People(a=[_person(1), _person(2)])

    class Excluding(_People):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=a,dc=x" in content and b"hidden" in content:
                return [_person(2), page_end(b"")]
            return directory(request, content)

    with _listening(tmp_path, Excluding()) as options:
        found = _info(_base("a", exclude_filter="(hidden=*)"), **options)
    (read,) = found.servers[0]["sources"]
    assert (read["entries"], read["excluded"]) == (1, 1)


def test_servers_that_refer_to_others_for_people(tmp_path: Path) -> None:
    away = [
        reference("ldap://b.x/ou=c,ou=a,dc=x??sub"),
        reference("ldap://x/CN=Configuration,DC=x"),
    ]
    with _listening(tmp_path, _People(a=[_person(1), *away])) as options:
        found = _info(_base("a"), **options)
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]
    assert "it refers to ldap://b.x/ou=c,ou=a,dc=x??sub for a part" in problem.cause


def test_servers_that_do_not_hold_the_same(tmp_path: Path) -> None:
    one, other = _People(a=[_person(1)]), _People(a=[_person(1), _person(2)])
    with _listening(tmp_path, one, other) as options:
        found = _info(_base("a", location="oslo"), **options)
    first, second = options["server_uri"]
    (problem,) = found.problems
    assert problem.where == "source 1 (location 'oslo')"
    assert problem.cause.endswith(f"the same people: 1 on {first}, 2 on {second}")


def test_people_are_placed_by_what_they_hold(tmp_path: Path) -> None:
    people = [_person(1, l=[b"oslo"]), _person(2, l=[b"nowhere"])]
    with _listening(tmp_path, _People(a=people)) as options:
        found = _info(_base("a", location_value="l", locations=["oslo"]), **options)
    (read,) = found.servers[0]["sources"]
    assert (read["entries"], read["contacts"]) == (2, 1)
    assert (read["location"], read["locations"]) == ("", ["oslo"])


def test_what_dns_says_of_a_domain_is_a_problem_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    error = DirectoryError("Cannot find the servers of x.no", "no", "Do")
    notes = [Finding("Left out dc9", "Do not")]

    def fails(_access: object) -> object:
        raise error

    options = {"domain": "x.no", "bind_dn": "svc", "bind_pw": "s3cret"}
    monkeypatch.setattr(module_info, "find_servers", fails)
    problem = Problem("x.no", "Cannot find the servers of x.no: no", "Do")
    assert _info(_base("a"), **options) == Info([], [problem])
    monkeypatch.setattr(module_info, "find_servers", lambda _access: ([], notes))
    assert _info(_base("a"), **options) == Info([], [Problem("x.no", "Left out dc9", "Do not")])


@pytest.mark.parametrize("wrong", [{"page_size": 0}, {"bind_pw": None}])
def test_wrong_options_are_told_before_a_server_is_asked(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    directory = _People()
    with _listening(tmp_path, directory) as options, pytest.raises(InputError):
        _info(_base("a"), **{**options, **wrong})
    assert directory.asked == []
