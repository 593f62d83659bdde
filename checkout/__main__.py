"""`python -m checkout` is the command `checkout`."""

from checkout.cli import main

main(prog_name="checkout")
