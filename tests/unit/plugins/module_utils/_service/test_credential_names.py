# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the heuristic that recognizes credentials by their names."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.credential_names import (
    is_credential_name,
)

CREDENTIALS = """
    Authorization Proxy-Authorization X-Sine-Api-Key X-API-Key x-api-key apikey ApiKey api_key
    APIKEY key Key accessToken access_token ACCESS-TOKEN accesstoken token X-Auth-Token auth X-Auth
    secret client_secret clientSecret CLIENTSECRET password Passwd user_password pwd passphrase
    Cookie Set-Cookie credential signature sig jwt bearer Ocp-Apim-Subscription-Key pin XSRF-TOKEN
    oauth_token authentication JSESSIONID sessionid session_id X-Session hmac X-OTP subscriptionkey
    secretkey privateKey sharedkey
"""
OTHER_NAMES = """
    remove-hosts send-emails X-Request-Id mode dryRun Accept User-Agent account list site
    primary_key primaryKey unique-key keyColumn key_field matchKey externalKey keyword keywords
    monkey author authority assign signal tokenize passport compass X-Correlation-Id Accept-Language
    primary_keys pinned obsession hotpot licence
"""


@pytest.mark.parametrize("name", CREDENTIALS.split())
def test_name_of_a_credential_is_recognized(name: str) -> None:
    assert is_credential_name(name)


@pytest.mark.parametrize("name", [*OTHER_NAMES.split(), "", "-", "ключ"])
def test_other_name_is_not_recognized(name: str) -> None:
    assert not is_credential_name(name)
