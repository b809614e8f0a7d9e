"""``python -m pyrodgm`` is the command ``pyrodgm``, so that torchrun can start it."""

from pyrodgm.cli import main

if __name__ == "__main__":
    main()
