"""Plain values of the field: money, card, browser, status, steps, outcome, order. No I/O."""
