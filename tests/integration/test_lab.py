# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab does what the other tests rely on."""

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

from tests.lab.authority import Authority, authority
from tests.lab.company import Company, build_company
from tests.lab.namespace import can_create_namespaces, namespace_command
from tests.lab.openldap import openldap
from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.samba import samba
from tests.lab.standard_ldap import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.directory import RunningDirectory

ROOT = Path(__file__).parents[2]
PAGED_RESULTS = "1.2.840.113556.1.4.319"  # RFC 2696
# Whoever has an end date here has it in 2020 or in 2099; this asks for one after 2044.
ACTIVE_DIRECTORY_PEOPLE = (
    "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
    "(|(accountExpires=0)(accountExpires>=140000000000000000)))"
)


@pytest.fixture(scope="module")
def fjord() -> Company:
    return build_company()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Authority]:
    with authority() as made:
        yield made


@pytest.fixture(scope="module", params=[samba, openldap])
def directory(
    request: pytest.FixtureRequest, fjord: Company, issuer: Authority
) -> Iterator[RunningDirectory]:
    with request.param(fjord, issuer) as running:
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


def test_company_is_what_it_says(fjord: Company) -> None:
    assert build_company() == fjord
    for attribute in ("account", "display_name", "identity"):
        assert len({getattr(who, attribute) for who in fjord.people}) == len(fjord.people)
    mails = [who.mail for who in fjord.people if who.mail]
    assert len(set(mails)) == len(mails)
    mobiles = [who.mobile for who in fjord.people if who.mobile]
    assert len(set(mobiles)) == len(mobiles) - 1
    assert fjord.people_sharing_mobile[0].mobile == fjord.people_sharing_mobile[1].mobile
    active = {who for site in fjord.sites for who in fjord.at(site)}
    assert {who for who in active if not who.mail and not who.mobile} == {fjord.unreachable}
    assert active >= {
        fjord.canary_person,
        fjord.two_site_person,
        fjord.person_with_comma,
        *fjord.people_sharing_mobile,
    }
    assert any(who.disabled for who in fjord.people)
    assert any(not who.active and not who.disabled for who in fjord.people)


class TestDirectory:
    """Both servers hold the same people under the same identities."""

    def test_active_people_of_each_site(self, directory: RunningDirectory, fjord: Company) -> None:
        search_filter = directory.people_filter or ACTIVE_DIRECTORY_PEOPLE
        for site in fjord.sites:
            found = identities(directory, fjord.site_dn(site), search_filter)
            assert found == {person.identity for person in fjord.at(site)}

    def test_traveller_is_found_for_the_second_site(
        self, directory: RunningDirectory, fjord: Company
    ) -> None:
        oslo = fjord.site_dn(fjord.site("oslo-hq"))
        found = identities(directory, oslo, fjord.two_site_filter)
        assert found == {fjord.two_site_person.identity}

    def test_service_account_binds_by_each_name(self, directory: RunningDirectory) -> None:
        names = [directory.bind_dn, directory.bind_upn, directory.bind_down_level]
        for name in filter(None, names):
            assert bind(directory, name).bound
            assert bind(directory, name, password="wrong").result["result"] == 49

    def test_start_tls(self, directory: RunningDirectory) -> None:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(directory.ca_file))
        server = ldap3.Server(directory.uri_ldap, tls=tls, get_info=ldap3.NONE)
        connection: Any = ldap3.Connection(server, directory.bind_dn, directory.bind_pw)
        assert connection.start_tls()
        assert connection.bind()

    def test_acts_of_administrators(self, directory: RunningDirectory, fjord: Company) -> None:
        new = replace(fjord.canary_person, account="new.hire", display_name="New, Hire+")
        identity = directory.add_person(new)
        directory.change_last_name(new, "Østby-D'Arcy")
        directory.move_person(new, fjord.site("bergen"))
        directory.modify(new, {"mail": []})
        assert directory.find_identity(new) == identity
        bergen = fjord.site_dn(fjord.site("bergen"))
        assert identity in identities(directory, bergen, "(&(sn=Østby-D'Arcy)(!(mail=*)))")
        directory.disable_person(new)
        search_filter = directory.people_filter or ACTIVE_DIRECTORY_PEOPLE
        assert identity not in identities(directory, bergen, search_filter)
        directory.delete_person(new)
        with pytest.raises(LookupError):
            directory.find_dn(new)

    def test_emptied_ou_stays(self, directory: RunningDirectory, fjord: Company) -> None:
        aurora = fjord.ou_dn("Tromsø", "Research", "Aurora")
        people = [person for person in fjord.people if person.ou[-1] == "Aurora"]
        assert directory.empty_ou(aurora) == len(people)
        assert identities(directory, aurora, "(objectClass=*)")
        for person in people:
            directory.add_person(person)


def test_size_limit_cuts_a_paged_search(fjord: Company, issuer: Authority) -> None:
    with openldap(fjord, issuer, size_limit=50) as directory:
        connection = bind(directory, directory.bind_dn)
        counts, cookie = [], b""
        while connection.result["result"] == 0:
            connection.search(
                fjord.staff_dn, "(sn=*)", attributes=["sn"], paged_size=20, paged_cookie=cookie
            )
            counts.append(len(connection.response))
            cookie = (
                connection.result.get("controls", {})
                .get(PAGED_RESULTS, {"value": {}})["value"]
                .get("cookie", b"")
            )
    assert counts == [20, 20, 10]
    assert connection.result["description"] == "sizeLimitExceeded"


def test_certificate_for_another_name(fjord: Company, issuer: Authority) -> None:
    other = issuer.issue("elsewhere.test")
    with (
        pytest.raises(LDAPSocketOpenError, match=r"elsewhere\.test"),
        openldap(fjord, issuer, certificate=other) as directory,
    ):
        bind(directory, directory.bind_dn)


def _descendants(pid: int) -> set[int]:
    """Return the processes below a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = {int(child) for child in children}
    return found.union(*map(_descendants, found))


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").split(":")[0].strip()


def _comes_true(condition: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_killed_lab_leaves_nothing(tmp_path: Path) -> None:
    """What SIGKILL ends cannot clean up; the keepers do."""
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
    descendants = _descendants(lab.pid)
    programs = {_program(pid) for pid in descendants}
    assert {"samba", "slapd"} <= programs
    assert list(tmp_path.iterdir())
    lab.send_signal(signal.SIGKILL)
    lab.wait()
    lab.stdout.close()
    assert _comes_true(lambda: not any(map(ProcessSupervisor.is_running, descendants)))
    assert list(tmp_path.iterdir()) == []


ECHO = """
import socket
with socket.create_server(("127.0.0.1", 389)) as listener:
    while True:
        client, _address = listener.accept()
        with client, open("/usr/share/lab/greeting", "rb") as greeting:
            client.sendall(greeting.read() + client.recv(100))
"""


def test_programs_in_a_namespace_have_low_ports_and_unpacked_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_create_namespaces():
        # Containers forbid them, and some systems do. The demo then uses OpenLDAP, and nothing else needs them.
        return
    (tmp_path / "usr/share/lab").mkdir(parents=True)
    (tmp_path / "usr/share/lab/greeting").write_text("hello ", encoding="utf-8")
    monkeypatch.setenv("LAB_ROOT", str(tmp_path))
    port, _other = free_ports()
    deadline = time.monotonic() + 30
    with ProcessSupervisor() as keeper:
        pid = keeper.start(
            namespace_command([sys.executable, "-c", ECHO], {389: port}), log="namespace.log"
        )
        answer = b""
        # Until the program listens, whoever connects is sent away.
        while not answer and time.monotonic() < deadline and keeper.is_running(pid):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"world")
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(100)
        assert answer == b"hello world", keeper.tail("namespace.log")
