"""`python -m operations` is the `stork` command."""

from operations.cli import main

main()
