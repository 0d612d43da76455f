# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Location rules, which derive the location of each person in a source from attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .._errors import InputError
from .._expressions.expression import Expression, Variables, compile_expression
from .._text import clean, compose

NO_LOCATION = "has no location"
"""Cause if the expression yields an empty or blank string."""

UNLISTED_LOCATION = "has a location that the source does not list"
"""Cause if the expression yields an identifier that is not listed. The cause does not contain the identifier."""


class LocationRule(NamedTuple):
    """A rule that determines the location of each person in a source.

    :ivar name: name of the rule in error messages, such as ``O(sources[].location_value) of source 2``.
    :ivar expression: expression that yields the identifier of a person's location.
    :ivar locations: composed (NFC) identifiers of the locations that the expression is allowed to yield.
    """

    name: str
    expression: Expression
    locations: frozenset[str]

    def evaluate(self, variables: Variables) -> str:
        """Return the location of one person; empty if there is none.

        :raises FilterError: if the evaluation fails, or if its result is not a string.
        """
        return clean(self.expression.evaluate(variables).text)

    def find_problem(self, location: str) -> str | None:
        """Return the cause if a location is not valid, otherwise None.

        The cause does not contain attribute values.
        """
        if not location:
            return NO_LOCATION
        return None if location in self.locations else UNLISTED_LOCATION


def compile_location_rule(
    text: str, locations: Iterable[str], name: str, phone_region: str = ""
) -> LocationRule:
    """Check and compile the location rule of a source.

    :param text: expression with the syntax of column expressions.
    :param locations: valid identifiers that the expression is allowed to yield.
    :param name: name of the rule in error messages, such as ``O(sources[].location_value) of source 2``.
    :param phone_region: default country for phone numbers without a country code; empty if there is none.
    :raises InputError: if the expression is not valid, or if it refers to the location.
    :raises LibraryError: if a library that the expression needs is missing or too old.
    """
    expression = compile_expression(text, name, phone_region)
    if expression.reads_location:
        raise InputError(
            f"Cannot use the expression {text!r} of {name}",
            "it refers to location, which is the result of this expression",
            "Use attributes, as in physicalDeliveryOfficeName | lower",
        )
    return LocationRule(name, expression, frozenset(map(compose, locations)))
