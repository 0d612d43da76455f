# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module says when this Python lacks a library, or has one that is too old."""

from __future__ import annotations

import platform
import sys

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._errors import FrontdeskError
from .._library import Library


def require(module: AnsibleModule, *libraries: Library) -> None:
    """End the module, with an error, unless this Python has all of its libraries.

    ansible-core words the error of a missing one; that of an old one follows its words.
    """
    for library in libraries:
        if library.failure is not None:
            module.fail_json(
                msg=missing_required_lib(library.requirement), exception=library.failure
            )
        if library.is_too_old:
            module.fail_json(msg=str(_too_old(library)))


def _too_old(library: Library) -> FrontdeskError:
    python = f"{platform.node()}'s Python {sys.executable}"
    return FrontdeskError(
        f"Cannot use the Python library {library.name} {library.version} from {library.place}"
        f" on {python}",
        f"{library.requirement} is needed",
        "Upgrade it for this Python, or set ansible_python_interpreter to one that has it",
    )
