"""The other side, simulated over real HTTP: payment gateways and a sample shop.

    app.py       create_sandbox: every simulated gateway, one port
    shop/        create_shop: a small shop that takes payments through checkout
    serve.py     runs either in the foreground
    world.py     what the sandbox remembers; one object, no globals
    protocol.py  what a simulated gateway has to bring; overpay/ brings two

Nothing here is real: no money moves, card numbers are never kept, and only addresses on
loopback are ever called.
"""
