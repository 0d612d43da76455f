# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A heuristic that recognizes names of headers, parameters and fields that contain credentials.

Options that are printed and logged must not contain credentials. A name is split into words first,
because ``X-Sine-Api-Key``, ``accessToken`` and ``CLIENT_SECRET`` follow different naming
conventions.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

_SECRET_WORDS = frozenset(
    {
        *("auth", "authentication", "authorization", "bearer", "cookie", "credential"),
        *("credentials", "hmac", "jwt", "otp", "pass", "passphrase", "passwd", "password"),
        *("pin", "pwd", "secret", "session", "sig", "signature", "token", "tokens"),
    }
)
# Suffixes of names that are written as one word, such as apikey and accesstoken.
_SECRET_SUFFIXES = (
    *("apikey", "authkey", "accesskey", "secretkey", "privatekey", "sharedkey", "subscriptionkey"),
    *("sessionid", "token", "secret", "password", "passwd"),
)
# In a name that contains one of these words, the word "key" refers to a contact or a column, not to a
# credential.
_HARMLESS_WITH_KEY = frozenset(
    {
        *("by", "column", "columns", "external", "field", "fields", "foreign", "keys", "match"),
        *("matching", "merge", "name", "primary", "sort", "unique"),
    }
)


def is_credential_name(name: str) -> bool:
    """Return whether a name typically belongs to a credential."""
    words = [word.lower() for word in _WORD.findall(name)]
    if _SECRET_WORDS.intersection(words) or "".join(words).endswith(_SECRET_SUFFIXES):
        return True
    return "key" in words and not _HARMLESS_WITH_KEY.intersection(words)
