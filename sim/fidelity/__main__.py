"""``python -m sim.fidelity FOLDER``: compare the simulated vehicle with the recordings below a folder."""

import argparse
import sys
from pathlib import Path

from mission.errors import InputError
from sim.fidelity.table import HEADER, all_differences, rows_of, with_table

EXIT_BAD_INPUT = 2


def main() -> int:
    """Print the table of differences, or write it into a document."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.fidelity",
        description="Replay recordings of a real PX4 against the simulated vehicle and list every difference.",
    )
    parser.add_argument("folder", type=Path, help="holds one folder for each recording, with its trace.tlog.gz")
    parser.add_argument(
        "--update", type=Path, metavar="FILE.md", help="write the table into this document, keeping the reasons given"
    )
    options = parser.parse_args()
    try:
        rows = rows_of(all_differences(options.folder))
        if options.update is not None:
            document = options.update.read_text(encoding="utf-8")
            options.update.write_text(with_table(document, rows, str(options.update)), encoding="utf-8")
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    if options.update is None:
        print("\n".join([*HEADER, *(row.as_markdown() for row in rows)]))
    print(f"{len(rows)} differences", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
