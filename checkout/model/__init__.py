"""Plain values of the field: money, card, browser, status, next action, outcome, order. No I/O."""
