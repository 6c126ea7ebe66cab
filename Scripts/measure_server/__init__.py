"""Loads `rnn serve`, and beside it another server with the same model."""
