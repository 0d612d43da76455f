# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bytecode cache for module archives, shared by all runs of Ansible.

Ansible sends each module as a ZIP archive of source files. Python compiles these files on every import, which takes a
third of the run time of a task. If the directory of this file is in PYTHONPATH, Python imports this file at startup
(see `site` in the standard library). This file then makes Python cache the bytecode of ZIP archives in the directory
specified by MODULE_BYTECODE_CACHE.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zipimport
from typing import Any

_CACHE_DIR = os.environ.get("MODULE_BYTECODE_CACHE")
_compile = zipimport._compile_source  # type: ignore[attr-defined]  # there is no public hook


def _compile_once(pathname: str, source: bytes) -> Any:
    name = f"{sys.implementation.cache_tag}-{hashlib.sha256(source).hexdigest()}"
    cached = os.path.join(str(_CACHE_DIR), name)
    try:
        with open(cached, "rb") as file:
            return marshal.load(file)  # noqa: S302  # the directory is private
    except FileNotFoundError:
        code = _compile(pathname, source)
    # The temporary file is renamed when it is complete, because other processes might use the cache at the same time.
    temporary = f"{cached}.{os.getpid()}"
    with open(temporary, "wb") as file:
        marshal.dump(code, file)
    os.replace(temporary, cached)
    return code


if _CACHE_DIR:
    zipimport._compile_source = _compile_once  # type: ignore[attr-defined]  # see above
