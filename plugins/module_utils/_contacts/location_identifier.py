# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of location identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .._errors import InputError
from .._expressions.patterns import PatternError, compile_pattern, is_full_match
from .._text import compose

_COPY_IDENTIFIER = "Copy the identifier from your account with the service; it contains no uppercase letters or spaces"


def check_locations(locations: Sequence[Sequence[str]], pattern: str | None = None) -> None:
    """Check the locations of all sources.

    :param locations: location identifiers of each source; empty for a source without a location.
    :param pattern: regular expression that each complete identifier must match; None to accept any.
    :raises InputError: if the pattern or an identifier is not valid, if an identifier does not match the pattern, or if
        only some of the sources have a location.
    """
    matches = _compile_location_pattern(pattern)
    for number, location in _number_locations(locations):
        action = f"Cannot use the location {location!r} of source {number}"
        problem = find_identifier_problem(location)
        if problem is not None:
            raise InputError(action, problem, _COPY_IDENTIFIER)
        if not matches(location):
            raise InputError(
                action,
                f"it does not match O(location_pattern) {pattern!r}",
                "Correct the location or O(location_pattern)",
            )
    numbers_without = [
        number for number, identifiers in enumerate(locations, start=1) if not identifiers
    ]
    if numbers_without and any(locations):
        raise InputError(
            "Cannot mix sources with and without a location",
            f"source {numbers_without[0]} has no location",
            "Set a location in all sources, or in none of them to assign all contacts to all locations",
        )


def find_identifier_problem(identifier: str) -> str | None:
    """Return the reason why an identifier is not valid, or None if it is valid.

    The location identifiers in an account with The Receptionist contain neither uppercase letters nor spaces (support
    article 9275517-active-directory).
    """
    if not identifier:
        return "it is empty"
    if any(map(str.isspace, identifier)):
        return "it contains whitespace"
    if not identifier.isprintable():
        return "it contains an invisible character"
    if identifier != identifier.lower():
        return "it contains an uppercase letter"
    return None


def _number_locations(locations: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """Yield each location with the number of its source."""
    for number, identifiers in enumerate(locations, start=1):
        for location in identifiers:
            yield number, location


def _compile_location_pattern(pattern: str | None) -> Callable[[str], bool]:
    """Return a function that checks whether an identifier matches the location_pattern option."""
    if pattern is None:
        return lambda _identifier: True
    action = f"Cannot use O(location_pattern) {pattern!r}"
    try:
        compiled = compile_pattern(compose(pattern))
    except PatternError as error:
        raise InputError(action, str(error), "Correct the regular expression") from error

    def matches(identifier: str) -> bool:
        try:
            return is_full_match(compiled, compose(identifier))
        except PatternError as error:
            raise InputError(action, str(error), "Correct the regular expression") from error

    return matches
