"""`tertulia classify`: how texts sound, toward whom, and which words make them sound so."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

import classifiers
from bots import classifying_input as reading
from bots.classifying_input import BadLine, Item, Line, Source
from bots.classifying_output import Judged, Printer, printer
from bots.classifying_targets import Book, Target, chosen
from bots.settings import Failed, Options, configuration
from classifiers.base import Classifier, Request
from classifiers.explain import explain
from config.schema import Config, Model


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked on the command line."""

    words: Sequence[str] = ()
    """Texts; with `jsonl` names of files. None, or `-` alone: standard input."""
    jsonl: bool = False
    brands: Sequence[str] = ()
    about: str = ""
    all_brands: bool = False
    explain: bool = False
    model: str | None = None


def classify_texts(options: Options, wish: Wish) -> None:
    """Print an answer for each text and brand, as they come.

    Raises `Failed` for wrong use, and at the end when lines could not be used; `BadModel` for a model that cannot.
    """
    _check(wish)
    config = configuration(options)
    book = Book(config.brands)
    targets = _targets(wish, book)
    with ExitStack() as stack:
        sources = _sources(wish, stack)
        classifier = _open(config, wish.model)
        runner = stack.enter_context(asyncio.Runner())
        stack.callback(lambda: runner.run(classifier.close()))
        judge = _Judge(runner, classifier, printer(classifier.name, as_json=options.json), wish.explain)
        try:
            if sources is None:
                judge.items(reading.from_words(wish.words, targets))
            else:
                _read(sources, judge, lambda line: _item(line, targets, book, jsonl=wish.jsonl))
        except BrokenPipeError:  # as with `| head`; Rich ends in the same way
            # or Python would try once more at its end, and complain: https://docs.python.org/3/library/signal.html
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None


def _check(wish: Wish) -> None:
    """Raises `Failed` where there is no text, and none can come."""
    if not wish.jsonl and wish.words and not any(word.strip() for word in wish.words):
        raise Failed("classify what? TEXT is empty", code=2)
    if not wish.words and (sys.stdin is None or sys.stdin.isatty()):
        what = "names of files" if wish.jsonl else "TEXT"
        raise Failed(f"classify what? Give {what}, or lines on standard input (- reads what you type)", code=2)


def _targets(wish: Wish, book: Book) -> tuple[Target, ...]:
    """Whom to judge toward. A name that may be a slip is told: it would be judged without its description."""
    targets = chosen(book, wish.brands, wish.about, every=wish.all_brands)
    for name in wish.brands:
        if like := book.like(name):
            _say(f'"{name}" is no brand of the configuration, so it is taken as it is; did you mean "{like}"?')
    return targets


def _sources(wish: Wish, stack: ExitStack) -> list[Source] | None:
    """What is to be read; None: the texts stand on the command line."""
    if wish.jsonl and wish.words:
        return reading.open_files(wish.words, stack)
    if wish.words and list(wish.words) != ["-"]:
        return None
    return [reading.standard_input()]


def _open(config: Config, model: str | None) -> Classifier:
    """The configured classifier, or another one; what the configuration says of labels is about its own model."""
    settings = config.classifiers.sentiment
    if model is not None and model != settings.model:
        settings = Model(model=model, threads=settings.threads, cache=settings.cache)
    return classifiers.configured(settings)


def _item(line: Line, targets: tuple[Target, ...], book: Book, *, jsonl: bool) -> Item | None:
    return reading.from_json(line, targets, book) if jsonl else reading.plain(line, targets)


class _Judge:
    """Asks the classifier, and has the answers printed."""

    def __init__(self, runner: asyncio.Runner, classifier: Classifier, out: Printer, why: bool) -> None:
        self._runner, self._classifier, self._out, self._why = runner, classifier, out, why
        self.texts = 0

    def items(self, items: Sequence[Item]) -> None:
        """Print the answers to all of them, in order."""
        asked = [(item, target) for item in items for target in item.targets or (None,)]
        self.texts += len(items)
        if self._why:
            for item, target in asked:
                why = self._runner.run(explain(self._classifier, _request(item, target)))
                self._out.show([Judged(item, target, why.verdict, why)])
        elif asked:
            verdicts = self._runner.run(self._classifier.classify([_request(*each) for each in asked]))
            self._out.show([Judged(*each, verdict, None) for each, verdict in zip(asked, verdicts, strict=True)])


def _request(item: Item, target: Target | None) -> Request:
    return Request(item.text, target.name if target else None, item.lang, target.about if target else "")


def _read(sources: Sequence[Source], judge: _Judge, item_of: Callable[[Line], Item | None]) -> None:
    """Judge every line; a bad one is told and passed over. Raises `Failed` at the end if there was one."""
    bad = 0
    with _progress(reading.size(sources)) as watch:
        for lines in reading.batches(sources):
            items = []
            for line in lines:
                try:
                    item = item_of(line)
                except BadLine as problem:
                    bad += 1
                    _say(f"{line.place}: {problem}")
                else:
                    items += [item] if item else []
            judge.items(items)
            watch(lines[-1].end, judge.texts)
    if bad:
        raise Failed(f"{bad:,} {'line' if bad == 1 else 'lines'} could not be used; the other {judge.texts:,} were")
    if not judge.texts:
        _say("there was no text to classify")


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int, int], None]]:
    """A bar over the bytes read, where somebody looks at stderr while the answers go elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda done, texts: None  # noqa: ARG005 - the same form as below
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[texts]:,} texts"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as bar:
        task = bar.add_task("classify", total=total, texts=0)
        yield lambda done, texts: bar.update(task, completed=done, texts=texts)


def _say(what: str) -> None:
    print(f"tertulia: {what}", file=sys.stderr, flush=True)
