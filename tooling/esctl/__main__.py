"""`python -m esctl`."""

from .cli import main

main()
