"""``python -m geo`` is ``frontline``."""

from geo.cli import main

main()
