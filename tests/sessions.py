# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sessions of noxfile.py share: releases of ansible-core, the collection's tree, environments."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nox

if TYPE_CHECKING:
    from collections.abc import Collection

NAMESPACE, NAME = "frontdesk", "contacts"
IN_CI = os.environ.get("CI") == "true"


class Core(NamedTuple):
    """A release of ansible-core that the collection is tested with."""

    version: str
    pythons: tuple[str, ...]
    """Those it runs on, the preferred one first."""
    get_pip_version: str
    """Which script its ansible-test wants to fetch for new environments: get_pip_<this>.py."""
    unit_test_python: str
    """The Python that the unit tests of modules and their utilities run in."""
    runs_all_unit_tests: bool
    """Whether all of them run, or those alone that can depend on the core."""
    module_python: str
    """The Python that modules run in, when integration tests run them."""
    module_requirements: str
    """What they import there: a file of requirements."""
    integration_markers: str
    """Which integration tests run with it, by their markers; empty for all."""


LIBRARIES = "meta/requirements.txt"
# With gssapi besides, which has to be compiled: once is enough.
ALL_LIBRARIES = "meta/ee-requirements.txt"
EVERY_CORE, BOTH_ENDS, EVERY_LIBRARY = "every_core", "both_ends", "every_library"
OLDEST, LATEST = (f"tests/requirements/modules-{end}.txt" for end in ("oldest", "newest"))
# Together: every Python that modules may meet, and each library at its floor, at its newest release and at
# its next one. What playbooks do is tested with the oldest core and the newest, some of it with the first that
# tags data, too; what modules do with their libraries, wherever these differ.
CORES = (
    Core(
        "2.16",
        ("3.11", "3.12", "3.10"),
        "23_1_2",
        "3.9",
        True,
        "3.9",
        OLDEST,
        f"{EVERY_CORE} or {BOTH_ENDS} or {EVERY_LIBRARY}",
    ),
    Core("2.19", ("3.11", "3.12", "3.13"), "24_2", "3.11", False, "3.10", LIBRARIES, EVERY_CORE),
    Core("2.20", ("3.12", "3.13", "3.14"), "25_2", "3.12", False, "3.12", LATEST, EVERY_LIBRARY),
    Core("2.21", ("3.13", "3.12", "3.14"), "25_2", "3.13", True, "3.13", ALL_LIBRARIES, ""),
)
NEWEST = CORES[-1]
# Unit tests of what imports ansible-core; the three rooms do not.
CORE_DEPENDENT_UNIT_TESTS = (
    *("tests/unit/plugins/filter/", "tests/unit/plugins/modules/", "tests/unit/roles/"),
    "tests/unit/plugins/module_utils/_module/",
)


def replace_pyenv_shims() -> None:
    """Take pyenv's shims from PATH and add the interpreters that they stand for.

    A shim answers 127 for a version that is not selected, and ansible-test takes it all the same.
    """
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    kept = [folder for folder in folders if not folder.is_relative_to(root)]
    versions = sorted(root.glob("versions/3.*/bin"))
    os.environ["PATH"] = os.pathsep.join(str(folder) for folder in [*kept, *versions])


def session_directory(session: nox.Session) -> Path:
    """Return a folder of the session's own.

    Not nox's create_tmp(), which makes it TMPDIR too: sockets below it get too long a path.
    """
    return Path(session.cache_dir).resolve() / session.name


def copy_collection(session: nox.Session) -> Path:
    """Copy the collection into a tree as Ansible wants it, and return its place in it.

    Only what git tracks, or would track, is copied. Of an earlier copy the bytecode stays, as it does in a
    checkout: to compile all tests takes seconds.
    """
    root = session_directory(session) / "ansible_collections"
    for path in root.rglob("*"):
        if path.parent.name != "__pycache__" and (path.is_symlink() or not path.is_dir()):
            path.unlink()
    target = root / NAMESPACE / NAME
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for name in set(listed.split("\0")) - {""}:
        if Path(name).is_file():  # what is deleted is listed until it is committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    # Else ansible-test takes the repository around it for its own, which ignores all of this.
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return target


def build_collection(session: nox.Session) -> Path:
    """Build the collection, and return the archive."""
    tree = copy_collection(session)
    dist = session_directory(session) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with session.chdir(tree):
        session.run("ansible-galaxy", "collection", "build", "--output-path", str(dist))
    (archive,) = dist.iterdir()
    return archive


def use_small_profile(tree: Path) -> None:
    """Let property tests in a tree try few inputs, for another session tries many."""
    (tree / "tests" / "unit" / "hypothesis-profile").write_text("some")


def available_python(session: nox.Session, version: str) -> str:
    """Return a Python's version if the machine has it, else, but not in CI, the session's own."""
    if shutil.which(f"python{version}"):
        return version
    say = session.error if IN_CI else session.warn
    say(f"Python {version} is missing: its part is run in Python {session.python}")
    return str(session.python)


def create_module_environment(session: nox.Session, version: str, *requirements: str) -> str:
    """Make an environment as hosts have it that run the modules, and return its Python.

    :param requirements: files of what the modules import, and whatever else is to be in it.
    """
    target = session_directory(session) / f"modules-{version}"
    python = str(target / "bin" / "python")
    session.run_install(f"python{version}", "-m", "venv", "--clear", str(target), external=True)
    files = [part for file in requirements for part in ("-r", file)]
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    # gssapi has to be compiled, and optimizing takes more than half of that.
    session.run_install(python, *install, *files, external=True, env={"CFLAGS": "-O0"})
    return python


def sanity_test_arguments(
    core: Core, python: str, targets: Collection[str]
) -> list[tuple[str, ...]]:
    """Return the arguments for each run of ansible-test's sanity tests.

    Modules are compiled and imported in the target Pythons alone: those that the core's other tests run them in,
    together every one that they may meet. pylint and pep8 take longer than all others together and find the same with
    each core. So they run with the newest alone, and over what is released, for ruff and mypy have read the tests.
    """
    per_python = ("compile", "import")
    once = ("pylint", "pep8")
    others = [part for test in (*per_python, *once) for part in ("--skip-test", test)]
    parts = [
        *((*_tests(*per_python), "--python", target) for target in sorted(set(targets))),
        (*others, "--python", python),
    ]
    return [*parts, (*_tests(*once), "plugins/")] if core is NEWEST else parts


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(part for name in names for part in ("--test", name))


def seed_get_pip_cache(core: Core) -> None:
    """Spare ansible-test a download from an address that closed networks do not reach.

    New environments of its own get their pip from a script, which it fetches unless the script is in its
    cache. This one has Python's own ensurepip do it. A script that is there already is left alone.
    """
    script = Path("~/.ansible/test/cache").expanduser() / f"get_pip_{core.get_pip_version}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import ensurepip\n\nensurepip.bootstrap()\n")


def fail_on_skipped_tests(session: nox.Session, reports: Path) -> None:
    """Fail, in CI, when pytest's reports tell of skipped tests: nobody has seen what they test."""
    found = [re.findall(r'skipped="(\d+)"', report.read_text()) for report in reports.glob("*.xml")]
    skipped = sum(int(number) for numbers in found for number in numbers)
    if skipped and IN_CI:
        session.error(f"{skipped} tests were skipped, and CI=true makes that a failure")
