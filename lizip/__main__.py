"""`python -m lizip`: the command line."""

from lizip.cli import main

if __name__ == "__main__":
    main()
