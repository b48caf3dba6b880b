"""`python -m foundups_logging` is `foundups-logging`."""

from foundups_logging.cli import main

if __name__ == "__main__":
    main()
