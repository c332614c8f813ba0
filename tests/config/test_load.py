"""Which layer wins, where files are found, what secrets and `--brand` become."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.load import find_file, load
from config.problems import ConfigError
from config.schema import Config
from tests.bad.complaints import BRAND, OUTLETS, SOURCES


def loaded(folder: Path, text: str = "", **env: str) -> Config:
    file = folder / "tertulia.yaml"
    file.write_text(BRAND + text if text else BRAND, "utf-8")
    return load(file, sources=SOURCES, outlets=OUTLETS, env=env)


def test_shipped_defaults_work_with_the_shipped_sources() -> None:
    config = load(None, sources=SOURCES, outlets=OUTLETS, env={})
    assert [brand.name for brand in config.brands] == ["fairphone", "framework", "wallapop"]
    assert {name: options["enabled"] for name, options in config.sources.items()} == {
        "bluesky": True,
        "hackernews": True,
        "demo": True,
        "rss": False,
    }


def test_a_list_of_brands_replaces_the_shipped_one(tmp_path: Path) -> None:
    assert [brand.name for brand in loaded(tmp_path).brands] == ["fairphone"]


def test_blocks_are_merged_key_by_key(tmp_path: Path) -> None:
    config = loaded(tmp_path, "sources: {rss: {enabled: true}}\napi: {port: 7000}\n", TERTULIA_API__HOST="::1")
    assert config.sources["rss"]["enabled"] and config.sources["bluesky"]["enabled"]
    assert (config.api.host, config.api.port) == ("::1", 7000)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env = {"TERTULIA_API__PORT": "7001", "TERTULIA_SOURCES__DEMO__ENABLED": "no", "TERTULIA_LEDGER__RETENTION": "30d"}
    config = loaded(tmp_path, "api: {port: 7000}\n", **env)
    assert config.api.port == 7001
    assert config.sources["demo"]["enabled"] is False
    assert config.ledger.retention == timedelta(days=30)


def test_a_variable_may_hold_a_list_and_a_free_key(tmp_path: Path) -> None:
    env = {
        "TERTULIA_SOURCES__RSS__URLS": "[https://a.example/feed, https://b.example/feed]",
        "TERTULIA_KAFKA__SECURITY__SASL_MECHANISM": "PLAIN",
    }
    config = loaded(tmp_path, **env)
    assert config.sources["rss"]["urls"] == ("https://a.example/feed", "https://b.example/feed")
    assert config.kafka.security == {"sasl_mechanism": "PLAIN"}


def test_text_from_the_environment_stays_text(tmp_path: Path) -> None:
    config = loaded(tmp_path, TERTULIA_API__TOKEN="[0123]", TERTULIA_CONTACT="12345")
    assert config.api.token == SecretStr("[0123]")
    assert config.contact == "12345"


def test_a_secret_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "hook").write_text("https://hooks.example/1\n")
    config = loaded(tmp_path, "outlets: {webhook: {url_file: secrets/hook}}\n")
    assert config.outlets["webhook"]["url"] == SecretStr("https://hooks.example/1")
    assert "hooks.example" not in repr(config)


def test_options_are_plain_and_complete_and_validate_again(tmp_path: Path) -> None:
    options = loaded(tmp_path).sources["bluesky"]
    assert options == {"enabled": True, "urls": (), "every": timedelta(minutes=5), "token": None}
    assert SOURCES["bluesky"].model_validate(options).model_dump() == options


def test_an_outlet_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    config = loaded(tmp_path, "outlets: {team: {kind: webhook, url_file: url}}\n", **_url(tmp_path))
    assert config.outlets["team"]["kind"] == "webhook"


def _url(folder: Path) -> dict[str, str]:
    (folder / "url").write_text("https://hooks.example/2")
    return {}


def test_brand_option_makes_a_brand_from_any_name(tmp_path: Path) -> None:
    config = load(None, sources=SOURCES, outlets=OUTLETS, env={}, brand="Café Olé")
    brand = config.brands[0]
    assert len(config.brands) == 1
    assert (brand.name, brand.title, brand.terms, brand.hashtags) == (
        "cafe-ole",
        "Café Olé",
        ("Café Olé",),
        ("CaféOlé",),
    )


def test_brand_option_prefers_what_is_configured(tmp_path: Path) -> None:
    config = load(None, sources=SOURCES, outlets=OUTLETS, env={}, brand=["FAIRPHONE", "Nokia", "nokia"])
    assert [brand.name for brand in config.brands] == ["fairphone", "nokia"]
    assert config.brands[0].domains == ("fairphone.com",)


def test_brand_option_with_a_name_in_another_script() -> None:
    config = load(None, sources=SOURCES, outlets=OUTLETS, env={}, brand="日本")
    assert config.brands[0].name.startswith("brand-")
    assert config.brands[0].terms == ("日本",)


def test_brand_option_needs_no_brands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tertulia.yaml"
    file.write_text("brands: []\n")
    config = load(file, sources=SOURCES, outlets=OUTLETS, env={}, brand="Nokia")
    assert [brand.name for brand in config.brands] == ["nokia"]


def test_data_dir_of_the_command_line_wins_and_home_is_opened(tmp_path: Path) -> None:
    config = load(None, sources=SOURCES, outlets=OUTLETS, env={"TERTULIA_DATA_DIR": "/elsewhere"}, data_dir=tmp_path)
    assert config.data_dir == tmp_path
    assert "~" not in str(load(None, sources=SOURCES, outlets=OUTLETS, env={}).data_dir)


def test_files_are_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert find_file(None, env) is None
    at_home = tmp_path / "xdg" / "tertulia" / "tertulia.yaml"
    at_home.parent.mkdir(parents=True)
    at_home.write_text("")
    assert find_file(None, env) == at_home
    Path("tertulia.yaml").write_text("")
    assert find_file(None, env) == Path("tertulia.yaml")
    assert find_file(None, {**env, "TERTULIA_CONFIG": "other.yaml"}) == Path("other.yaml")
    assert find_file(Path("given.yaml"), {**env, "TERTULIA_CONFIG": "other.yaml"}) == Path("given.yaml")


def test_load_raises_with_every_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "api: {port: x}\nviews: {min_posts: 0}\n")
    assert [problem.key for problem in caught.value.problems] == [("api", "port"), ("views", "min_posts")]


def test_a_block_with_only_its_name_changes_nothing(tmp_path: Path) -> None:
    config = loaded(tmp_path, "api:\nsources:\n  demo:\nviews:\n")
    assert config.api.port == 6066
    assert config.sources["demo"]["enabled"]
