"""`python -m kauneonga_async`: the command `kauneonga`."""

from kauneonga_async.cli import main

if __name__ == "__main__":
    main()
