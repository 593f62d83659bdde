"""The shop's API without HTTP: tables of fields that read the requests; and what the shop gets:
answers, webhooks, return URLs."""
