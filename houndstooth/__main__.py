"""``python -m houndstooth``, where the command is not on the path."""

import sys

from houndstooth.commands import main

if __name__ == "__main__":
    sys.exit(main())
