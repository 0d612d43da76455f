# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs. Each is the twin of a documentation fragment or of a module's own documentation."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound

from .._contacts.phone import STYLES
from .._directory.account import PROTOCOLS
from .._directory.query import CONTACT, USER
from .._service.endpoint import CSV_TYPE
from .account import ACCOUNT_VARIABLES


def nonempty_env_fallback(*names: str) -> str:
    """The first of the environment variables that is set and not empty.

    AWX sets an empty variable for a field left blank; ansible-core's own fallback would take it.

    :raises AnsibleFallbackNotFound: when there is none.
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _secret(variable: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "no_log": True, "fallback": (nonempty_env_fallback, [variable]), **more}


def directory_spec() -> dict[str, Any]:
    """How to get into a directory: the twin of the fragment ``directory``."""
    return {
        "server_uri": {"type": "list", "elements": "str"},
        "domain": {"type": "str"},
        "site": {"type": "str"},
        "dns_servers": {"type": "list", "elements": "str"},
        "auth_protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "simple"},
        "bind_dn": {
            "type": "str",
            "fallback": (nonempty_env_fallback, [ACCOUNT_VARIABLES["bind_dn"]]),
        },
        "bind_pw": _secret(ACCOUNT_VARIABLES["bind_pw"]),
        "keytab": {"type": "path", "no_log": False},
        "ccache": {"type": "str"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "start_tls": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path", "aliases": ["ca_cert"]},
        "connection_timeout": {"type": "int", "default": 10},
        "receive_timeout": {"type": "int", "default": 120},
        "page_size": {"type": "int", "default": 1000},
    }


DIRECTORY_PATHS = ("ca_path", "client_cert", "client_key", "keytab")
"""Which of these options are paths."""


def default_columns(phone_region: str | None) -> list[dict[str, Any]]:
    """Columns of The Receptionist for iPad (support articles 9275517 and 1110164), the profile ``receptionist``.

    :param phone_region: the option; without one phone numbers stay as they stand in the directory.
    """
    sms = "mobile | e164(phone_region)" if phone_region else "mobile"
    return [
        {"header": "First Name", "value": "givenName", "required": True},
        {"header": "Last Name", "value": "sn", "required": True},
        {"header": "Email", "value": "mail", "unique": True, "required_unless": "SMS Phone"},
        {"header": "SMS Phone", "value": sms, "unique": True},
        {"header": "Location", "value": "location", "required": True},
    ]


def source_spec() -> dict[str, Any]:
    """Who is read, and what becomes of them: the twin of the fragment ``sources``."""
    return {
        "sources": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _one_source_spec(),
        },
        "filter": {"type": "str"},
        "object_types": {
            "type": "list",
            "elements": "str",
            "choices": [USER, CONTACT],
            "default": [USER],
        },
        **_exclusion_spec(),
        "skip_hidden": {"type": "bool", "default": False},
        "start_attribute": {"type": "str"},
        "columns": {"type": "list", "elements": "dict", "options": _column_spec()},
        "phone_region": {"type": "str"},
        "location_pattern": {"type": "str"},
    }


def _one_source_spec() -> dict[str, Any]:
    return {
        "location": {"type": "str"},
        "location_value": {"type": "str"},
        "locations": {"type": "list", "elements": "str"},
        "search_base": {"type": "str"},
        "search_scope": {
            "type": "str",
            "choices": ["subtree", "one_level", "base"],
            "default": "subtree",
        },
        # Not a list, which ansible-core would make of a text by its commas.
        "member_of": {"type": "raw"},
        "filter": {"type": "str"},
        **_exclusion_spec(),
        "minimum": {"type": "int", "default": 1},
    }


def _column_spec() -> dict[str, Any]:
    return {
        "header": {"type": "str", "required": True},
        "value": {"type": "str", "required": True},
        "required": {"type": "bool", "default": False},
        "required_unless": {"type": "str"},
        "unique": {"type": "bool", "default": False},
        "max_length": {"type": "int"},
        "phone_style": {"type": "str", "choices": list(STYLES)},
    }


def _exclusion_spec() -> dict[str, Any]:
    """Whom to leave out, of all sources or of one. Names are raw for the reason of member_of."""
    return {
        "exclude_ous": {"type": "raw"},
        "exclude_groups": {"type": "raw"},
        "exclude_filter": {"type": "str"},
    }


def export_spec() -> dict[str, Any]:
    """Options of ad_contacts_export beside those of the directory, of sources and of files."""
    return {
        "on_invalid": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
        "dest": {"type": "path", "required": True},
        "backup": {"type": "bool", "default": False},
    }


def info_spec() -> dict[str, Any]:
    """Options of ad_contacts_info beside those of the directory and of sources."""
    return {"fail_on_problems": {"type": "bool", "default": False}}


def upload_spec() -> dict[str, Any]:
    """Options of contact_upload."""
    return {
        "src": {"type": "path", "required": True},
        **_service_spec(),
        "profile": {"type": "str", "default": "receptionist"},
        "location_column": {"type": "str", "default": "Location"},
        "key": {
            "type": "list",
            "elements": "str",
            "default": ["Email", "SMS Phone"],
            "no_log": False,
        },
        "state_dir": {"type": "path"},
        "max_removed": {"type": "int"},
        "max_removed_percent": {"type": "float", "default": 10.0},
        "initial": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "result": {"type": "dict", "options": _result_spec()},
    }


def _service_spec() -> dict[str, Any]:
    """Where a roster is sent, and how."""
    readable = {"type": "dict", "default": {}, "no_log": False}
    return {
        "url": {"type": "str", "required": True},
        "method": {"type": "str", "choices": ["POST", "PUT", "PATCH"], "default": "POST"},
        "body_format": {"type": "str", "choices": ["multipart", "raw"], "default": "multipart"},
        "field_name": {"type": "str", "default": "file"},
        "form_fields": readable,
        "content_type": {"type": "str", "default": CSV_TYPE},
        "params": readable,
        "headers": readable,
        "token": _secret("FRONTDESK_TOKEN", aliases=["api_token"]),
        # Names, no credentials; without no_log ansible-core would warn because of the word in them.
        "token_header": {"type": "str", "default": "Authorization", "no_log": False},
        "token_prefix": {"type": "str", "no_log": False},
        "token_param": {"type": "str", "no_log": False},
        "url_username": _secret("FRONTDESK_URL_USERNAME"),
        "url_password": _secret("FRONTDESK_URL_PASSWORD"),
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "ca_path": {"type": "path", "aliases": ["ca_cert"]},
        "validate_certs": {"type": "bool", "default": True},
        "tls_minimum": {"type": "str", "choices": ["1.2", "1.3"], "default": "1.2"},
        "use_proxy": {"type": "bool", "default": True},
        "timeout": {"type": "int", "default": 60},
        "retries": {"type": "int", "default": 3},
        "retry_interval": {"type": "int", "default": 2},
        "status_code": {"type": "list", "elements": "int"},
    }


def _result_spec() -> dict[str, Any]:
    """Where an answer holds what."""
    return {
        "counts": {"type": "str"},
        "refused": {"type": "list", "elements": "str", "default": []},
        "errors": {"type": "str"},
        "row": {"type": "str", "default": "row"},
        "first_row": {"type": "int", "default": 1},
        "row_column": {"type": "str"},
        "column": {"type": "str", "default": "column"},
        "cause": {"type": "str", "default": "error"},
        "status": {"type": "str"},
        "accepted": {"type": "list", "elements": "str", "default": []},
    }
