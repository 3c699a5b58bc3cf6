"""One module per feature; each exposes a `router`."""
