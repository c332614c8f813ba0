"""The only reader of configuration files and of the environment.

Layers, each over the one before: the shipped `defaults.yaml`, the user's `tertulia.yaml`, the environment
(`TERTULIA_API__PORT`), the command line. Everything that is wrong is found at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.bot_rules import shared_bots
from config.checks import Checker, without_empty_blocks
from config.document import Document, read_document
from config.environment import FILE_VARIABLE, from_environment
from config.keys import Families, settings
from config.layers import Given, Layers
from config.naming import brand_from_name, fold
from config.problems import ConfigError, Key, Place, Problem, did_you_mean, in_order
from config.rules import check, name_apart
from config.schema import Brand, Config, Section
from config.secret_files import SecretFiles

DEFAULTS = Path(__file__).with_name("defaults.yaml")
FILE_NAME = "tertulia.yaml"


@dataclass(frozen=True, slots=True)
class Examination:
    """What a look at the configuration found: `config` unless there are errors, and every problem in order."""

    config: Config | None
    problems: tuple[Problem, ...]
    file: Path | None


def load(
    path: Path | None,
    *,
    sources: Mapping[str, type[Section]],
    outlets: Mapping[str, type[Section]],
    env: Mapping[str, str],
    brand: str | Sequence[str] | None = None,
    data_dir: Path | None = None,
) -> Config:
    """The configuration that holds; `sources` and `outlets` in it are plain mappings with every default filled in.

    `path`: the user's file; `None`: see `find_file`. `brand`: listen for these only, by the name of a configured brand
    or any other name. Raises `ConfigError` with every problem.
    """
    found = examine(path, sources=sources, outlets=outlets, env=env, brand=brand, data_dir=data_dir)
    if found.config is None:
        raise ConfigError(found.problems)
    return found.config


def find_file(path: Path | None, env: Mapping[str, str]) -> Path | None:
    """The user's file: the given one, $TERTULIA_CONFIG, ./tertulia.yaml, or that in the user's configuration folder."""
    if path is not None:
        return path
    if env.get(FILE_VARIABLE):
        return Path(env[FILE_VARIABLE])
    base = env.get("XDG_CONFIG_HOME")
    home = (Path(base) if base else Path("~/.config").expanduser()) / "tertulia" / FILE_NAME
    return next((candidate for candidate in (Path(FILE_NAME), home) if candidate.exists()), None)


def examine(
    path: Path | None,
    *,
    sources: Mapping[str, type[Section]],
    outlets: Mapping[str, type[Section]],
    env: Mapping[str, str],
    brand: str | Sequence[str] | None = None,
    data_dir: Path | None = None,
) -> Examination:
    """As `load`, but problems are returned, warnings among them."""
    file = find_file(path, env)
    families: Families = {"sources": sources, "outlets": outlets}
    documents = [read_document(each, rank) for rank, each in enumerate((DEFAULTS, file)) if each is not None]
    problems = [problem for document in documents for problem in document.problems]
    variables, unknown = from_environment(env, list(settings(Config, families)), rank=2)
    layers = Layers([*documents, variables, _options(data_dir)])
    names = [brand] if isinstance(brand, str) else list(brand or ())
    if any(not name.strip() for name in names):
        problems.append(Problem(Place("--brand", None, 3), (), "is empty; give the name of a brand"))
    config, found = _Examiner(layers, families, documents).run([name for name in names if name.strip()])
    # After an unreadable file the rest is noise: what it would have said is missing.
    problems += unknown + ([] if _broken(problems) else found)
    errors = any(problem.severity == "error" for problem in problems)
    return Examination(None if errors else config, tuple(in_order(problems)), file)


def _broken(problems: Sequence[Problem]) -> bool:
    return any(problem.severity == "error" and not problem.key for problem in problems)


def _options(data_dir: Path | None) -> Given:
    if data_dir is None:
        return Given({}, {})
    return Given({"data_dir": str(data_dir)}, {("data_dir",): Place("--data-dir", None, 3)})


class _Examiner:
    """One look at the merged layers."""

    def __init__(self, layers: Layers, families: Families, documents: Sequence[Document]) -> None:
        self._layers, self._families = layers, families
        self._folders = {document.name: document.folder for document in documents}
        self._secrets = SecretFiles(layers, self._folder)
        self._checker = Checker(layers, self._secrets.unread)

    def run(self, brands: Sequence[str]) -> tuple[Config | None, list[Problem]]:
        """The configuration, and what is wrong with it."""
        tree = name_apart(self._layers.merged(), self._layers.place, self._checker.complain)
        tree = self._secrets.resolve(Config, without_empty_blocks(tree), ())
        members = {name: self._members(name, tree.get(name)) for name in self._families}
        for key, message in shared_bots(members["sources"], members["outlets"]):
            self._checker.complain(key, message)
        config = self._checker.section(Config, {key: value for key, value in tree.items() if key not in members})
        if config is None:
            self._check_the_rest(tree, chosen=bool(brands))
        else:
            check(config, _given(tree, "outlets"), self._checker.complain, chosen=bool(brands))
            config = config.model_copy(update={**members, **_chosen(config, brands)})
        return config, [*self._checker.problems, *self._secrets.problems]

    def _check_the_rest(self, tree: dict[str, Any], *, chosen: bool) -> None:
        """The rules between settings, on the blocks that are well formed: their mistakes belong in the same report."""
        broken = {str(problem.key[0]) for problem in self._checker.problems if problem.key} | set(self._families)
        no_brands = "brands" in broken
        known = set(Config.model_fields) - broken - ({"alerts"} if no_brands else set())
        rest = Config.model_validate({key: value for key, value in tree.items() if key in known})
        check(rest, _given(tree, "outlets"), self._checker.complain, chosen=chosen or no_brands)

    def _members(self, family: str, given: Any) -> dict[str, Any]:
        """The checked options of every source (or outlet) that is configured."""
        result: dict[str, Any] = {}
        if given is not None and not isinstance(given, dict):
            self._checker.complain((family,), "must be a block: a name, and its options below it")
            return {}
        for name, options in (given or {}).items():
            key: Key = (family, name)
            schema = self._schema(family, key, options)
            if schema is None:
                continue
            tree = self._secrets.resolve(schema, {} if options is None else options, key)
            checked = self._checker.section(schema, tree, key)
            if checked is not None:
                result[name] = checked.model_dump()
        return result

    def _schema(self, family: str, key: Key, options: Any) -> type[Section] | None:
        """What the options have to be. An outlet may have any name when its `kind` says what it is."""
        known = self._families[family]
        kind = options.get("kind") if family == "outlets" and isinstance(options, dict) else None
        name = str(key[-1] if kind is None else kind)
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            place: Key = key if kind is None else (*key, "kind")
            self._checker.complain(place, f"there is no {name!r} here, only: {there}{did_you_mean(name, known)}")
        return known.get(name)

    def _folder(self, key: Key) -> Path:
        """Relative paths start from the file they stand in; those from the environment, from the current folder."""
        return self._folders.get(self._layers.place(key).where, Path())


def _given(tree: dict[str, Any], family: str) -> dict[str, Any]:
    """The members of a family as they are given; that they are no block is said elsewhere."""
    members = tree.get(family)
    return members if isinstance(members, dict) else {}


def _chosen(config: Config, names: Sequence[str]) -> dict[str, Any]:
    """The brands that `--brand` asks for: configured ones by name, title or term, others made from the name."""
    if not names:
        return {}
    chosen: dict[str, Brand] = {}
    for name in names:
        found = next((brand for brand in config.brands if _is_called(brand, name)), None)
        brand = found or Brand.model_validate(brand_from_name(name))
        chosen.setdefault(brand.name, brand)
    return {"brands": tuple(chosen.values())}


def _is_called(brand: Brand, name: str) -> bool:
    return fold(name) in {brand.name, fold(brand.title), *map(fold, brand.terms)}
