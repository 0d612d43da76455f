# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sites and people of the lab's fictional company, Fjord.

The data is the same on each run. `entries.py` turns it into LDAP entries.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.person import Person, Site
from tests.lab.staff import SITES, generate_people

__all__ = ["Company", "Person", "Site", "build_company", "escape"]

_DN_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in ',+"\\<>;='})


def escape(value: str) -> str:
    """Escape an attribute value for use in a distinguished name (RFC 4514, section 2.4)."""
    escaped = value.translate(_DN_SPECIAL)
    if escaped.startswith(("#", " ")):
        escaped = f"\\{escaped}"
    return f"{escaped[:-1]}\\ " if value.endswith(" ") and len(value) > 1 else escaped


@dataclass(frozen=True, kw_only=True)
class Company:
    """The sites and people of the company, with properties that return people with special data."""

    sites: tuple[Site, ...]
    people: tuple[Person, ...] = field(repr=False)
    domain: str = "fjord.test"
    netbios_domain: str = "FJORD"

    @property
    def base_dn(self) -> str:
        """DN of the domain."""
        return ",".join(f"dc={label}" for label in self.domain.split("."))

    @property
    def staff_dn(self) -> str:
        """DN of the parent of all sites."""
        return f"OU=Staff,{self.base_dn}"

    def ou_dn(self, *names: str) -> str:
        """Return the DN of an Organizational Unit.

        :param names: path of the unit below Staff, top level first.
        """
        return ",".join([*(f"OU={escape(name)}" for name in reversed(names)), self.staff_dn])

    def person_dn(self, person: Person) -> str:
        """Return the initial DN of a person."""
        return f"CN={escape(person.display_name)},{self.ou_dn(*person.ou)}"

    def site_dn(self, site: Site) -> str:
        """Return the DN of a site's Organizational Unit."""
        return self.ou_dn(site.ou)

    @property
    def ous(self) -> tuple[tuple[str, ...], ...]:
        """Paths of all Organizational Units below Staff, parents first."""
        paths = {person.ou[:depth] for person in self.people for depth in range(1, 9)}
        return tuple(sorted(paths | {(site.ou,) for site in self.sites}))

    def site(self, location: str) -> Site:
        """Return the site with the given location identifier."""
        return next(site for site in self.sites if site.location == location)

    def person(self, account: str) -> Person:
        """Return the person with the given account name (sAMAccountName)."""
        return next(person for person in self.people if person.account == account)

    def at(self, site: Site) -> tuple[Person, ...]:
        """Return the people with active accounts below the Organizational Unit of a site."""
        return tuple(person for person in self.people if person.ou[0] == site.ou and person.active)

    @property
    def canary_person(self) -> Person:
        """A person whose name, mail address and phone numbers are unique, so that tests can find them in outputs."""
        return self.person("zquarrelstone")

    @property
    def two_site_person(self) -> Person:
        """A person at Oslo HQ who also works in Tromsø.

        An LDAP entry has only one parent, so the second site is stored in an attribute
        (physicalDeliveryOfficeName). Below Oslo HQ, `two_site_filter` matches only this person. The person is also the
        only member of the group `CN=Tromsø duty,OU=Groups`.
        """
        return self.person("ttidemand")

    @property
    def two_site_filter(self) -> str:
        """Filter that matches only `two_site_person` below Oslo HQ."""
        return f"(&(objectClass=person)(physicalDeliveryOfficeName={self.two_site_person.office}))"

    @property
    def colleagues(self) -> tuple[Person, Person]:
        """Two active people in Bergen with different mobile numbers and mail addresses."""
        return self.person("ekvist"), self.person("rkvist")

    @property
    def unreachable(self) -> Person:
        """An active person in Tromsø with neither a mail address nor a mobile number, and thus without a valid row."""
        return self.person("nnordlys")

    @property
    def person_with_comma(self) -> Person:
        """An active person in Bergen with a comma in the common name."""
        return self.person("plunde")


def build_company() -> Company:
    """Return the company, with about 200 people at three sites.

    The data is the same on each call.
    """
    return Company(sites=SITES, people=tuple(generate_people()))
