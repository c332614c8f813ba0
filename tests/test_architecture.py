"""What must hold over the whole repository, whoever changes it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bots", "streams", "classifiers", "config")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# Hosts of package registries: a clone has to work anywhere. Written in two, or this file would name them.
HOSTS = (
    "files.python" + "hosted",
    "py" + "pi.org/",
    "registry.npm" + "js",
    "repo1.ma" + "ven",
    "static." + "crates" + ".io",
)
MACHINE_PATHS = re.compile(r"(?:^|[^\w./-])/(?:work|farm)/")


def tracked() -> list[Path]:
    """Every text file in git."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """Its text; of a binary file nothing."""
    content = path.read_bytes()
    return "" if b"\0" in content[:8_192] else content.decode("utf-8", "replace")


def test_imports_point_one_way() -> None:
    """bots -> streams -> classifiers -> config, as pyproject.toml has it for import-linter."""
    lint = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_has_one_owner(package: str) -> None:
    """The names are common: another distribution with a package of that name would be imported instead of ours."""
    assert set(packages_distributions().get(package, ["tertulia"])) == {"tertulia"}


def test_listed_packages_are_those_of_the_tree() -> None:
    """A package that is not listed in pyproject.toml is missing from the wheel."""
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in tracked()
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] in PACKAGES
    }
    assert there == set(PROJECT["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / package)}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_tests_are_no_packages() -> None:
    """tests/config/__init__.py would shadow `config`."""
    assert [path for path in tracked() if path.name == "__init__.py" and path.is_relative_to(ROOT / "tests")] == []


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if any(host in line for host in HOSTS) or MACHINE_PATHS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "build.txt"])
def test_pins_have_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text("utf-8")
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*==", text, re.MULTILINE)
    starts = [line for line in text.splitlines() if line and not line[0].isspace()]
    assert len(pins) == len(starts) > 0, "every requirement is pinned by ==, and there are no options"
    assert len(re.findall(r"==.*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text)) == len(pins)
    assert "://" not in text


def test_the_runtime_needs_no_deep_learning_framework() -> None:
    text = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    assert re.findall(r"^(torch|tensorflow|jax|nvidia-\S+|transformers)==", text, re.MULTILINE) == []


@pytest.mark.parametrize("group", ["run", "dev"])
def test_every_dependency_is_pinned(group: str) -> None:
    wanted = list(PROJECT["project"]["dependencies"])
    if group == "dev":
        wanted += PROJECT["project"]["optional-dependencies"]["dev"]
    text = (ROOT / "requirements" / f"{group}.txt").read_text("utf-8").lower().replace("_", "-")
    names = [re.split(r"[^\w.-]", each, maxsplit=1)[0].lower().replace("_", "-") for each in wanted]
    assert [name for name in names if f"\n{name}==" not in f"\n{text}"] == [], "run `make lock`"
