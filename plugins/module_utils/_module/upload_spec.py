# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of contact_upload."""

from __future__ import annotations

from typing import Any

from .._roster.limits import MISSING_CHOICES, UNKNOWN
from .._service.endpoint import CSV_TYPE, FORM, HEADER, QUERY, SUCCESS
from .arguments import option_names_spec, secret_spec
from .receptionist import KEY, LOCATION_HEADER, PROFILE


def upload_spec() -> dict[str, Any]:
    """Return the argument spec of contact_upload."""
    return {
        "src": {"type": "path", "required": True},
        "checksum": {"type": "str"},
        **service_spec(),
        "profile": {"type": "str", "default": PROFILE},
        "location_column": {"type": "str", "default": LOCATION_HEADER},
        "key": {
            "type": "list",
            "elements": "str",
            "default": list(KEY),
            "no_log": False,
        },
        "state_dir": {"type": "path"},
        "plan_dest": {"type": "path"},
        **_limits_spec(),
        "initial": {"type": "bool", "default": False},
        "rebind": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "refresh_after": {"type": "int"},
        "undo": {"type": "bool", "default": False},
        **option_names_spec(),
    }


def _limits_spec() -> dict[str, Any]:
    """Return the spec of the options that describe the limits for a plan, and its approval."""
    return {
        "missing": {"type": "str", "choices": list(MISSING_CHOICES), "default": UNKNOWN},
        "max_removed": {"type": "int"},
        "max_removed_percent": {"type": "float", "default": 10.0},
        "max_removed_per_location_percent": {"type": "float", "default": 50.0},
        "max_moved_percent": {"type": "float", "default": 25.0},
        "max_changed_percent": {"type": "float", "default": 50.0},
        "max_added_percent": {"type": "float", "default": 100.0},
        "must_contain": {"type": "list", "elements": "dict"},
        "approved_plan": {"type": "str"},
    }


def service_spec() -> dict[str, Any]:
    """Return the spec of the options that describe the service: the request and its response."""
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
        "token": secret_spec("token", aliases=["api_token"]),
        # These are not secret. Without an explicit no_log, ansible-core would warn because of the word "token".
        "token_header": {"type": "str", "default": "Authorization", "no_log": False},
        "token_prefix": {"type": "str", "no_log": False},
        "token_param": {"type": "str", "no_log": False},
        "url_username": secret_spec("url_username"),
        "url_password": secret_spec("url_password"),
        "secrets": {
            "type": "list",
            "elements": "dict",
            "no_log": False,
            "options": {
                "name": {"type": "str", "required": True},
                "in": {"type": "str", "choices": [HEADER, QUERY, FORM], "default": HEADER},
                "value": {"type": "str", "required": True, "no_log": True},
            },
        },
        "anonymous": {"type": "bool", "default": False},
        "public_names": {"type": "list", "elements": "str"},
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
        "result": {"type": "dict", "options": _result_spec()},
    }


def _result_spec() -> dict[str, Any]:
    """Return the spec of the suboptions of ``result``, which describe the response."""
    return {
        "success": {"type": "str"},
        "success_values": {"type": "list", "elements": "str", "default": [SUCCESS]},
        "messages": {"type": "list", "elements": "str", "default": []},
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
