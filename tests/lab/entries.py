# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The company as LDAP entries, with the object classes and attributes of each kind of directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.company import escape
from tests.lab.person import Person, identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.lab.company import Company

Attributes = dict[str, list[str]]

SERVICE_ACCOUNT = "svc-frontdesk"
STALE_ACCOUNT = "svc-stale"
"""An Active Directory account whose password has expired. It has the same password as the service account."""
ENABLED_ACCOUNT = 0x200
"""Value of userAccountControl for a normal account: NORMAL_ACCOUNT (MS-ADTS, 2.2.16)."""
DISABLED = 0x2
"""Bit in userAccountControl that disables an account: ACCOUNTDISABLE (MS-ADTS, 2.2.16)."""
_COMPUTER_ACCOUNT = 0x1000  # WORKSTATION_TRUST_ACCOUNT


@dataclass(frozen=True)
class Entry:
    """An LDAP entry."""

    dn: str
    identity: UUID
    attributes: Attributes


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The identity attribute and the object classes of one kind of directory."""

    identity_attribute: str
    person: tuple[str, ...]
    contact: tuple[str, ...]
    computer: tuple[str, ...]
    group: tuple[str, ...]

    def person_attributes(self, person: Person) -> Attributes:
        """Return the non-empty attributes of a person."""
        control = ENABLED_ACCOUNT | (DISABLED if person.disabled else 0)
        values = {
            "cn": person.display_name,
            "givenName": person.given_name,
            "sn": person.last_name,
            "displayName": person.display_name,
            "mail": person.mail,
            "mobile": person.mobile,
            "telephoneNumber": person.telephone,
            "title": person.title,
            "department": person.department,
            "physicalDeliveryOfficeName": person.office,
            "sAMAccountName": person.account,
            "userPrincipalName": f"{person.account}@fjord.test",
            "userAccountControl": str(control),
            "accountExpires": str(person.account_expires),
        }
        filled = {name: [value] for name, value in values.items() if value}
        return {"objectClass": list(self.person), **filled}

    def entries(self, company: Company) -> Iterator[Entry]:
        """Yield all entries below the domain, except the service accounts.

        Parents come first.
        """
        for top in ("Staff", "Groups", "Service Accounts"):
            yield _ou_entry(f"OU={top},{company.base_dn}", top)
        for path in company.ous:
            yield _ou_entry(company.ou_dn(*path), path[-1])
        for person in company.people:
            dn = company.person_dn(person)
            yield Entry(dn, person.identity, self.person_attributes(person))
        yield from self._other_entries(company)

    def _other_entries(self, company: Company) -> Iterator[Entry]:
        """Yield entries that are not exported by default: a computer, a person without an account, and groups."""
        oslo = company.site_dn(company.site("oslo-hq"))
        computer = {
            "sAMAccountName": ["OSLO-KIOSK$"],
            "userAccountControl": [str(_COMPUTER_ACCOUNT)],
        }
        yield _other_entry(f"CN=OSLO-KIOSK,{oslo}", self.computer, computer)
        janitor = {"sn": ["Vaktmester"], "mail": ["janitor@vaktmester.test"]}
        yield _other_entry(f"CN=Janitor (external),{oslo}", self.contact, janitor)
        duty = {"member": [company.person_dn(company.two_site_person)]}
        yield _other_entry(f"CN=Tromsø duty,OU=Groups,{company.base_dn}", self.group, duty)
        everyone = {"member": [company.person_dn(person) for person in company.people[:20]]}
        yield _other_entry(f"CN=All of Oslo,{oslo}", self.group, everyone)


def service_dn(company: Company, account: str = SERVICE_ACCOUNT) -> str:
    """Return the DN of a service account.

    :param account: name of the account.
    """
    return f"CN={escape(account)},OU=Service Accounts,{company.base_dn}"


def _ou_entry(dn: str, name: str) -> Entry:
    return Entry(dn, identity(dn), {"objectClass": ["organizationalUnit"], "ou": [name]})


def _other_entry(dn: str, classes: tuple[str, ...], attributes: Attributes) -> Entry:
    common_name = dn.partition(",")[0].removeprefix("CN=")
    return Entry(
        dn, identity(dn), {"objectClass": list(classes), "cn": [common_name], **attributes}
    )
