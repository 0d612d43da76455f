# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attribute descriptions: the name or the OID of an attribute, and options such as ``lang-el`` (RFC 4512, 2.5).

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import re

# RFC 4512, 1.4 and 2.5. An OID has at least three arcs here, so that it cannot be mistaken for a decimal fraction.
_TYPE = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-2](?:\.(?:0|[1-9][0-9]*)){2,})"
_DESCRIPTION = re.compile(rf"{_TYPE}(?:;[A-Za-z0-9-]+)*")


def is_attribute_description(text: str) -> bool:
    """Return whether a string is a valid attribute description, such as ``sn``, ``2.5.4.4`` or ``sn;lang-el``."""
    return _DESCRIPTION.fullmatch(text) is not None


def normalize_description(description: str) -> str:
    """Return the canonical form of a description: in lowercase, with sorted options.

    Case and the order of options have no meaning (RFC 4512, 2.5). An OID is not replaced with a name.
    """
    attribute_type, *options = description.lower().split(";")
    return ";".join([attribute_type, *sorted(options)]) if options else attribute_type


def split_description(description: str) -> tuple[str, str]:
    """Return the attribute type and the options, including the semicolon before them.

    :param description: normalized description.
    """
    attribute_type, semicolon, options = description.partition(";")
    return attribute_type, semicolon + options


def has_option(description: str, option: str) -> bool:
    """Return whether a description has an option.

    :param option: the option in lowercase.
    """
    return option in description.lower().split(";")[1:]
