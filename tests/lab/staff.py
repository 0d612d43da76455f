# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The people of the company: a few people with special data for tests, and many generated people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.lab.names import Name, generate_names
from tests.lab.person import Person, Site, filetime

if TYPE_CHECKING:
    from collections.abc import Iterator

OSLO = Site(name="Oslo HQ", location="oslo-hq", ou="Oslo HQ")
BERGEN = Site(name="Bergen", location="bergen", ou="Bergen, Sales and Harbour")
TROMSO = Site(name="Tromsø", location="tromso", ou="Tromsø")
SITES = (OSLO, BERGEN, TROMSO)

_EXPIRED = filetime(datetime(2020, 1, 1, tzinfo=UTC))
_NOT_EXPIRED = filetime(datetime(2099, 1, 1, tzinfo=UTC))
_AREA_CODES = {OSLO: "22", BERGEN: "55", TROMSO: "77"}
_ACCOUNT_LENGTH = 20  # limit of sAMAccountName for users (MS-ADA3, sAMAccountName)


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """An Organizational Unit, with the number of its generated people and their job title."""

    site: Site
    path: tuple[str, ...]
    title: str
    size: int


_UNITS = (
    _Unit(site=OSLO, path=(), title="Receptionist", size=4),
    _Unit(site=OSLO, path=("Engineering",), title="Engineer", size=28),
    _Unit(site=OSLO, path=("Engineering", "Platform"), title="Systems engineer", size=20),
    _Unit(site=OSLO, path=("Finance",), title="Controller", size=18),
    _Unit(site=OSLO, path=("People and Culture",), title="Adviser", size=10),
    _Unit(site=OSLO, path=("Sales",), title="Account manager", size=18),
    _Unit(site=BERGEN, path=(), title="Receptionist", size=3),
    _Unit(site=BERGEN, path=("Sales",), title="Account manager", size=22),
    _Unit(site=BERGEN, path=("Harbour",), title="Deckhand", size=28),
    _Unit(site=TROMSO, path=(), title="Receptionist", size=2),
    _Unit(site=TROMSO, path=("Research",), title="Researcher", size=24),
    _Unit(site=TROMSO, path=("Research", "Aurora"), title="Observer", size=12),
)


def generate_people() -> Iterator[Person]:
    """Yield the people with special data, then the generated ones, in the same order on each call."""
    yield from _special_people()
    units = (unit for unit in _UNITS for _person_number in range(unit.size))
    for number, (name, unit) in enumerate(zip(generate_names(), units, strict=False)):
        yield _vary(_person(name, unit, number), number)


def _person(name: Name, unit: _Unit, number: int) -> Person:
    ascii_given, ascii_last = name.ascii_given.lower(), name.ascii_last.lower()
    return Person(
        account=f"{ascii_given}.{ascii_last}"[:_ACCOUNT_LENGTH].rstrip("."),
        given_name=name.given,
        last_name=name.last,
        display_name=name.display,
        mail=f"{ascii_given}.{ascii_last}@fjord.test",
        mobile=f"+4791{200_000 + 37 * number:06d}",
        telephone=f"+47{_AREA_CODES[unit.site]}{310_000 + number:06d}",
        title=unit.title,
        department=unit.path[-1] if unit.path else "Reception",
        office=unit.site.name,
        ou=(unit.site.ou, *unit.path),
    )


def _vary(person: Person, number: int) -> Person:
    """Disable some accounts, change the expiry of others, and remove some mobile numbers and mail addresses."""
    if number % 29 == 7:
        person = replace(person, disabled=True)
    elif number % 41 == 11:
        person = replace(person, account_expires=_EXPIRED)
    elif number % 41 == 12:
        person = replace(person, account_expires=0)
    elif number % 41 == 13:
        person = replace(person, account_expires=_NOT_EXPIRED)
    if person.department == "Harbour" and number % 3 == 1:
        return replace(person, mail="")
    return replace(person, mobile="") if number % 11 == 4 else person


def _special_people() -> Iterator[Person]:
    engineering = _Unit(site=OSLO, path=("Engineering",), title="Engineer", size=0)
    sales = _Unit(site=OSLO, path=("Sales",), title="Account manager", size=0)
    harbour = _Unit(site=BERGEN, path=("Harbour",), title="Skipper", size=0)
    research = _Unit(site=TROMSO, path=("Research",), title="Guest researcher", size=0)
    canary = _special_person("zquarrelstone", "Zebedy", "Quarrelstone", engineering, 900)
    yield replace(canary, mobile="+4799887766")
    two_site = _special_person("ttidemand", "Thea", "Tidemand", sales, 901)
    yield replace(two_site, office=TROMSO.name)
    for number, (account, given) in enumerate((("ekvist", "Embla"), ("rkvist", "Roar"))):
        colleague = _special_person(account, given, "Kvist", harbour, 902 + number)
        yield replace(colleague, mobile=f"+479055500{number}")
    with_comma = _special_person("plunde", "Per-Åge", "Lunde", harbour, 904)
    yield replace(with_comma, display_name="Lunde, Per-Åge (skipper)")
    unreachable = _special_person("nnordlys", "Nils", "Nordlys", research, 905)
    yield replace(unreachable, mail="", mobile="")


def _special_person(account: str, given: str, last: str, unit: _Unit, number: int) -> Person:
    name = Name(given=given, last=last, ascii_given=given.replace("Å", "A"), ascii_last=last)
    person = _person(name, unit, number)
    return replace(person, account=account)
