"""The running service: command line, control of a day's flights, records."""
