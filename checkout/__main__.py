"""`python -m checkout` is the command `checkout`."""

from checkout.cli import main

main()
