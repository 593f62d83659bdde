"""The shop's side without HTTP: what it sends, as tables of fields that read it; and what it is
told: answers, webhooks, return URLs."""
