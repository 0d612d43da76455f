# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the properties of the lab on which other tests rely."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPSocketOpenError

from tests.integration.support.processes import find_descendants, wait_until
from tests.lab.authority import Authority, authority
from tests.lab.company import Company, build_company
from tests.lab.namespace import can_create_namespaces, namespace_command
from tests.lab.openldap import openldap
from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.samba import samba
from tests.lab.standard_ldap import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.directory import RunningDirectory

ROOT = Path(__file__).parents[2]
PAGED_RESULTS = "1.2.840.113556.1.4.319"  # RFC 2696
# The accounts of the company expire in 2020, in 2099 or never. To distinguish them without the current time, the filter
# excludes accounts that expire before August 2044.
ACTIVE_DIRECTORY_PEOPLE = (
    "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
    "(|(accountExpires=0)(accountExpires>=140000000000000000)))"
)


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company()


@pytest.fixture(scope="module")
def ca() -> Iterator[Authority]:
    with authority() as created:
        yield created


@pytest.fixture(scope="module", params=[samba, openldap])
def directory(
    request: pytest.FixtureRequest, company: Company, ca: Authority
) -> Iterator[RunningDirectory]:
    with request.param(company, ca) as running:
        yield running


def bind(directory: RunningDirectory, name: str, *, password: str | None = None) -> Any:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(directory.ca_file))
    server = ldap3.Server(directory.uri_ldaps, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(
        server, name, password or directory.bind_pw, auto_referrals=False, check_names=False
    )
    connection.bind()
    return connection


def identities(directory: RunningDirectory, base: str, search_filter: str) -> set[uuid.UUID]:
    name = directory.dialect.identity_attribute
    connection = bind(directory, directory.bind_dn)
    assert connection.search(base, search_filter, attributes=[name]), connection.result
    raw = [entry["raw_attributes"][name][0] for entry in connection.response]
    if name == "objectGUID":
        return {uuid.UUID(bytes_le=value) for value in raw}
    return {uuid.UUID(value.decode()) for value in raw}


def test_the_company_contains_the_people_that_tests_need(company: Company) -> None:
    assert build_company() == company
    for attribute in ("account", "display_name", "identity"):
        assert len({getattr(person, attribute) for person in company.people}) == len(company.people)
    mails = [person.mail for person in company.people if person.mail]
    assert len(set(mails)) == len(mails)
    mobiles = [person.mobile for person in company.people if person.mobile]
    assert len(set(mobiles)) == len(mobiles)
    active = {person for site in company.sites for person in company.at(site)}
    assert {person for person in active if not person.mail and not person.mobile} == {
        company.unreachable
    }
    assert active >= {
        company.canary_person,
        company.two_site_person,
        company.person_with_comma,
        *company.colleagues,
    }
    assert any(person.disabled for person in company.people)
    assert any(not person.active and not person.disabled for person in company.people)


class TestDirectory:
    """Tests that Active Directory and OpenLDAP contain the same people and support the operations that tests need."""

    def test_the_filter_finds_the_active_people_of_each_site(
        self, directory: RunningDirectory, company: Company
    ) -> None:
        search_filter = directory.people_filter or ACTIVE_DIRECTORY_PEOPLE
        for site in company.sites:
            found = identities(directory, company.site_dn(site), search_filter)
            assert found == {person.identity for person in company.at(site)}

    def test_the_filter_finds_the_two_site_person_for_the_second_site(
        self, directory: RunningDirectory, company: Company
    ) -> None:
        oslo = company.site_dn(company.site("oslo-hq"))
        found = identities(directory, oslo, company.two_site_filter)
        assert found == {company.two_site_person.identity}

    def test_the_service_account_can_bind_with_each_of_its_names(
        self, directory: RunningDirectory
    ) -> None:
        names = [directory.bind_dn, directory.bind_upn, directory.bind_down_level]
        for name in filter(None, names):
            assert bind(directory, name).bound
            assert bind(directory, name, password="wrong").result["result"] == 49

    def test_start_tls_is_supported(self, directory: RunningDirectory) -> None:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(directory.ca_file))
        server = ldap3.Server(directory.uri_ldap, tls=tls, get_info=ldap3.NONE)
        connection: Any = ldap3.Connection(server, directory.bind_dn, directory.bind_pw)
        assert connection.start_tls()
        assert connection.bind()

    def test_administrative_changes_take_effect(
        self, directory: RunningDirectory, company: Company
    ) -> None:
        hired = replace(company.canary_person, account="new.hire", display_name="New, Hire+")
        identity = directory.add_person(hired)
        directory.change_last_name(hired, "Østby-D'Arcy")
        directory.move_person(hired, company.site("bergen"))
        directory.modify(hired, {"mail": []})
        assert directory.find_identity(hired) == identity
        bergen = company.site_dn(company.site("bergen"))
        assert identity in identities(directory, bergen, "(&(sn=Østby-D'Arcy)(!(mail=*)))")
        directory.disable_person(hired)
        search_filter = directory.people_filter or ACTIVE_DIRECTORY_PEOPLE
        assert identity not in identities(directory, bergen, search_filter)
        directory.delete_person(hired)
        with pytest.raises(LookupError):
            directory.find_dn(hired)

    def test_an_emptied_ou_still_exists(
        self, directory: RunningDirectory, company: Company
    ) -> None:
        aurora = company.ou_dn("Tromsø", "Research", "Aurora")
        people = [person for person in company.people if person.ou[-1] == "Aurora"]
        assert directory.empty_ou(aurora) == len(people)
        assert identities(directory, aurora, "(objectClass=*)")
        for person in people:
            directory.add_person(person)


def test_a_size_limit_truncates_a_paged_search(company: Company, ca: Authority) -> None:
    with openldap(company, ca, size_limit=50) as directory:
        connection = bind(directory, directory.bind_dn)
        counts, cookie = [], b""
        while connection.result["result"] == 0:
            connection.search(
                company.staff_dn, "(sn=*)", attributes=["sn"], paged_size=20, paged_cookie=cookie
            )
            counts.append(len(connection.response))
            cookie = (
                connection.result.get("controls", {})
                .get(PAGED_RESULTS, {"value": {}})["value"]
                .get("cookie", b"")
            )
    assert counts == [20, 20, 10]
    assert connection.result["description"] == "sizeLimitExceeded"


def test_a_certificate_for_another_name_is_rejected(company: Company, ca: Authority) -> None:
    other = ca.issue("elsewhere.test")
    with (
        pytest.raises(LDAPSocketOpenError, match=r"elsewhere\.test"),
        openldap(company, ca, certificate=other) as directory,
    ):
        bind(directory, directory.bind_dn)


def _program_name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").split(":")[0].strip()


def test_a_killed_lab_leaves_no_processes_and_no_files(tmp_path: Path) -> None:
    """A process that is killed by SIGKILL cannot clean up, so supervisor processes clean up instead."""
    lab = subprocess.Popen(
        [sys.executable, "-m", "tests.lab"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert lab.stdout is not None
    for line in lab.stdout:
        if line.startswith("# Ready"):
            break
    pids = find_descendants(lab.pid)
    programs = {_program_name(pid) for pid in pids}
    assert {"samba", "slapd"} <= programs
    assert list(tmp_path.iterdir())
    lab.send_signal(signal.SIGKILL)
    lab.wait()
    lab.stdout.close()
    assert wait_until(lambda: not any(map(ProcessSupervisor.is_running, pids)), seconds=20.0)
    assert list(tmp_path.iterdir()) == []


ECHO_SERVER = """
import socket
with socket.create_server(("127.0.0.1", 389)) as listener:
    while True:
        client, _address = listener.accept()
        with client, open("/usr/share/lab/greeting", "rb") as greeting:
            client.sendall(greeting.read() + client.recv(100))
"""


def test_programs_in_a_namespace_can_use_low_ports_and_unpacked_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_create_namespaces():
        # Some hosts and containers forbid namespaces. There, the demo uses OpenLDAP instead of Samba if it runs without
        # root permissions. The test is not skipped, because a skipped test is a failure in CI.
        return
    (tmp_path / "usr/share/lab").mkdir(parents=True)
    (tmp_path / "usr/share/lab/greeting").write_text("hello ", encoding="utf-8")
    monkeypatch.setenv("LAB_ROOT", str(tmp_path))
    port, _other = free_ports()
    deadline = time.monotonic() + 30
    with ProcessSupervisor() as supervisor:
        pid = supervisor.start(
            namespace_command([sys.executable, "-c", ECHO_SERVER], {389: port}), log="namespace.log"
        )
        received = b""
        # Connections fail until the program listens.
        while not received and time.monotonic() < deadline and supervisor.is_running(pid):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"world")
                client.shutdown(socket.SHUT_WR)
                received = client.recv(100)
        assert received == b"hello world", supervisor.tail("namespace.log")
