"""Runs the comparison; Scripts/compare-peers.sh has built and installed what it needs."""

import sys

from .driver import main

sys.exit(main(sys.argv[1:]))
