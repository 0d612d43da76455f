# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a module is to look for people, and how it gets there: options made into sources and an access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._contacts.location import check_locations
from .._contacts.text import compose
from .._directory.access import Access
from .._directory.domain import Domain
from .._directory.query import Query, check_filter, check_query
from .._errors import InputError
from .account import account_of


class Source(NamedTuple):
    """Where one location's people are found.

    :ivar name: what errors call it.
    :ivar location: identifier; empty for a global source.
    :ivar minimum: fewest contacts it must give.
    """

    name: str
    location: str
    query: Query
    minimum: int


def access_of(params: Mapping[str, Any]) -> Access:
    """How to get into the directory, from a module's parameters."""
    return Access(
        server_uris=params["server_uri"] or [],
        account=account_of(params),
        start_tls=params["start_tls"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        connection_timeout=params["connection_timeout"],
        receive_timeout=params["receive_timeout"],
        domain=Domain(
            (params["domain"] or "").rstrip("."), params["site"] or "", params["dns_servers"] or ()
        ),
    )


def sources_of(params: Mapping[str, Any]) -> list[Source]:
    """The sources, checked, from the module's parameters.

    :raises InputError: for anything in them that can be seen to be wrong without a server.
    """
    given = params["sources"]
    if not given:
        raise InputError("Cannot export", "sources is empty", "Give at least one source")
    check_locations([source["location"] for source in given], params["location_pattern"])
    if params["filter"]:
        check_filter(params["filter"], "all sources")
    sources = []
    for number, source in enumerate(given, start=1):
        place = f" (location {source['location']!r})" if source["location"] else ""
        name = f"source {number}{place}"
        query = Query(
            source["search_base"],
            source["search_scope"],
            source["filter"] or params["filter"] or "",
        )
        check_query(query, name)
        _check_limits(source, name)
        location = compose(source["location"] or "")
        sources.append(Source(name, location, query, source["minimum"]))
    return sources


def _check_limits(source: Mapping[str, Any], name: str) -> None:
    tried = f"Cannot use minimum {source['minimum']} of {name}"
    if source["minimum"] < 0:
        raise InputError(tried, "it is less than 0")
    if source["minimum"] > 1 and source["search_scope"] == "base":
        raise InputError(
            tried,
            "search_scope base gives one entry at most",
            "Search subtree or one_level, or lower minimum",
        )
