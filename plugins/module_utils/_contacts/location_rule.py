# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placements: a location for each person of a source by what the directory says of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .._errors import InputError
from .._expressions.expression import Expression, Variables, compile_expression
from .._text import clean, compose

NO_LOCATION = "has no location"
"""Why somebody is left out for whom the expression gives nothing."""

UNLISTED_LOCATION = "has a location that is not one of the source's"
"""Why somebody is left out for whom it gives something that is not allowed; what, is that person's value."""


class LocationRule(NamedTuple):
    """How the people of one source get their locations.

    :ivar name: what errors call it.
    :ivar expression: gives the identifier of a person's location.
    :ivar locations: the identifiers that are allowed, composed.
    """

    name: str
    expression: Expression
    locations: frozenset[str]

    def evaluate(self, variables: Variables) -> str:
        """The location of one person; empty when there is none.

        :raises FilterError: when the expression gives no text.
        """
        return clean(self.expression.evaluate(variables).text)

    def find_problem(self, location: str) -> str | None:
        """Why nobody can be at a location, or None. It holds no person's value."""
        if not location:
            return NO_LOCATION
        return None if location in self.locations else UNLISTED_LOCATION


def compile_location_rule(
    text: str, locations: Iterable[str], name: str, phone_region: str = ""
) -> LocationRule:
    """Check a source's placement and make it ready to run.

    :param text: the option location_value: an expression as those of columns.
    :param locations: the identifiers that are allowed; they have been checked.
    :param name: what to call it in an error: ``location_value of source 2``.
    :raises InputError: for a bad expression, or one that needs to know the location.
    :raises LibraryError: when it uses e164, and phonenumbers is missing or too old.
    """
    expression = compile_expression(text, name, phone_region)
    if expression.reads_location:
        raise InputError(
            f"Cannot use the expression {text!r} of {name}",
            "it reads the location, which it is to give",
            "Use attributes, as in physicalDeliveryOfficeName | lower",
        )
    return LocationRule(name, expression, frozenset(map(compose, locations)))
