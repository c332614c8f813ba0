"""One file per outlet: where alerts are told."""
