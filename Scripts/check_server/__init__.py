"""Drives `rnn serve` with the client that others use, tritonclient."""
