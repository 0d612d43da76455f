# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What DNS says, and what it means when it says nothing; dnspython answers here without a network."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
import dns.rrset
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    resolver as resolver_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    open_resolver,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import (
    DnsError,
    Domain,
    SrvRecord,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import (
    Library,
    LibraryError,
)

DOMAIN = Domain("x.no", dns_servers=["192.0.2.1:5353", "2001:db8::1"])
CHECK = (
    "Check dns_servers, or the resolver of this host, and that port 53 of the DNS servers can be"
    " reached over UDP and TCP"
)


@pytest.fixture(name="answers")
def _answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is answered to a question, as in ``x.no. A``: texts of records, or an exception."""
    answers: dict[str, Any] = {}

    def resolve(_resolver: object, name: str, kind: str) -> object:
        answer = answers[f"{name} {kind}"]
        if isinstance(answer, Exception):
            raise answer
        return dns.rrset.from_text(name, 60, "IN", kind, *answer)

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    return answers


def test_services_are_read_and_a_dot_is_none(answers: dict[str, Any]) -> None:
    answers["_ldap._tcp.x.no. SRV"] = ["1 2 389 DC1.x.no.", "0 0 0 ."]
    resolver = open_resolver(DOMAIN, 5)
    assert resolver.services("_ldap._tcp.x.no") == [SrvRecord(1, 2, 389, "DC1.x.no")]


def test_addresses_are_of_both_kinds(answers: dict[str, Any]) -> None:
    answers["dc1.x.no. A"] = ["192.0.2.7"]
    answers["dc1.x.no. AAAA"] = ["2001:db8::7"]
    assert open_resolver(DOMAIN, 5).addresses("dc1.x.no") == ["192.0.2.7", "2001:db8::7"]


@pytest.mark.parametrize("nothing", [dns.resolver.NXDOMAIN, dns.resolver.NoAnswer])
def test_nothing_is_an_answer(answers: dict[str, Any], nothing: Any) -> None:
    # What dnspython has them filled with is of no matter here.
    answers["x.no. SRV"] = nothing.__new__(nothing)
    assert open_resolver(DOMAIN, 5).services("x.no") == []


@pytest.mark.parametrize(
    ("kind", "words", "meaning"),
    [
        (dns.exception.Timeout, ["late."], "no DNS server answered in time (late)"),
        (dns.resolver.NoNameservers, [], "no DNS server returned an answer ("),
        (dns.exception.DNSException, ["odd."], "no DNS server returned an answer (odd)"),
    ],
)
def test_no_answer_is_an_error(
    answers: dict[str, Any], kind: Any, words: list[str], meaning: str
) -> None:
    answers["x.no. SRV"] = kind(*words)
    with pytest.raises(DnsError) as caught:
        open_resolver(DOMAIN, 5).services("x.no")
    assert caught.value.diagnosis.cause.startswith(meaning)
    assert caught.value.diagnosis.remedy == CHECK


def _asked(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> dns.resolver.Resolver:
    """What is asked when a domain is."""
    asked: list[dns.resolver.Resolver] = []

    def resolve(resolver: dns.resolver.Resolver, *_question: str) -> list[object]:
        asked.append(resolver)
        return []

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    open_resolver(domain, 7).services("x.no")
    return asked[0]


def test_the_dns_servers_that_are_given_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _asked(DOMAIN, monkeypatch)
    assert asked.nameservers == ["192.0.2.1", "2001:db8::1"]
    assert asked.nameserver_ports == {"192.0.2.1": 5353, "2001:db8::1": 53}
    assert asked.lifetime == 7


def test_without_any_those_of_this_host_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def configure(resolver: dns.resolver.Resolver, *_file: str) -> None:
        resolver.nameservers = ["192.0.2.9"]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", configure)
    assert _asked(Domain("x.no"), monkeypatch).nameservers == ["192.0.2.9"]


def test_a_host_without_a_resolver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: Any = dns.resolver.NoResolverConfiguration

    def configure(_resolver: object, *_file: str) -> None:
        raise missing("cannot open /etc/resolv.conf")

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", configure)
    with pytest.raises(DnsError) as caught:
        open_resolver(Domain("x.no"), 5)
    assert caught.value.diagnosis == (
        "no DNS server is configured on this host (cannot open /etc/resolv.conf)",
        "Set dns_servers",
    )


def test_without_dnspython_the_option_that_needs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = Library("dnspython", "2.1.0", failure="Traceback ...")
    monkeypatch.setattr(resolver_module, "DNSPYTHON", missing)
    with pytest.raises(LibraryError) as caught:
        open_resolver(DOMAIN, 5)
    assert caught.value.reason == "by domain"
