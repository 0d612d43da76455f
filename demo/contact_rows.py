# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service should know of the company: worked out from the company's own staff list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.company import Company
    from tests.lab.person import Person, Site

Row = tuple[str, ...]
"""First name, last name, email, SMS phone, location."""


def contact_row(person: Person, site: Site) -> Row:
    """Return a person's contact at a site."""
    return (person.given_name, person.last_name, person.mail, person.mobile, site.location)


def expected_rows(company: Company) -> set[Row]:
    """Return the contacts that a first sync should give.

    Active people with an address or a number; of two with one number the greater identity loses it;
    the traveller is a contact at both locations.
    """
    tromso = company.site("tromso")
    loser = max(company.people_sharing_mobile, key=lambda person: str(person.identity))
    rows = {contact_row(company.two_site_person, tromso)}
    for site in company.sites:
        for person in company.at(site):
            given, last, mail, mobile, location = contact_row(person, site)
            if mail or mobile:
                rows.add((given, last, mail, "" if person == loser else mobile, location))
    return rows


def typical_people(company: Company, site: Site) -> Iterator[Person]:
    """Yield those of a site about whom there is nothing special."""
    special = {
        *company.people_sharing_mobile,
        company.two_site_person,
        company.canary_person,
        company.person_with_comma,
    }
    for person in company.at(site):
        if person not in special and person.mail and person.mobile:
            yield person
