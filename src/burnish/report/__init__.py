"""Results in print: pure functions of values. Empty, so that a command loads only what it prints."""
