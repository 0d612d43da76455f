# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's company: who works where at Fjord, the same people with the same identities every time.

Pure data. How an entry is written in Active Directory or OpenLDAP stands in `entries.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.person import Person, Site
from tests.lab.staff import SITES, generate_people

__all__ = ["Company", "Person", "Site", "build_company", "escape"]

_DN_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in ',+"\\<>;='})


def escape(value: str) -> str:
    """Write a value so that it can stand in a distinguished name (RFC 4514, 2.4)."""
    escaped = value.translate(_DN_SPECIAL)
    if escaped.startswith(("#", " ")):
        escaped = f"\\{escaped}"
    return f"{escaped[:-1]}\\ " if value.endswith(" ") and len(value) > 1 else escaped


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everybody and every place of the company, and by name those whom tests ask for."""

    sites: tuple[Site, ...]
    people: tuple[Person, ...] = field(repr=False)
    domain: str = "fjord.test"
    netbios_domain: str = "FJORD"

    @property
    def base_dn(self) -> str:
        """The DN of the domain."""
        return ",".join(f"dc={label}" for label in self.domain.split("."))

    @property
    def staff_dn(self) -> str:
        """The DN above all sites."""
        return f"OU=Staff,{self.base_dn}"

    def ou_dn(self, *names: str) -> str:
        """Return the DN of an Organizational Unit, given the names from below Staff downwards."""
        return ",".join([*(f"OU={escape(name)}" for name in reversed(names)), self.staff_dn])

    def person_dn(self, person: Person) -> str:
        """Return the DN under which a person was hired."""
        return f"CN={escape(person.display_name)},{self.ou_dn(*person.ou)}"

    def site_dn(self, site: Site) -> str:
        """Return the DN of a site's Organizational Unit."""
        return self.ou_dn(site.ou)

    @property
    def ous(self) -> tuple[tuple[str, ...], ...]:
        """Every Organizational Unit below Staff, as names downwards, parents first."""
        paths = {person.ou[:depth] for person in self.people for depth in range(1, 9)}
        return tuple(sorted(paths | {(site.ou,) for site in self.sites}))

    def site(self, location: str) -> Site:
        """Return the site that has a location identifier."""
        return next(site for site in self.sites if site.location == location)

    def person(self, account: str) -> Person:
        """Return the person who has an account (sAMAccountName)."""
        return next(person for person in self.people if person.account == account)

    def at(self, site: Site) -> tuple[Person, ...]:
        """Return who is active below a site's Organizational Unit: the default filter's people."""
        return tuple(who for who in self.people if who.ou[0] == site.ou and who.active)

    @property
    def canary_person(self) -> Person:
        """Somebody whose names, mail and numbers occur nowhere else: search outputs for them."""
        return self.person("zquarrelstone")

    @property
    def two_site_person(self) -> Person:
        """Somebody of Oslo HQ who also works in Tromsø.

        An object has one parent, so the second place is an attribute (physicalDeliveryOfficeName);
        `two_site_filter` finds this person, and nobody else, below Oslo HQ. The group
        `CN=Tromsø duty,OU=Groups` has this person as its member, too.
        """
        return self.person("ttidemand")

    @property
    def two_site_filter(self) -> str:
        """The filter, to be used below Oslo HQ, that finds `traveller` for Tromsø."""
        return f"(&(objectClass=person)(physicalDeliveryOfficeName={self.two_site_person.office}))"

    @property
    def people_sharing_mobile(self) -> tuple[Person, Person]:
        """Two active people of Bergen with one mobile number and a mail address each."""
        return self.person("ekvist"), self.person("rkvist")

    @property
    def unreachable(self) -> Person:
        """An active person of Tromsø with neither mail nor mobile: no valid row can be made."""
        return self.person("nnordlys")

    @property
    def person_with_comma(self) -> Person:
        """An active person of Bergen whose common name holds a comma."""
        return self.person("plunde")


def build_company() -> Company:
    """Return the company: some 200 people at three sites, the same at every call."""
    return Company(sites=SITES, people=tuple(generate_people()))
