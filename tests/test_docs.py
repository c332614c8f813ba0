"""The words a stranger reads first are true of the code: commands, keys, variables, routes, metrics, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
import yaml

from bots.cli import app
from bots.example import FAMILIES
from config.keys import settings
from config.load import examine
from config.schema import Config
from streams.api.routes import ROUTES
from streams.topics import Topics
from tests.test_architecture import tracked

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in tracked() if path.suffix == ".md" and not path.is_relative_to(ROOT / "tests"))
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
every_page = pytest.mark.parametrize("path", PAGES, ids=NAMES)

COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
SETTINGS = {setting.variable: setting for setting in settings(Config, FAMILIES)}
KEYS = {tuple(part for part in setting.key if isinstance(part, str)) for setting in SETTINGS.values()}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


def read(path: Path | str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text("utf-8")


def blocks(text: str, *languages: str) -> Iterator[str]:
    """The fenced blocks of a language."""
    for language, content in FENCE.findall(text):
        if language in languages:
            yield content


def spans(text: str) -> Iterator[str]:
    """The code spans outside fenced blocks."""
    yield from CODE.findall(FENCE.sub("", text))


def without_comments(block: str) -> list[str]:
    """The lines of a block that do something; what a comment says may be said in another language."""
    lines = [re.sub(r"\s+#\s.*$", "", line).rstrip() for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("# ")]


# -- two languages ---------------------------------------------------------------------------------------------------


def shape(path: str) -> list[int]:
    """The levels of the headings, in order."""
    return [len(mark) for mark in re.findall(r"^(#+) ", FENCE.sub("", read(path)), re.MULTILINE)]


def test_both_readmes_have_the_same_sections() -> None:
    assert shape("README.md") == shape("README.es.md")
    assert len(shape("README.md")) > 5


@pytest.mark.parametrize("language", ["sh", "yaml", "console"])
def test_both_readmes_have_the_same_blocks(language: str) -> None:
    english, spanish = (
        [without_comments(block) for block in blocks(read(name), language)] for name in ("README.md", "README.es.md")
    )
    assert english == spanish
    assert english


def test_both_readmes_lead_to_the_same_pages() -> None:
    def places(name: str) -> list[str]:
        found = re.findall(r"\]\(([^)]+)\)", read(name))
        return [place.replace(".es.", ".") for place in found]

    assert places("README.md") == places("README.es.md")


# -- commands --------------------------------------------------------------------------------------------------------


def spoken_commands(text: str) -> Iterator[str]:
    """The word after `tertulia` in code, wherever a line of a shell block or a code span begins with it."""
    for block in blocks(text, "sh", "console"):
        for line in block.splitlines():
            found = re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:docker compose exec \S+ )?tertulia ([a-z]\S*)", line)
            if found:
                yield found[1]
    for span in spans(text):
        found = re.match(r"tertulia ([a-z]\S*)", span)
        if found:
            yield found[1]


@every_page
def test_every_command_exists(path: Path) -> None:
    unknown = [word for word in spoken_commands(path.read_text("utf-8")) if word not in COMMANDS]
    assert unknown == []


def test_the_readme_speaks_of_the_commands() -> None:
    """So that the test above has something to look at."""
    assert {"pulse", "voice", "sources", "status", "replay", "collect", "work", "chat"} <= set(
        spoken_commands(read("README.md"))
    )


@every_page
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    text = path.read_text("utf-8")
    said = [word for span in spans(text) for word in re.findall(r"^(?:\S+=\S+ )?make ([a-z]+)", span)]
    said += [
        word for block in blocks(text, "sh") for word in re.findall(r"^(?:\S+=\S+ )?make ([a-z]+)", block, re.MULTILINE)
    ]
    assert [word for word in said if word not in targets] == []


# -- settings --------------------------------------------------------------------------------------------------------


def known_key(words: tuple[str, ...]) -> bool:
    """Whether a dotted name is a setting, from the top or from below `sources.x`, `outlets.x`, a brand or a rule."""
    return any(key == words or key[-len(words) :] == words for key in KEYS) or words[:2] == ("kafka", "security")


@every_page
def test_every_config_key_exists(path: Path) -> None:
    """A code span such as `kafka.bootstrap` whose first word is a block of the configuration."""
    sections = {key[0] for key in KEYS if any(len(other) > 1 and other[0] == key[0] for other in KEYS)}
    unknown = []
    for span in spans(path.read_text("utf-8")):
        found = re.match(r"([a-z_]+(?:\.[a-z_]+)+)(?::|$)", span)
        if not found or found[1].endswith((".py", ".md", ".yaml", ".yml", ".json", ".log", ".txt", ".css", ".js")):
            continue
        words = tuple(found[1].split("."))
        if words[0] in sections and not known_key(words) and not is_field(words):
            unknown.append(span)
    assert unknown == []


def is_field(words: tuple[str, ...]) -> bool:
    """Names that look like keys and are fields of an answer: `sentiment.corrected`, `alert.firing`."""
    return words[0] in {"sentiment", "alert", "author"}


@every_page
def test_every_variable_exists(path: Path) -> None:
    known = {*SETTINGS, "TERTULIA_CONFIG", "TERTULIA_TEST_KAFKA", "TERTULIA_TEST_SYNAPSE"}
    said = set(re.findall(r"\bTERTULIA_[A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8")))
    assert sorted(said - known) == []


@every_page
def test_every_piece_of_configuration_is_valid(path: Path, tmp_path: Path) -> None:
    """Blocks of YAML whose keys are ours, each as a file of its own; secrets they name are put beside it."""
    for number, block in enumerate(blocks(path.read_text("utf-8"), "yaml")):
        given = yaml.safe_load(block)
        if not (isinstance(given, dict) and given.keys() <= set(Config.model_fields)):
            continue
        text = block
        for name in re.findall(r"\w+_file: ([^\s},]+)", block):
            secret = tmp_path / re.sub(r"\W", "_", name)
            fitting = {"telegram": "1:a-token", "apprise": "json://localhost"}
            known = (word for part, word in fitting.items() if part in f"{path.stem} {name}")
            secret.write_text(next(known, "https://example.org/a-secret"))
            text = text.replace(name, str(secret))
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, "utf-8")
        env = {"TERTULIA_DATA_DIR": str(tmp_path)}
        found = examine(file, sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env=env)
        assert [problem for problem in found.problems if problem.severity == "error"] == [], block


# -- routes, metrics, topics -----------------------------------------------------------------------------------------


def test_every_route_of_the_api_page_exists_and_the_other_way_round() -> None:
    table = re.findall(r"^\| (`/.*?) \|", read("docs/api.md"), re.MULTILINE)
    said = {route for cell in table for route in CODE.findall(cell)}
    assets = {route.path for route in ROUTES if route.media in ("text/javascript", "text/css")}
    assert said == {route.path for route in ROUTES if not route.internal} - assets


@every_page
def test_every_route_exists(path: Path) -> None:
    """Paths in code spans and in addresses of examples."""
    text = path.read_text("utf-8")
    said = {span for span in spans(text) if re.match(r"/(?:api/|healthz|readyz|metrics|openapi)", span)}
    said |= set(re.findall(r"http://127\.0\.0\.1:6066(/[a-z][^\s'\"`?)]*)", text))
    patterns = [re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(route.path)) for route in ROUTES]
    assert [each for each in sorted(said) if not any(re.fullmatch(p, each.split("?")[0]) for p in patterns)] == []


@every_page
def test_every_metric_exists(path: Path) -> None:
    from prometheus_client import Counter

    from streams import metrics

    there = {metric.name for metric in metrics.REGISTRY.collect()}
    there |= {f"{each._name}_total" for each in vars(metrics).values() if isinstance(each, Counter)}
    there |= {each[0] for name, each in vars(metrics).items() if name.startswith("SOURCE_")}
    said = {span for span in spans(path.read_text("utf-8")) if re.fullmatch(r"tertulia_[a-z_]+[a-z]", span)}
    assert sorted(said - there) == []


def test_the_table_of_topics_is_whole() -> None:
    table = set(re.findall(r"^\| `([a-z-]+)` \|", read("docs/architecture.md"), re.MULTILINE))
    prefix = len(Config().namespace) + 1
    assert table == {spec.name[prefix:] for spec in Topics(Config()).specs()}


# -- links -----------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_between_files_leads_somewhere(path: Path) -> None:
    broken = []
    for place in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", place):
            continue
        file, _, anchor = unquote(place).partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(place)
    assert broken == []


@every_page
def test_every_file_named_in_code_exists(path: Path) -> None:
    """`streams/topics.py`, `tests/e2e/…`: what begins with a folder of ours is a file of ours."""
    folders = ("bots", "streams", "classifiers", "config", "tests", "benchmarks", "docs", "requirements")
    found = [span for span in spans(path.read_text("utf-8")) if span.startswith(tuple(f"{each}/" for each in folders))]
    assert [span for span in found if not any(ROOT.glob(span.rstrip("/")))] == []


def test_every_decision_is_in_the_index() -> None:
    there = {path.name for path in (ROOT / "docs" / "decisions").glob("0*.md")}
    assert set(re.findall(r"\]\((0[^)]+)\)", read("docs/decisions/README.md"))) == there


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    wanted = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    names = {re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in wanted}
    assert set(re.findall(r"^\| `([^`]+)` \|", read("docs/decisions/0008-dependencies.md"), re.MULTILINE)) == names


# -- service files ---------------------------------------------------------------------------------------------------


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 300_000} == {}


def unit() -> list[tuple[str, str]]:
    """The lines of the systemd unit."""
    lines = [line for line in read("docs/tertulia.service").splitlines() if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def test_the_unit_runs_a_command_with_known_variables() -> None:
    found = dict(unit())
    words = shlex.split(found["ExecStart"])
    assert Path(words[0]).name == "tertulia"
    assert words[1] in COMMANDS
    ours = re.findall(r"TERTULIA_\w+", read("docs/tertulia.service"))
    assert {name for name in ours if name not in SETTINGS} <= {"TERTULIA_CONFIG"}


def test_the_unit_does_not_restart_what_is_misconfigured() -> None:
    from bots.child import MISCONFIGURED

    assert ("RestartPreventExitStatus", str(MISCONFIGURED)) in unit()


def compose() -> dict[str, Any]:
    """The compose file with its anchors resolved; `docker compose config` would do the same."""
    found = yaml.safe_load(read("docker-compose.yml"))
    assert isinstance(found, dict)
    return found


def ours() -> dict[str, dict[str, Any]]:
    """The services that are Tertulia."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def command_of(service: dict[str, Any]) -> str:
    """Which command of ours a service runs."""
    if "entrypoint" not in service:
        return str(service["command"][0])
    shell, flag, script = service["entrypoint"]
    assert (shell, flag) == ("sh", "-c")
    return shlex.split(script.replace("$$", "$").partition("exec tertulia ")[2])[0]


def test_compose_runs_every_role() -> None:
    assert {command_of(service) for service in ours().values()} == {"work", "collect", "chat"}
    assert {"work", "collect", "chat"} <= COMMANDS


def test_compose_has_one_collector_and_one_chat() -> None:
    """A second one would collect, or tell, everything twice."""
    replicated = {name for name, service in ours().items() if "deploy" in service}
    assert {command_of(ours()[name]) for name in replicated} == {"work"}
    assert sorted(command_of(service) for service in ours().values()).count("collect") == 1


def test_workers_advertise_an_address_of_their_own() -> None:
    for service in ours().values():
        if command_of(service) == "work":
            assert 'TERTULIA_API__ADVERTISE="http://$$(cat /etc/hostname):6066" exec' in service["entrypoint"][2]
            assert service["volumes"] == ["/data"], "a volume with a name would be shared by all replicas"


def test_compose_publishes_on_loopback_only() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert not any("deploy" in service and "ports" in service for service in ours().values()), "they would collide"


def test_images_are_pinned() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)
    assert [image for image in images if not re.fullmatch(r"[\w./-]+:\d[\w.-]*\d[\w.-]*", image)] == []


def test_kafka_is_the_version_that_is_tested() -> None:
    pinned = re.search(r"org\.apache\.kafka:kafka_[\d.]+:([\d.]+)", read("streams/broker/artifacts.txt"))
    assert pinned is not None
    assert compose()["services"]["kafka"]["image"] == f"apache/kafka:{pinned[1]}"


def test_the_image_is_of_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert {service["image"] for service in ours().values()} == {f"tertulia:{version[1]}"}


def test_there_is_no_secret_in_compose() -> None:
    """Secrets are files outside of the repository, and every variable of ours is a setting that holds none."""
    found = compose()
    assert all(list(secret) == ["file"] for secret in found["secrets"].values())
    assert "/secrets/" in read(".gitignore").splitlines()
    for service in ours().values():
        for name in service["environment"]:
            assert name == "TERTULIA_CONFIG" or name in SETTINGS, name
            assert not name.endswith(("TOKEN", "PASSWORD", "SECRET", "_URL")), name
    kafka = found["services"]["kafka"]["environment"]
    assert [name for name in kafka if re.search("PASSWORD|SECRET|TOKEN|JAAS", name)] == []


def test_every_part_that_compose_refers_to_is_there() -> None:
    found = compose()
    named = {volume.partition(":")[0] for s in found["services"].values() for volume in s.get("volumes", [])}
    assert {name for name in named if not name.startswith("/")} == set(found["volumes"])
    for service in ours().values():
        assert set(service["secrets"]) <= set(found["secrets"])
        assert {each["source"] for each in service["configs"]} <= set(found["configs"])
        assert set(service["depends_on"]) <= set(found["services"])
        assert service["environment"]["TERTULIA_CONFIG"] == service["configs"][0]["target"]
        assert service["restart"] == "unless-stopped"


def test_health_is_asked_where_there_is_health() -> None:
    services = compose()["services"]
    assert "healthcheck" in services["kafka"]
    for service in ours().values():
        if command_of(service) == "work":
            path = re.search(r"http://127\.0\.0\.1:6066(/\w+)", service["healthcheck"]["test"][-1])
            assert path is not None
            assert path[1] in {route.path for route in ROUTES}
            compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_the_configuration_of_the_containers_is_valid(tmp_path: Path) -> None:
    """config/example.yaml under the variables of the image and of compose, with the secret in a file."""
    env = dict(re.findall(r"(TERTULIA_\w+)=(\S+)", read("Dockerfile")))
    for service in ours().values():
        env |= service["environment"]
    (tmp_path / "api-token").write_text("made-up-token")
    env |= {"TERTULIA_API__TOKEN_FILE": str(tmp_path / "api-token"), "TERTULIA_DATA_DIR": str(tmp_path)}
    env["TERTULIA_CONFIG"] = str(ROOT / "config" / "example.yaml")
    found = examine(None, sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env=env)
    assert found.problems == ()
    assert found.config is not None
    assert found.config.kafka.bootstrap == "kafka:9092"
    assert found.config.api.host == "0.0.0.0"


def test_the_image_gets_all_that_it_copies() -> None:
    """What the Dockerfile copies is let through by .dockerignore, and all our packages are among it."""
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.+)$", read("Dockerfile"), re.MULTILINE):
        copied |= {word.partition("/")[0] for word in line.split()[:-1]}
    allowed = set(re.findall(r"^!(\S+)$", read(".dockerignore"), re.MULTILINE))
    assert copied == allowed
    assert {"bots", "streams", "classifiers", "config"} <= copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_nobody_in_particular_and_installs_by_hash() -> None:
    text = read("Dockerfile")
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root|0)\w+$", final, re.MULTILINE)
    installs = re.findall(r"pip install (.+)", text)
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
