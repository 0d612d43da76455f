# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing of the options of ad_contacts_export and ad_contacts_info."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._contacts.columns import Column
from .._directory.settings import ConnectionSettings
from .._errors import InputError
from .arguments import check_paths
from .destination import check_dest
from .directory_options import DIRECTORY_PATHS, parse_connection_settings
from .source_options import Source, parse_columns, parse_sources

MAX_PAGE_SIZE = 100_000
"""Maximum number of entries per page. With a larger page, one response could contain a whole directory."""


@dataclass(frozen=True)
class ReadOptions:
    """Options for reading people from a directory, common to both modules.

    :ivar connection: connection settings; they are checked immediately before the first connection.
    :ivar sources: sources, in the order in which they are configured.
    :ivar columns: compiled columns of the roster.
    :ivar object_types: types of Active Directory objects that are treated as people.
    :ivar page_size: number of entries per page of a search result.
    :ivar phone_region: default country for phone numbers without a country code; empty if there is none.
    """

    connection: ConnectionSettings
    sources: tuple[Source, ...]
    columns: tuple[Column, ...]
    object_types: tuple[str, ...]
    page_size: int
    phone_region: str = ""


@dataclass(frozen=True)
class ExportOptions:
    """Options of one export.

    :ivar read: options for reading people from the directory.
    :ivar dest: path of the roster, with symbolic links resolved.
    :ivar backup: whether to keep a copy of a roster that is replaced.
    :ivar keep_staged: whether the roster of a run in check mode remains in its temporary directory.
    :ivar fail_on_invalid: whether the export fails if people have no valid row.
    :ivar max_contested: maximum number of people who may newly lose a value in a unique column; None for no limit.
    :ivar baseline: state directory of the upload, which contains the last accepted roster; None if it is not used.
    """

    read: ReadOptions
    dest: Path
    backup: bool
    keep_staged: bool
    fail_on_invalid: bool
    max_contested: int | None = None
    baseline: Path | None = None


def parse_export_options(params: Mapping[str, Any], check_mode: bool) -> ExportOptions:
    """Check and parse the parameters of ad_contacts_export.

    :param check_mode: whether the module runs in check mode. The directory of ``dest`` can then be missing.
    :raises InputError: if the parameters contain an error that can be detected without contacting a server. Most of the
        connection settings are not checked yet.
    :raises LibraryError: if a column or a location rule needs a library that is missing or too old.
    """
    check_paths(params, "dest", "baseline")
    read = parse_read_options(params)
    dest = Path(os.path.realpath(params["dest"]))
    check_dest(dest, check_mode)
    max_contested = params["max_contested"]
    if max_contested is not None and max_contested < 0:
        raise InputError(
            f"Cannot use O(max_contested) {max_contested}",
            "it must not be negative",
            "Set it to 0 or more",
        )
    return ExportOptions(
        read=read,
        dest=dest,
        backup=params["backup"],
        keep_staged=params["stage_in_check_mode"],
        fail_on_invalid=params["on_invalid"] == "fail",
        max_contested=max_contested,
        baseline=None if params["baseline"] is None else Path(params["baseline"]),
    )


def parse_read_options(params: Mapping[str, Any]) -> ReadOptions:
    """Check and parse the parameters that ad_contacts_export and ad_contacts_info have in common.

    :raises InputError: if the parameters contain an error that can be detected without contacting a server. Most of the
        connection settings are not checked yet.
    :raises LibraryError: if a column or a location rule needs a library that is missing or too old.
    """
    check_paths(params, *DIRECTORY_PATHS)
    sources = parse_sources(params)
    page_size = params["page_size"]
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InputError(
            f"Cannot use O(page_size) {page_size}",
            f"it must be between 1 and {MAX_PAGE_SIZE}",
            "Correct O(page_size)",
        )
    return ReadOptions(
        connection=parse_connection_settings(params),
        sources=sources,
        columns=parse_columns(params, sources),
        object_types=tuple(params["object_types"]),
        page_size=page_size,
        phone_region=params["phone_region"] or "",
    )
