"""``python -m houndstooth``, where the command is not on the path."""

from houndstooth.commands import main

if __name__ == "__main__":
    main()
