"""What is installed is what the tree holds: every module, the built-in domains, the command."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import foundups_logging

# The tests also run where only the built wheel is; then the tree it was built from is told.
SOURCE = Path(os.environ.get("FOUNDUPS_LOGGING_SOURCE") or Path(__file__).parents[1])

pytestmark = pytest.mark.skipif(
    not (SOURCE / "foundups_logging" / "__init__.py").is_file(),
    reason="the source tree is not here; FOUNDUPS_LOGGING_SOURCE can name it",
)


def modules():
    """Every module of the tree, as the wheel is to hold it."""
    folders = {"foundups_logging": "foundups_logging", "handlers": "foundups_logging/handlers"}
    return {
        PurePosixPath(inside, file.relative_to(SOURCE / folder).as_posix())
        for folder, inside in folders.items()
        for file in (SOURCE / folder).rglob("*.py")
        # In the tree, foundups_logging/handlers is a link to the other folder.
        if folder == "handlers" or file.relative_to(SOURCE / folder).parts[0] != "handlers"
    }


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel built from a copy of the tree, as an open zip file."""
    pytest.importorskip("build", reason="building a wheel needs the dev extra")
    folder = tmp_path_factory.mktemp("packaging")
    copy = folder / "tree"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(SOURCE / name, copy)
    for name in ("foundups_logging", "handlers"):
        shutil.copytree(SOURCE / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    # The folder of tests, or the tree, may hold a build/ that would shadow the module.
    command = [sys.executable, "-P", "-m", "build", "--wheel", "--outdir", folder, copy]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, encoding="utf-8", timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        yield opened


def test_the_wheel_holds_every_module_and_nothing_else(wheel):
    held = {PurePosixPath(name) for name in wheel.namelist() if ".dist-info/" not in name}
    names = ("py.typed", "audit/report.schema.json", "audit/vocabulary.toml", "domains/builtin.toml")
    data = {PurePosixPath("foundups_logging", name) for name in names}
    assert held == modules() | data


def test_no_package_called_handlers_is_installed(wheel):
    assert {PurePosixPath(name).parts[0] for name in wheel.namelist() if ".dist-info/" not in name} == {
        "foundups_logging"
    }


def test_the_wheel_carries_the_licence_and_the_command(wheel):
    files = {PurePosixPath(name).name: name for name in wheel.namelist()}
    assert "LICENSE" in files
    assert "foundups-logging = foundups_logging.cli:main" in wheel.read(files["entry_points.txt"]).decode()


def test_the_declared_packages_are_those_of_the_tree(project):
    declared = project["tool"]["setuptools"]["packages"]
    assert sorted(declared) == sorted({".".join(module.parts[:-1]) for module in modules()})


def test_every_package_has_an_init_module():
    packages = {module.parent for module in modules()}
    assert {package / "__init__.py" for package in packages} <= modules()


def installed():
    """The installed distribution; skips where the tests run on the tree alone."""
    for found in importlib.metadata.distributions(name="foundups-logging"):
        if found.read_text("WHEEL") is not None:  # else what a build has left in the tree
            return found
    return pytest.skip("foundups-logging is not installed, only importable")


def test_the_installed_version_is_the_declared_one(project):
    assert installed().version == project["project"]["version"]


def test_the_installed_command_tells_its_use(tmp_path):
    installed()
    command = Path(sysconfig.get_path("scripts"), "foundups-logging")
    done = subprocess.run([command, "--help"], check=False, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage:" in done.stdout


def test_the_installed_package_leaves_the_name_handlers_to_others():
    if Path(foundups_logging.__file__).is_relative_to(SOURCE):
        pytest.skip("foundups_logging is imported from its tree")
    assert importlib.util.find_spec("handlers") is None
