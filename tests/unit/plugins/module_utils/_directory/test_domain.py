# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the options of a domain, the names of SRV records, and the order of SRV records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import (
    Domain,
    SrvRecord,
    check_domain,
    domain_srv_names,
    is_in_domain,
    order_srv_records,
    parse_dns_servers,
    site_srv_name,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "domain",
    [
        Domain(),
        Domain("corp.example"),
        Domain("corp", site="Default-First-Site-Name", dns_servers=["192.0.2.53"]),
        Domain("b\u00fcro.example", site="Oslo_2", dns_servers=["192.0.2.53:5353", "2001:db8::53"]),
    ],
)
def test_valid_options_are_accepted(domain: Domain) -> None:
    check_domain(domain)


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (
            Domain(site="Oslo"),
            (
                "Cannot use site without domain: the servers in server_uri are not looked up in DNS."
                " Remove site, or set domain instead of server_uri."
            ),
        ),
        (Domain(dns_servers=["192.0.2.1"]), "Cannot use dns_servers without domain: the servers"),
        (
            Domain("ldaps://dc1"),
            (
                "Cannot use domain 'ldaps://dc1': it is not a valid domain name. Set it to the DNS name,"
                " such as corp.example, or list the servers in server_uri."
            ),
        ),
        (Domain("192.0.2.1"), "Cannot use domain '192.0.2.1': it is not a valid domain name"),
        (Domain("2001:db8::1"), "Cannot use domain '2001:db8::1': it is not a valid domain name"),
        (Domain("DC=corp,DC=example"), "Cannot use domain 'DC=corp,DC=example': it is not a"),
        (
            Domain("x.no", site="Oslo.Main"),
            (
                "Cannot use site 'Oslo.Main': it is not a valid site name. Write it as in Active"
                " Directory Sites and Services, such as Default-First-Site-Name."
            ),
        ),
        (
            Domain("x.no", site="s" * 64),
            f"Cannot use site '{'s' * 64}': it is not a valid site name",
        ),
        (
            Domain("x.no", dns_servers=["dns.x.no"]),
            (
                "Cannot use the DNS server 'dns.x.no' in dns_servers: it is not of the form ADDRESS or"
                " ADDRESS:PORT. Use an IP address, as in 192.0.2.53, 192.0.2.53:5353 or"
                " [2001:db8::53]:5353."
            ),
        ),
        (Domain("x.no", dns_servers=[""]), "Cannot use the DNS server '' in dns_servers: it is"),
        (Domain("x.no", dns_servers=["192.0.2.1:0"]), "Cannot use the DNS server '192.0.2.1:0' in"),
        (Domain("x.no", dns_servers=["192.0.2.1:65536"]), "Cannot use the DNS server '192.0.2.1:"),
        (Domain("x.no", dns_servers=["192.0.2.1:"]), "Cannot use the DNS server '192.0.2.1:' in"),
        (
            Domain("x.no", dns_servers=["192.0.2.1", "192.0.2.1:5353"]),
            "Cannot use dns_servers: 192.0.2.1 is listed more than once. List each address only once.",
        ),
    ],
)
def test_invalid_options_are_rejected(domain: Domain, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_domain(domain)
    assert str(caught.value).startswith(message)


def test_dns_servers_are_parsed_into_addresses_and_ports() -> None:
    assert parse_dns_servers(
        ["192.0.2.1", "192.0.2.2:65535", "2001:db8::1", "[2001:db8::2]:1"]
    ) == [
        ("192.0.2.1", 53),
        ("192.0.2.2", 65_535),
        ("2001:db8::1", 53),
        ("2001:db8::2", 1),
    ]


def test_srv_record_names_are_derived_from_the_domain() -> None:
    domain = Domain("corp.example", site="Oslo")
    assert site_srv_name(domain) == "_ldap._tcp.Oslo._sites.dc._msdcs.corp.example"
    assert domain_srv_names(domain) == [
        "_ldap._tcp.dc._msdcs.corp.example",
        "_ldap._tcp.corp.example",
    ]


@pytest.mark.parametrize(
    ("host", "is_in"),
    [
        ("dc1.corp.example", True),
        ("DC1.Oslo.Corp.Example", True),
        ("corp.example", True),
        ("evilcorp.example", False),
        ("corp.example.evil.example", False),
        ("dc1\\.corp.example", False),
        ("dc1/x.corp.example", False),
        ("192.0.2.1", False),
    ],
)
def test_a_domain_contains_its_own_name_and_the_valid_names_below_it(
    host: str, is_in: bool
) -> None:
    assert is_in_domain(host, "corp.example") is is_in


def _fixed_numbers(*numbers: int) -> Callable[[int], int]:
    """Return a substitute for randbelow that returns the given numbers, and checks their range."""
    left = list(numbers)

    def below(end: int) -> int:
        number = left.pop(0)
        assert 0 <= number < end
        return number

    return below


def _srv_record(name: str, priority: int, weight: int) -> SrvRecord:
    return SrvRecord(priority, weight, 389, name)


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        # The running sums of the weights are 0, 10 and 40 for a, b and c; 10 and 40 for b and c; 0 and 30 for a and c;
        # 0 and 10 for a and b.
        ((0, 0, 0), "abcz"),
        ((1, 0, 0), "bacz"),
        ((10, 30, 0), "bcaz"),
        ((11, 0, 10), "cabz"),
        ((40, 1, 0), "cbaz"),
    ],
)
def test_the_order_within_a_priority_is_random_and_weighted(
    numbers: Sequence[int], order: str
) -> None:
    # The next record is the first record whose running sum is at least the random number (RFC 2782).
    records = [
        _srv_record("z", 2, 65_535),
        _srv_record("b", 1, 10),
        _srv_record("c", 1, 30),
        _srv_record("a", 1, 0),
    ]
    ordered = order_srv_records(records, _fixed_numbers(*numbers, 0))
    assert "".join(record.target for record in ordered) == order


@given(
    st.lists(
        st.builds(SrvRecord, st.integers(0, 3), st.integers(0, 65_535), st.just(389), st.text("ab"))
    )
)
def test_records_are_sorted_by_priority_and_none_is_lost(
    records: list[SrvRecord],
) -> None:
    ordered = order_srv_records(records)
    assert sorted(ordered) == sorted(records)
    priorities = [record.priority for record in ordered]
    assert priorities == sorted(priorities)
