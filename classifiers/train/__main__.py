"""Makes the shipped model anew: `python -m classifiers.train --data ../shared/data`.

Needs `pip install tertulia[train]`. Training is the long part (an hour and more on two cores): it leaves checkpoints in
`--work` and goes on from the last one.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from classifiers.load import SHIPPED


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m classifiers.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="has sentiment/*.tsv, targeted/*.tsv")
    parser.add_argument("--work", type=Path, default=Path("build/train"), help="where checkpoints stay")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the model goes")
    parser.add_argument("--release", type=Path, help="go on from the model in this folder instead of from the source")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="the date on the card (default: today)")
    given = parser.parse_args()
    for folder in ("sentiment", "targeted"):
        if not (given.data / folder).is_dir():
            sys.exit(f"{given.data} has no folder {folder}/ with labelled posts: pass --data FOLDER")
    for folder in (given.work, given.out):
        folder.mkdir(parents=True, exist_ok=True)
    _make(given.data, given.work, given.out, given.release, given.date or dt.datetime.now(dt.UTC).date())


def _make(folder: Path, work: Path, out: Path, release: Path | None, today: dt.date) -> None:
    # Here, so that --help and mistakes answer at once.
    from classifiers.encoder import Encoder  # noqa: PLC0415
    from classifiers.train import answers, card, data, export, measure, mix, place, prepare, tune  # noqa: PLC0415

    everything = data.read(folder)
    network, tokenizer, teacher = prepare.prepare(everything, work, release)
    tune.tune(network, tokenizer, everything, teacher, work, mix.FROM_RELEASE if release else 0)
    export.export(network, tokenizer, out, work)

    encoder = Encoder(out / "encoder.onnx", out / "tokenizer.json", export.MAX_TOKENS)
    judged = [answers.described(e) for e in everything if e.split != "train"]
    heads = work / "heads.npz"
    place.refit(encoder, teacher, heads)
    scored = answers.scores(answers.by_encoder(encoder, judged), judged, heads)
    held = scored.of(lambda e: e.split == "calibration")
    given = measure.calibration(held)
    card.calibrated(heads, given, out)

    known = {measure.brand(e) for e in everything if e.split == "train" and e.relevant is not None}

    def figures(of: answers.Scores) -> measure.Figures:
        return measure.figures(of, given, known)

    test = [e for e in judged if e.split == "test"]
    shipped = figures(scored.of(lambda e: e.split == "test"))
    plain = answers.by_network(network, tokenizer, export.MAX_TOKENS, test, "float32")
    whole, all_words = prepare.unpruned(network, work)
    full = answers.by_network(whole, all_words, export.MAX_TOKENS, test, "all words")
    as_trained, unpruned = (figures(answers.scores(vectors, test, heads)) for vectors in (plain, full))
    card.write(shipped, as_trained, unpruned, held, given, out, today)
    print((out / "card.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
