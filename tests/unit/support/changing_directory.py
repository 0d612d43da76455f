# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory whose people change, and the roster that an export of this directory would write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import csv_bytes, ids_bytes

LOCATIONS = ("oslo", "bergen", "voss")

REQUIRED_COLUMNS = ("Name", "Email", "Location")
OPTIONAL_COLUMNS = ("Phone", "Title")


@dataclass(frozen=True)
class Person:
    """A person in the directory.

    :ivar identity: identity of the directory entry, which changes when the domain is migrated.
    :ivar locations: locations of the person, without duplicates.
    """

    identity: str
    name: str
    email: str
    phone: str
    locations: tuple[str, ...]

    def row(self, header: tuple[str, ...], location: str) -> tuple[str, ...]:
        """Return the row of this person at a location."""
        cells = {
            "Name": self.name,
            "Email": self.email,
            "Location": location,
            "Phone": self.phone,
            "Title": f"Title of {self.name}",
        }
        return tuple(cells[title] for title in header)


class ChangingDirectory:
    """A directory whose people change.

    :ivar people: all people, by owner name. The tests recognize a person by this name, because it is the only value
        that never changes.
    :ivar header: titles of the exported columns.
    """

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.header: tuple[str, ...] = REQUIRED_COLUMNS
        self._count = 0
        self._owners: dict[bytes, list[str]] = {}

    def add(self, count: int, location: str) -> None:
        """Add people at a location."""
        for _each in range(count):
            self._count += 1
            owner = f"p{self._count:03}"
            self.people[owner] = Person(
                identity=f"id-{owner}",
                name=owner,
                email=f"{owner}@x",
                phone=f"+47{self._count:08}",
                locations=(location,),
            )

    def remove(self, count: int) -> None:
        """Remove the people who were added last, but never the first person."""
        for owner in list(self.people)[1:][-count:]:
            del self.people[owner]

    def remove_at(self, count: int, location: str) -> None:
        """Remove people who are at a location, but never the first of them."""
        for owner, _person in self._people_at(location)[1 : 1 + count]:
            del self.people[owner]

    def replace_all(self, count: int, location: str) -> None:
        """Replace everyone with new people at one location."""
        self.people = {}
        self.add(count, location)

    def move(self, count: int, old: str, new: str) -> None:
        """Move people from one location to another."""
        for owner, person in self._people_at(old)[:count]:
            others = [each for each in person.locations if each not in (old, new)]
            self.people[owner] = replace(person, locations=(*others, new))

    def add_location(self, count: int, location: str) -> None:
        """Add a location to people who are not there yet."""
        for owner, person in [
            each for each in self.people.items() if location not in each[1].locations
        ][:count]:
            self.people[owner] = replace(person, locations=(*person.locations, location))

    def change(self, count: int, suffix: str) -> None:
        """Change the names and the email addresses of people."""
        for owner, person in list(self.people.items())[:count]:
            self.people[owner] = replace(
                person, name=person.name + suffix, email=f"{person.name}{suffix}@x"
            )

    def swap_locations(self, first: str, second: str) -> None:
        """Exchange two locations, as if the sources were mixed up."""
        new_names = {first: second, second: first}
        for owner, person in self.people.items():
            locations = tuple(new_names.get(each, each) for each in person.locations)
            self.people[owner] = replace(person, locations=locations)

    def remove_location(self, location: str) -> None:
        """Remove a location from all people, and remove the people who have no other location.

        If no one would remain, nothing is changed.
        """
        remaining = {
            owner: replace(
                person, locations=tuple(each for each in person.locations if each != location)
            )
            for owner, person in self.people.items()
        }
        remaining = {owner: person for owner, person in remaining.items() if person.locations}
        self.people = remaining or self.people

    def copy_rows(self, count: int) -> None:
        """Give people the same cells and locations as the first person."""
        first = next(iter(self.people.values()))
        for owner in list(self.people)[1 : 1 + count]:
            self.people[owner] = replace(first, identity=self.people[owner].identity)

    def migrate(self) -> None:
        """Give everyone a new identity, as after the migration of a domain."""
        for owner, person in self.people.items():
            self.people[owner] = replace(person, identity=person.identity + "'")

    def toggle_column(self, title: str) -> None:
        """Add an optional column, or remove it if it exists."""
        if title in self.header:
            self.header = tuple(each for each in self.header if each != title)
        else:
            self.header = (*self.header, title)

    def export(self, path: Path) -> bytes:
        """Write the CSV file and the identities file as an export would, and return the content of the CSV file."""
        rows = sorted(
            (location, person.row(self.header, location), person.identity, owner)
            for owner, person in self.people.items()
            for location in person.locations
        )
        body = csv_bytes([cells for _location, cells, _identity, _owner in rows], self.header)
        path.write_bytes(body)
        ids_path(path).write_bytes(ids_bytes(body, [identity for _l, _c, identity, _o in rows]))
        self._owners[body] = [owner for _location, _cells, _identity, owner in rows]
        return body

    def find_owners(self, body: bytes) -> list[str]:
        """Return the owner of the contact in each row of an exported roster.

        :param body: content of the CSV file.
        """
        return self._owners[body]

    def _people_at(self, location: str) -> list[tuple[str, Person]]:
        return [each for each in self.people.items() if location in each[1].locations]
