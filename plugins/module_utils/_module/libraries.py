# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error messages of modules about Python libraries that are missing or too old."""

from __future__ import annotations

import platform
import sys
from typing import NoReturn

from ansible.module_utils.basic import missing_required_lib

from .._errors import InputError
from .._library import Library, LibraryError
from .reporter import Reporter


def require(reporter: Reporter, *libraries: Library) -> None:
    """Make the module fail unless all libraries are installed and recent enough."""
    try:
        for library in libraries:
            library.require()
    except LibraryError as error:
        fail(reporter, error)


def fail(reporter: Reporter, error: LibraryError) -> NoReturn:
    """Make the module fail because of a library.

    A missing library is reported with ansible-core's own message, and a library that is too old with a similar
    message.
    """
    library = error.library
    if library.failure is not None:
        message = missing_required_lib(library.requirement, reason=error.reason or None)
        reporter.fail(message, exception=library.failure, kind=InputError.kind)
    too_old = InputError(
        f"Cannot use the Python library {library.name} {library.version} from {library.path}"
        f" on {platform.node()}'s Python {sys.executable}",
        f"{library.requirement} is required {error.reason}".rstrip(),
        "Upgrade the library for this Python, or set ansible_python_interpreter to a Python that has a supported"
        " release of the library",
    )
    reporter.fail_with(too_old)
