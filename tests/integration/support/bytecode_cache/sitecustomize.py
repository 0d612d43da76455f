# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile once what Ansible sends to a host with each module.

A module comes as source in a ZIP archive with all that it imports. Python compiles that anew each time, which
is a third of what a task takes. When this folder is in PYTHONPATH, Python reads this file at its start (the
standard library's `site`), and from then on keeps what it compiles out of archives in the folder that
MODULE_BYTECODE_CACHE names.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zipimport
from typing import Any

_CACHE_DIR = os.environ.get("MODULE_BYTECODE_CACHE")
_compile = zipimport._compile_source  # type: ignore[attr-defined]  # where it has no public way in


def _compile_once(pathname: str, source: bytes) -> Any:
    name = f"{sys.implementation.cache_tag}-{hashlib.sha256(source).hexdigest()}"
    cached = os.path.join(str(_CACHE_DIR), name)
    try:
        with open(cached, "rb") as file:
            return marshal.load(file)  # noqa: S302  # nobody else may write there
    except FileNotFoundError:
        code = _compile(pathname, source)
    # Renamed, since others may read and write the same now.
    temporary = f"{cached}.{os.getpid()}"
    with open(temporary, "wb") as file:
        marshal.dump(code, file)
    os.replace(temporary, cached)
    return code


if _CACHE_DIR:
    zipimport._compile_source = _compile_once  # type: ignore[attr-defined]  # as above
