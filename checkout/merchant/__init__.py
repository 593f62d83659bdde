"""The shop's side without HTTP: its orders, its answers, its letters, its landing addresses."""
