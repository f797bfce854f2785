"""`python -m rul_platform` is `rul`."""

from rul_platform.cli.main import main

if __name__ == "__main__":
    main()
