# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contacts that the service should have, derived from the company's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.company import Company
    from tests.lab.person import Person, Site

Row = tuple[str, ...]
"""The cells of a row: first name, last name, email, SMS phone, location."""


def contact_row(person: Person, site: Site) -> Row:
    """Return the row of a person at a site."""
    return (person.given_name, person.last_name, person.mail, person.mobile, site.location)


def expected_rows(company: Company) -> set[Row]:
    """Return the rows of the first sync.

    All active people with a mail address or a mobile number have a row. The person who works at two sites has two
    rows.
    """
    tromso = company.site("tromso")
    rows = {contact_row(company.two_site_person, tromso)}
    for site in company.sites:
        for person in company.at(site):
            if person.mail or person.mobile:
                rows.add(contact_row(person, site))
    return rows


def typical_people(company: Company, site: Site) -> Iterator[Person]:
    """Yield the people of a site who have a mail address, a mobile number and no special data."""
    special = {
        *company.colleagues,
        company.two_site_person,
        company.canary_person,
        company.person_with_comma,
    }
    for person in company.at(site):
        if person not in special and person.mail and person.mobile:
            yield person
