"""Payment gateways and a sample shop, simulated over real HTTP. Imports nothing of the rest.

    app.py         create_sandbox: every simulated gateway, one port
    state.py       what the sandbox remembers, and what a simulated gateway brings
    overpay/, rest/, exchanger/    the gateways, in files that are called as in checkout/gateways
    card_results.py  the test cards and what happens to them
    controls.py    /sandbox/: ledger, settings, settlements; faults.py: what breaks on demand
    shop/          create_shop: a small shop that takes payments through checkout
    serve.py       runs either in the foreground

Nothing here is real: no money moves, card numbers are never kept, and only addresses on
loopback are ever called.
"""
