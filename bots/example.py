"""`python -m bots.example`: renew config/example.yaml from the schemas of the settings, sources and outlets."""

from __future__ import annotations

from pathlib import Path

import config
from bots.chat import OUTLETS
from bots.sources.registry import SOURCES
from config.example import render
from config.keys import Families

FAMILIES: Families = {
    "sources": {name: source.options_type for name, source in SOURCES.items()},
    "outlets": {name: outlet.options_type for name, outlet in OUTLETS.items()},
}

if __name__ == "__main__":
    Path(config.__path__[0], "example.yaml").write_text(render(FAMILIES), "utf-8")
