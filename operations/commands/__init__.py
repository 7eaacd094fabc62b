"""What each `stork` command does, one module a command; `operations.cli` only declares them."""
