"""The command `tertulia`. Heavy parts are imported where a command needs them: `--help` has to be quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bots.settings import Options

app = typer.Typer(
    name="tertulia",
    help="Listens to the conversation around a brand: who talks with whom, live. Start with `tertulia up`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

Config = Annotated[Path | None, typer.Option(help="Configuration file. Default: ./tertulia.yaml, if there is one.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder for everything that is stored.")]
Api = Annotated[str | None, typer.Option(metavar="URL", help="The service to ask. Default: the one running here.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Brands = Annotated[list[str] | None, typer.Option("--brand", metavar="NAME", help="Listen for this; repeatable.")]
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]
Names = Annotated[list[str] | None, typer.Argument(metavar="NAMES…", help="Only these sources. Default: all enabled.")]


@app.command()
def up(
    brand: Brands = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run everything on this machine: broker, collectors, worker, API and chat."""
    from bots.up import main as run

    raise typer.Exit(run(Options(config, data_dir, api, json, tuple(brand or ()))))


@app.command()
def collect(
    names: Names = None,
    brand: Brands = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
    supervised: Supervised = False,
) -> None:
    """Run the collectors alone."""
    from bots import roles
    from bots.collect import run_collectors

    options = Options(config, data_dir, api, json, tuple(brand or ()))
    roles.start(lambda found, kafka: run_collectors(found, kafka, tuple(names or ())), options, supervised=supervised)


@app.command()
def work(
    brand: Brands = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
    supervised: Supervised = False,
) -> None:
    """Run a worker alone: matching, ledger, numbers, alert rules and API."""
    from bots import roles
    from streams.worker import run_worker

    roles.start(run_worker, Options(config, data_dir, api, json, tuple(brand or ())), supervised=supervised)


@app.command()
def chat(
    brand: Brands = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
    supervised: Supervised = False,
) -> None:
    """Run the chat outlets alone."""
    from bots import roles
    from bots.chat_role import run_chat

    roles.start(run_chat, Options(config, data_dir, api, json, tuple(brand or ())), supervised=supervised)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Posts, one JSON object per line.")],
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Posts per second. Default: as fast as it goes.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="From the beginning, though it was replayed before.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Feed recorded posts to the running service."""
    from bots.replaying import replay_file

    replay_file(Options(config, data_dir, api, json), file, rate, again=again)


@app.command()
def check(
    brand: Brands = None,
    alert: Annotated[
        list[str] | None,
        typer.Option("--alert", metavar="LABEL=VALUE", help="Show where such an alert would go; repeatable."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say everything that is wrong with the configuration, or what would run."""
    from bots.show import show_check

    raise typer.Exit(show_check(Options(config, data_dir, api, json, tuple(brand or ())), alert))


@app.command()
def classify(
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT…", help="Default: lines of standard input. --jsonl: files.")
    ] = None,
    brand: Annotated[
        list[str] | None,
        typer.Option("--brand", metavar="NAME", help="Judge toward this: a configured brand or any name; repeatable."),
    ] = None,
    about: Annotated[
        str, typer.Option(metavar="LINE", help="One line on who that brand is: tells whether it is meant.")
    ] = "",
    all_brands: Annotated[bool, typer.Option("--all-brands", help="Judge toward each configured brand.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read JSON objects, one per line: text, perhaps brand, about, lang.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show the words that moved each answer.")] = False,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Instead of the configured one: default, none, a folder or id.")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say how texts sound: sentiment, stages, and whether the brand is meant."""
    from bots.classifying import Wish, classify_texts

    wish = Wish(text or (), jsonl, brand or (), about, all_brands, explain, model)
    classify_texts(Options(config, data_dir, api, json), wish)


@app.command()
def pulse(
    words: Annotated[list[str], typer.Argument(metavar="BRAND [WINDOW]", help="Such as: fairphone 7d")],
    to: Annotated[str | None, typer.Option(metavar="TIME", help="End of the window (RFC 3339). Default: now.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Posts, authors, sentiment and who talks with whom."""
    _ask(["pulse", *words], Options(config, data_dir, api, json), to)


@app.command()
def voice(
    words: Annotated[list[str] | None, typer.Argument(metavar="[GROUP|BRAND] [WINDOW]")] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Share of voice among the brands of a group."""
    _ask(["voice", *(words or ())], Options(config, data_dir, api, json))


@app.command()
def health(
    words: Annotated[list[str], typer.Argument(metavar="BRAND [WINDOW]", help="Such as: fairphone 7d")],
    to: Annotated[str | None, typer.Option(metavar="TIME", help="End of the window (RFC 3339). Default: now.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="LANG", help="Of the sentences: en (usual) or es.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """How the community is, beside its own past and its group, and what moved."""
    _ask(["health", *words], Options(config, data_dir, api, json), to, lang)


@app.command()
def circles(
    words: Annotated[list[str], typer.Argument(metavar="BRAND [WINDOW]", help="Such as: fairphone 7d")],
    to: Annotated[str | None, typer.Option(metavar="TIME", help="End of the window (RFC 3339). Default: now.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the graph there, under pseudonyms: FILE.graphml or FILE.json."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Who talks with whom: the circles of a brand's conversation, and what each talks of."""
    options = Options(config, data_dir, api, json)
    if export is None:
        _ask(["circles", *words], options, to)
        return
    from bots.exporting import export_graph

    raise typer.Exit(export_graph(options, words, export, to))


@app.command()
def why(
    alert: Annotated[
        list[str] | None, typer.Argument(metavar="[ALERT]", help="Its id or the beginning of it, its rule or brand.")
    ] = None,
    lang: Annotated[str | None, typer.Option(metavar="LANG", help="Of the words: en (usual) or es.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What is behind an alert: what is usual, how sure it is, who drives it, and posts. Alone: the one that fires."""
    _ask(["why", *(alert or ())], Options(config, data_dir, api, json), lang=lang)


@app.command()
def ack(
    alert: Annotated[list[str] | None, typer.Argument(metavar="ALERT", help="Its id, rule or brand.")] = None,
    comment: Annotated[str, typer.Option(metavar="WORDS", help="What you do about it.")] = "",
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Acknowledge an alert that fires: it is told no more until it is over."""
    because = ["because", comment] if comment else []
    _ask(["ack", *(alert or ()), *because], Options(config, data_dir, api, json))


@app.command()
def silence(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHAT…", help='A brand, rule, alert\'s id, or matchers such as severity="warning".'),
    ] = None,
    length: Annotated[str, typer.Option("--for", metavar="LENGTH", help="Such as 2h, which is usual.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Instead of --for (RFC 3339, with its zone).")] = "",
    comment: Annotated[str, typer.Option(metavar="WORDS", help="Why.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Show all silences. Default without WHAT.")] = False,
    end: Annotated[str, typer.Option(metavar="ID", help="End this silence now.")] = "",
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Keep alerts from being told for a while; they are shown all the same."""
    given = {"for": length, "until": until, "because": comment}
    words = [word for name, value in given.items() if value for word in (name, value)]
    asked = ["end", end] if end else ["list"] if show else [*(what or ()), *words]
    if (end or show) and (what or words or (end and show)):
        raise typer.BadParameter("--list and --end stand alone")
    _ask(["silence", *asked], Options(config, data_dir, api, json))


@app.command()
def sources(
    config: Config = None, data_dir: DataDir = None, api: Api = None, json: Json = False, debug: Debug = False
) -> None:
    """The networks: state, last event and gaps."""
    _ask(["sources"], Options(config, data_dir, api, json))


@app.command()
def status(
    config: Config = None, data_dir: DataDir = None, api: Api = None, json: Json = False, debug: Debug = False
) -> None:
    """Whether the service is well, brand by brand."""
    _ask(["status"], Options(config, data_dir, api, json))


@app.command()
def forget(
    author: Annotated[str, typer.Argument(metavar="AUTHOR", help="The author's id, such as bluesky:did:plc:….")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Collect the author again; what is gone stays gone.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    api: Api = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Remove all posts of an author everywhere, and collect none again."""
    from bots.forgetting import forget_author

    raise typer.Exit(forget_author(Options(config, data_dir, api, json), author, yes=yes, undo=undo))


@app.command()
def version(json: Json = False) -> None:
    """The version of Tertulia."""
    from importlib.metadata import version as installed

    number = installed("tertulia")
    typer.echo(f'{{"version": "{number}"}}' if json else f"tertulia {number}")


def _ask(words: list[str], options: Options, to: str | None = None, lang: str | None = None) -> None:
    from bots.show import ask

    raise typer.Exit(ask(words, options, to, lang))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; what is wrong with it is one line (or one per problem) on stderr, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(words, prog_name="tertulia")
    except Exception as error:
        from bots.failures import explain

        found = explain(error)
        if found is None or "--debug" in words:
            raise
        reason, code = found
        print(reason, file=sys.stderr)
        raise SystemExit(code) from None


if __name__ == "__main__":
    main()
