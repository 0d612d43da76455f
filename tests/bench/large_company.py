# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A large company: the lab's company and any number of additional people in 20 Organizational Units."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from tests.lab.company import Company, build_company
from tests.lab.person import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = 20
PARENT_UNIT = "Large"
"""Name of the unit that contains the additional units, but no people of the lab's company."""

_GIVEN = (
    *("Anna", "Bjørn", "Camilla", "David", "Erik", "Frøydis", "Geir", "Hanne", "Ingrid", "Jan"),
    *("Kari", "Lars", "Maria", "Nils", "Olga", "Per", "Ragnhild", "Siv", "Thomas", "Åse"),
)
_LAST = ("Berg", "Dahl", "Eriksen", "Haugen", "Lie", "Lunde", "Moe", "Nygård", "Solberg", "Ødegård")
_TITLES = ("Engineer", "Advisor", "Accountant", "Nurse", "Electrician", "Head of Section")
_DEPARTMENTS = ("Finance", "Research", "Operations", "Sales", "Human Resources")


def unit_names() -> list[str]:
    """Return the names of the units, which are also location identifiers."""
    return [f"site-{number:02d}" for number in range(UNITS)]


def large_company(number: int) -> Company:
    """Return the lab's company with additional people.

    Calls with the same number return the same people.

    :param number: number of additional people.
    """
    lab = build_company()
    return dataclasses.replace(lab, people=(*lab.people, *_people(number)))


def _people(number: int) -> Iterator[Person]:
    """Yield people with valid rows, whose mail addresses and phone numbers are unique.

    The export therefore writes the same rows as the other clients.

    About one person in ten has no mobile number. The order is random, but the same for each call with the same number.
    """
    rng = random.Random(number)
    names = unit_names()
    for index in rng.sample(range(number), number):
        given, last = rng.choice(_GIVEN), rng.choice(_LAST)
        yield Person(
            account=f"p{index:07d}",
            given_name=given,
            last_name=last,
            display_name=f"{given} {last} {index:07d}",
            mail=f"{last.lower().translate(_ASCII)}.{index}@fjord.test",
            mobile="" if rng.random() < 0.1 else f"+479{index:07d}",
            telephone=f"+472{index:07d}",
            title=rng.choice(_TITLES),
            department=rng.choice(_DEPARTMENTS),
            ou=(PARENT_UNIT, names[index % UNITS]),
        )


_ASCII = str.maketrans("øåæ", "oaa")
