# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of one sync: values of variables, checked and converted to the options of the modules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._errors import InputError
from ..module_utils._module.upload_options import parse_limits
from ..module_utils._module.upload_spec import upload_spec
from ._locations import Bases, Location, build_sources, locations_from_list
from ._values import convert_value, is_blank
from ._variables import MODULES, UPLOAD, VARIABLES, option_names

# An empty prefix is a valid value: the token is then sent without a prefix.
_TOKEN_PREFIX = "contact_sync_service_token_prefix"  # noqa: S105  # not a password

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_SERVER_URI = re.compile(r"ldaps?://", re.IGNORECASE)
# An HTTPS URL, or an HTTP URL of a service on the host that runs the module.
_SERVICE_URL = re.compile(r"https://|http://(?:localhost|127\.0\.0\.1|\[::1\])[:/]", re.IGNORECASE)


@dataclass(frozen=True)
class Host:
    """A target host with its variables.

    :ivar name: inventory name.
    :ivar values: converted variables that are not blank, by name.
    """

    name: str
    values: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """Return the value of a variable, by its name without the prefix; None if it is blank or not set."""
        return self.values.get(f"contact_sync_{name}")


@dataclass(frozen=True)
class Settings:
    """The settings of one sync.

    :ivar name: name of the sync.
    :ivar options: options of each module, by stage: those that the user has set, and ``option_names``.
    :ivar sources: sources of the export.
    :ivar dest: path of the roster; empty for the default.
    :ivar state_dir: path of the state directory; empty for the default.
    :ivar is_initial: whether this is declared as the first run.
    :ivar fails_on_problems: whether the probe fails if it finds problems.
    """

    name: str
    options: Mapping[str, Mapping[str, Any]]
    sources: Sequence[Mapping[str, Any]]
    dest: str
    state_dir: str
    is_initial: bool
    fails_on_problems: bool


def convert_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Convert all variables that are not blank, and an empty prefix of the token.

    :param variables: values from `plain`, by name.
    :raises InputError: if a value is invalid.
    """
    return {
        name: convert_value(name, value, VARIABLES[name].spec)
        for name, value in variables.items()
        if not is_blank(value) or (name == _TOKEN_PREFIX and value == "")
    }


def check_combinations(host: Host) -> None:
    """Check that exactly one variable selects the servers, and that exactly one defines the locations.

    :raises InputError: if variables are missing or contradictory, or if a server URI is invalid.
    """
    _check_directory(host)
    _check_location_variables(host)


def make_settings(
    host: Host,
    group_locations: Sequence[Location],
    *,
    for_upload: bool,
    check_mode: bool = False,
) -> Settings:
    """Combine the variables of a host into settings.

    :param host: the host, which `check_combinations` has accepted.
    :param group_locations: locations from contact_sync_locations_group; empty if it is not set.
    :param for_upload: whether the sync uploads contacts, which requires a valid name, the URL of the service and valid
        limits.
    :param check_mode: whether the role runs in check mode.
    :raises InputError: if a location, the name, the URL or a limit is missing or invalid.
    """
    locations = group_locations or locations_from_list(host.get("locations"))
    bases = Bases(base_dn=host.get("base_dn") or "", ou_template=host.get("ou_template") or "")
    sources = build_sources(locations, bases)
    name = host.get("name") or host.name
    if for_upload:
        _check_name(name)
        _check_service_url(host)
        _check_limits(host)
    return Settings(
        name=name,
        options={
            stage: {
                **_forwarded_options(host, stage),
                "option_names": option_names(
                    stage,
                    check_mode=check_mode,
                    has_location_hosts=bool(host.get("locations_group")),
                ),
            }
            for stage in MODULES
        },
        sources=sources,
        dest=host.get("dest") or "",
        state_dir=host.get("state_dir") or "",
        is_initial=bool(host.get("initial")),
        fails_on_problems=bool(host.get("fail_on_problems")),
    )


def _forwarded_options(host: Host, stage: str) -> dict[str, Any]:
    """Return the options of a module whose variables are set.

    Other options are not passed, so that the user's module_defaults apply.
    """
    return {
        variable.options[stage]: host.values[name]
        for name, variable in VARIABLES.items()
        if stage in variable.options and name in host.values
    }


def _check_directory(host: Host) -> None:
    action = f"Cannot connect to a directory for host {host.name}"
    server_uris, domain = host.get("server_uri"), host.get("domain")
    if not server_uris and not domain:
        raise InputError(
            action,
            "neither contact_sync_server_uri nor contact_sync_domain is set",
            "Set contact_sync_server_uri to the URIs of the directory servers, such as ldaps://dc1.corp.example,"
            " or contact_sync_domain to a domain with SRV records for its servers, such as corp.example",
        )
    if server_uris and domain:
        raise InputError(
            action,
            "contact_sync_server_uri and contact_sync_domain are both set",
            "Set only one of them",
        )
    for uri in server_uris or ():
        if not _SERVER_URI.match(uri):
            host_name = uri.rpartition("/")[2]
            raise InputError(
                f"Cannot use {uri!r} in contact_sync_server_uri of host {host.name}",
                "it does not start with ldaps://",
                f"Write ldaps://{host_name}",
            )


def _check_location_variables(host: Host) -> None:
    action = f"Cannot determine the locations of host {host.name}"
    locations, group = host.get("locations"), host.get("locations_group")
    if not locations and not group:
        raise InputError(
            action,
            "neither contact_sync_locations nor contact_sync_locations_group is set",
            "Set contact_sync_locations to a list of locations with their OUs, or contact_sync_locations_group to an"
            " inventory group whose hosts are the locations",
        )
    if locations and group:
        raise InputError(
            action,
            "contact_sync_locations and contact_sync_locations_group are both set",
            "Set only one of them",
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"Cannot name the state directory {name!r}",
            "the name must start with a letter or digit and contain only letters, digits and the characters . _ @ -",
            "Set contact_sync_name, which defaults to the inventory name of the host, to a valid name",
        )


def _check_service_url(host: Host) -> None:
    url = host.get("service_url")
    if not url:
        raise InputError(
            f"Cannot upload the contacts of host {host.name}",
            "contact_sync_service_url is not set",
            "Set it to the upload URL from the documentation of the service",
        )
    if not _SERVICE_URL.match(url):
        raise InputError(
            f"Cannot upload the contacts of host {host.name}",
            "contact_sync_service_url does not start with https://",
            "Set it to an https:// URL; http:// is accepted only for a service on the target host itself",
        )


def _check_limits(host: Host) -> None:
    """Check the limits and the approval before anything is read, as the upload does later."""
    defaults = {name: spec.get("default") for name, spec in upload_spec().items()}
    try:
        parse_limits({**defaults, **_forwarded_options(host, UPLOAD)})
    except InputError as error:
        raise InputError(error.render(option_names(UPLOAD))) from error


def describe_missing_state(settings: Settings, state: Mapping[str, Any]) -> str:
    """Return the error message for a missing state directory; empty if it exists or if this is the first run.

    :param state: result of the module contact_sync_settings.
    """
    if state["exists"] or settings.is_initial:
        return ""
    return (
        f"Cannot sync {settings.name}: the state directory {state['state_dir']} does not exist on {state['node']}, so"
        " it is unknown which contacts the service has from earlier runs. Nothing was read. If there were earlier runs,"
        " mount the directory there, set contact_sync_state_dir to its actual path, or run the sync on the host that"
        " has it. If this is the first run, add -e contact_sync_initial=true to this run only."
    )
