"""`tertulia circles BRAND --export FILE`: the graph behind the circles, for other programs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

from bots.commands.client import ApiClient
from bots.commands.grammar import Command, NotUnderstood, parse
from bots.commands.questions import graph
from bots.settings import Failed, Options, api_of, configuration

FORMS: Final = {".graphml": "graphml", ".json": "json"}


def export_graph(options: Options, words: list[str], file: Path, to: str | None) -> int:
    """Fetch the graph and write it to `file`, whose ending says how. Raises `Failed`, `AskFailed`."""
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise Failed(f"--export: {str(file)!r} ends with none of {', '.join(FORMS)}", code=2)
    try:
        command = parse(["circles", *words])
    except NotUnderstood as error:
        raise Failed(str(error), code=2) from error
    if command.window is not None:
        raise Failed("--export takes no window: the graph is of all that was said until --to", code=2)
    config = configuration(options)
    token = config.api.token.get_secret_value() if config.api.token else None
    document = asyncio.run(_fetch(api_of(config, options), token, command, form, to))
    try:
        file.write_bytes(document)
    except OSError as error:
        raise Failed(f"--export: {file} cannot be written: {error.strerror or error}") from error
    done = {"file": str(file), "format": form, "bytes": len(document)}
    print(json.dumps(done) if options.json else f"{file}: {len(document):,} bytes of {form}")
    return 0


async def _fetch(api: str, token: str | None, command: Command, form: str, to: str | None) -> bytes:
    async with ApiClient(api, token) as client:
        return await graph(command, client, form, to)
