# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The format that The Receptionist for iPad accepts, which is the default of the modules and the role.

Column titles and rules follow the vendor's support articles 9275517-active-directory and
1110164-active-directory-integration. The title of the location column is not documented, so it is an option. The
articles also do not document what happens to contacts that are missing from an upload. The collection assumes the
worst case: they are removed.
"""

from __future__ import annotations

from typing import Any

PROFILE = "receptionist"
"""Name of the profile."""
LOCATION_HEADER = "Location"
"""Default title of the column that contains the location."""
KEY = ("Email", "SMS Phone")
"""Titles of the columns that identify a contact if a roster has no identities."""


def default_columns(
    phone_region: str | None, location_header: str = LOCATION_HEADER
) -> list[dict[str, Any]]:
    """Return the columns, as values of the option ``columns``.

    :param phone_region: value of the option ``phone_region``; if it is not set, phone numbers are exported as stored in
        the directory.
    :param location_header: title of the column that contains the location.
    """
    email, sms_phone = KEY
    mobile = "mobile | e164(phone_region)" if phone_region else "mobile"
    return [
        {"header": "First Name", "value": "givenName", "required": True},
        {"header": "Last Name", "value": "sn", "required": True},
        {"header": email, "value": "mail", "unique": True, "required_unless": sms_phone},
        {"header": sms_phone, "value": mobile, "unique": True},
        {"header": location_header, "value": "location", "required": True},
    ]
