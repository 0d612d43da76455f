# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers for the sessions in noxfile.py: ansible-core releases, collection trees and environments."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Collection

NAMESPACE, NAME = "frontdesk", "contacts"
IN_CI = os.environ.get("CI") == "true"


@dataclass(frozen=True, kw_only=True)
class Core:
    """A release of ansible-core with which the collection is tested."""

    version: str
    """Version of the release, without the patch level."""
    pythons: tuple[str, ...]
    """Supported Python versions, the preferred one first."""
    get_pip_version: str
    """Version in the name of the script that ansible-test downloads to install pip: get_pip_VERSION.py."""
    unit_test_python: str
    """Python version with which the unit tests of modules and module_utils run."""
    runs_all_unit_tests: bool
    """Whether to run all unit tests, or only those that depend on ansible-core."""
    module_python: str
    """Python version with which the integration tests run the modules."""
    module_requirements: str
    """Requirements file with the libraries of the modules in the integration tests."""
    integration_markers: str
    """Marker expression that selects the integration tests; empty for all."""

    @property
    def package(self) -> str:
        """The requirement that installs the newest patch release."""
        return f"ansible-core~={self.version}.0"

    @property
    def installed_python(self) -> str | None:
        """The first supported Python version that is installed, or None."""
        return next((python for python in self.pythons if shutil.which(f"python{python}")), None)


LIBRARIES = "meta/requirements.txt"
# Includes gssapi, which must be compiled, so only one release of ansible-core is tested with this file.
ALL_LIBRARIES = "meta/ee-requirements.txt"
EVERY_CORE, BOTH_ENDS, EVERY_LIBRARY = "every_core", "both_ends", "every_library"
OLDEST, LATEST = (f"tests/requirements/modules-{end}.txt" for end in ("oldest", "newest"))
# Together, these entries cover Python 3.9 to 3.13 for the modules, and the oldest and the newest release of each
# library, including release candidates. Playbooks are tested with the oldest and the newest ansible-core, and
# partly with 2.19, the first release with data tagging. Tests that depend on libraries run with the oldest and the
# newest releases of the libraries, and with all optional libraries.
CORES = (
    Core(
        version="2.16",
        pythons=("3.11", "3.12", "3.10"),
        get_pip_version="23_1_2",
        unit_test_python="3.9",
        runs_all_unit_tests=True,
        module_python="3.9",
        module_requirements=OLDEST,
        integration_markers=f"{EVERY_CORE} or {BOTH_ENDS} or {EVERY_LIBRARY}",
    ),
    Core(
        version="2.19",
        pythons=("3.11", "3.12", "3.13"),
        get_pip_version="24_2",
        unit_test_python="3.11",
        runs_all_unit_tests=False,
        module_python="3.10",
        module_requirements=LIBRARIES,
        integration_markers=EVERY_CORE,
    ),
    Core(
        version="2.20",
        pythons=("3.12", "3.13", "3.14"),
        get_pip_version="25_2",
        unit_test_python="3.12",
        runs_all_unit_tests=False,
        module_python="3.12",
        module_requirements=LATEST,
        integration_markers=EVERY_LIBRARY,
    ),
    Core(
        version="2.21",
        pythons=("3.13", "3.12", "3.14"),
        get_pip_version="25_2",
        unit_test_python="3.13",
        runs_all_unit_tests=True,
        module_python="3.13",
        module_requirements=ALL_LIBRARIES,
        integration_markers="",
    ),
)
NEWEST = CORES[-1]
# Unit tests of the code that runs on the control node, with the Python of ansible-core.
CONTROL_NODE_UNIT_TESTS = ("tests/unit/plugins/plugin_utils/", "tests/unit/roles/")
# Unit tests of the code that imports ansible-core. The other packages in module_utils do not import it.
CORE_DEPENDENT_UNIT_TESTS = (
    *CONTROL_NODE_UNIT_TESTS,
    *("tests/unit/plugins/modules/", "tests/unit/plugins/module_utils/_module/"),
)


def replace_pyenv_shims() -> None:
    """Replace pyenv's shims in PATH with the directories of the interpreters.

    Otherwise, ansible-test would run the shims of Python versions that are not selected. Such a shim exits with status
    127.
    """
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    others = [folder for folder in folders if not folder.is_relative_to(root)]
    versions = sorted(root.glob("versions/3.*/bin"))
    os.environ["PATH"] = os.pathsep.join(str(folder) for folder in [*others, *versions])


def session_directory(session: nox.Session) -> Path:
    """Return the directory for the files of a session.

    nox's create_tmp() is not used because it also sets TMPDIR, and the paths of sockets in that directory would be too
    long.
    """
    return Path(session.cache_dir).resolve() / session.name


def copy_collection(session: nox.Session) -> Path:
    """Copy the collection into an ansible_collections tree, and return its path there.

    Only files that git tracks or does not ignore are copied.
    """
    root = session_directory(session) / "ansible_collections"
    shutil.rmtree(root, ignore_errors=True)
    target = root / NAMESPACE / NAME
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for name in set(listed.split("\0")) - {""}:
        if Path(name).is_file():  # a deleted file is listed until the deletion is staged
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    # Without a repository here, ansible-test would use the enclosing one, which ignores all of these files.
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return target


def build_collection(session: nox.Session) -> Path:
    """Build the collection, and return the path to the archive."""
    tree = copy_collection(session)
    dist = session_directory(session) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with session.chdir(tree):
        session.run("ansible-galaxy", "collection", "build", "--output-path", str(dist))
    (archive,) = dist.iterdir()
    return archive


def install_collection(session: nox.Session, archive: Path) -> Path:
    """Install the collection from its archive, and return the collections path."""
    path = session_directory(session) / "installed"
    shutil.rmtree(path, ignore_errors=True)
    session.run(
        *("ansible-galaxy", "collection", "install", "--offline", "-p", str(path), str(archive)),
        env={"ANSIBLE_COLLECTIONS_PATH": str(path)},
    )
    return path


def use_small_profile(tree: Path) -> None:
    """Limit the number of examples in property-based tests, because another session uses more examples.

    :param tree: copy of the collection, from `copy_collection`.
    """
    (tree / "tests" / "unit" / "hypothesis-profile").write_text("small")


def available_python(session: nox.Session, version: str) -> str:
    """Return the given Python version if it is installed, else the Python version of the session.

    In CI, a missing version is an error.
    """
    if shutil.which(f"python{version}"):
        return version
    report = session.error if IN_CI else session.warn
    report(
        f"Cannot run tests with Python {version}: it is not installed. Install it to run them with this version"
        f" instead of Python {session.python}."
    )
    return str(session.python)


def create_module_environment(session: nox.Session, version: str, *requirements: str) -> str:
    """Create a virtual environment that runs the modules, and return the path to its Python.

    :param version: Python version.
    :param requirements: requirements files to install.
    """
    environment = session_directory(session) / f"modules-{version}"
    python = str(environment / "bin" / "python")
    session.run_install(f"python{version}", "-m", "venv", str(environment), external=True)
    files = [part for file in requirements for part in ("-r", file)]
    install = ("-m", "pip", "install", "--quiet", "--upgrade", "--disable-pip-version-check")
    session.run_install(python, *install, *files, external=True)
    return python


def sanity_test_arguments(
    core: Core, python: str, targets: Collection[str]
) -> list[tuple[str, ...]]:
    """Return the arguments of each run of ansible-test's sanity tests.

    The compile and import tests only run with the target Python versions, which are different for each release of
    ansible-core. pylint and pep8 take longer than all other tests, and their results do not depend on the release of
    ansible-core. They therefore only run with the newest release, and only on plugins; ruff and mypy check the tests.

    :param core: release of ansible-core that runs the tests.
    :param python: Python version that runs ansible-core.
    :param targets: Python versions that run the modules.
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
    """Fill ansible-test's get-pip cache, so that ansible-test works without internet access.

    In new environments, ansible-test installs pip with a script, which it downloads unless the script is in its cache.
    The script written here uses ensurepip instead. An existing script is not changed.
    """
    script = Path("~/.ansible/test/cache").expanduser() / f"get_pip_{core.get_pip_version}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import ensurepip\n\nensurepip.bootstrap()\n")


def fail_on_skipped_tests(session: nox.Session, reports: Path) -> None:
    """Fail in CI if pytest's reports contain skipped tests.

    :param reports: directory with JUnit XML files.
    """
    texts = [report.read_text() for report in reports.glob("*.xml")]
    skipped = sum(int(number) for text in texts for number in re.findall(r'skipped="(\d+)"', text))
    if skipped and IN_CI:
        session.error(
            f"Cannot skip tests in CI: the number of skipped tests is {skipped}. Install the requirements that are"
            " named in the reasons for skipping."
        )
