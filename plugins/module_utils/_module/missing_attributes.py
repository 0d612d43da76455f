# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explanations of why no entry has an attribute, with suitable remedies."""

from __future__ import annotations

from collections.abc import Sequence

from .._contacts.columns import Column
from .._directory.attribute_names import MissingAttribute
from .._errors import Diagnosis
from .source_options import Source


def explain_missing_attribute(missing: MissingAttribute, server: str, usage: str) -> Diagnosis:
    """Explain why no entry has an attribute.

    :param server: URI of the server.
    :param usage: relative clause that says what uses the attribute, from `describe_usage`.
    """
    name = missing.name
    if missing.is_unknown:
        return Diagnosis(
            f"the schema of {server} has no attribute {name}, {usage}",
            f"Correct the name, for example to {' or '.join(missing.suggestions)}"
            if missing.suggestions
            else "Correct the name",
        )
    if missing.related:
        return Diagnosis(
            f"no entry has the attribute {name}, {usage}, but entries have {_join(missing.related)}",
            "Use this name" if len(missing.related) == 1 else "Use one of these names",
        )
    if missing.unexplained:
        return Diagnosis(
            f"no entry has the attribute {name}, {usage}, but the server returned {_join(missing.unexplained)},"
            f" which {'was' if len(missing.unexplained) == 1 else 'were'} not requested and might contain its values",
            "Use the name under which the server returns the attribute, or allow the bind account to read the"
            " subschema of the server",
        )
    example = f", for example {' or '.join(missing.suggestions)}" if missing.suggestions else ""
    return Diagnosis(
        f"no entry has the attribute {name}, {usage}: it is not set, or the bind account is not allowed to read it",
        f"Give the account permission to read it, or use another attribute{example}",
    )


def describe_usage(name: str, columns: Sequence[Column], sources: Sequence[Source]) -> str:
    """Return a relative clause that says what uses an attribute.

    :param name: normalized description of the attribute.
    """
    headers = [column.header for column in columns if name in column.expression.attributes]
    if headers:
        noun = "column" if len(headers) == 1 else "columns"
        verb = "uses" if len(headers) == 1 else "use"
        return f"which the {noun} {_join(headers)} {verb}"
    rules = [source.location_rule for source in sources if source.location_rule is not None]
    names = [rule.name for rule in rules if name in rule.expression.attributes]
    if names:
        return f"which {_join(names)} {'uses' if len(names) == 1 else 'use'}"
    if any(name == source.exclusion.start_attribute for source in sources):
        return "which O(start_attribute) uses"
    return "which is read with of_entry"


def _join(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
