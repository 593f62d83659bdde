"""The classic disasters of paying, tried on a shop."""
