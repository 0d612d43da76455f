# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A large company: the lab's, and below one unit as many more people as one likes, in 20 units."""

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
"""The unit that holds the others, and nobody of the lab's company."""

_GIVEN = (
    *("Anna", "Bjørn", "Camilla", "David", "Erik", "Frøydis", "Geir", "Hanne", "Ingrid", "Jan"),
    *("Kari", "Lars", "Maria", "Nils", "Olga", "Per", "Ragnhild", "Siv", "Thomas", "Åse"),
)
_LAST = ("Berg", "Dahl", "Eriksen", "Haugen", "Lie", "Lunde", "Moe", "Nygård", "Solberg", "Ødegård")
_TITLES = ("Engineer", "Advisor", "Accountant", "Nurse", "Electrician", "Head of Section")
_DEPARTMENTS = ("Finance", "Research", "Operations", "Sales", "Human Resources")


def unit_names() -> list[str]:
    """Names of the units, which are identifiers of locations, too."""
    return [f"site-{number:02d}" for number in range(UNITS)]


def large_company(number: int) -> Company:
    """The lab's company and so many people more, the same at every call."""
    lab = build_company()
    return dataclasses.replace(lab, people=(*lab.people, *_people(number)))


def _people(number: int) -> Iterator[Person]:
    """People whose rows break no rule and share nothing: of these every client makes the same rows.

    One of ten has no mobile number. The server gives them in no order.
    """
    chance = random.Random(number)
    names = unit_names()
    for index in chance.sample(range(number), number):
        given, last = chance.choice(_GIVEN), chance.choice(_LAST)
        yield Person(
            account=f"p{index:07d}",
            given_name=given,
            last_name=last,
            display_name=f"{given} {last} {index:07d}",
            mail=f"{last.lower().translate(_ASCII)}.{index}@fjord.test",
            mobile="" if chance.random() < 0.1 else f"+479{index:07d}",
            telephone=f"+472{index:07d}",
            title=chance.choice(_TITLES),
            department=chance.choice(_DEPARTMENTS),
            ou=(PARENT_UNIT, names[index % UNITS]),
        )


_ASCII = str.maketrans("øåæ", "oaa")
