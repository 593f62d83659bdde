"""Apple's part of Apple Pay: a merchant session for whoever asks as Apple's server wants to be
asked. The real one wants to see the merchant's certificate, too."""

from __future__ import annotations

import json
import secrets

from litestar import Response, post

from checkout.sandbox.state import HttpRequest, state_of

ASKED = ("merchantIdentifier", "displayName", "initiative", "initiativeContext")
SECONDS = 300  # that Apple's sessions live


@post("/paymentservices/paymentSession", status_code=200)
async def payment_session(request: HttpRequest) -> Response[dict[str, object]]:
    asked = json.loads(await request.body())
    missing = [name for name in ASKED if not isinstance(asked.get(name), str) or not asked[name]]
    if missing or asked["initiative"] != "web":
        message = f"Payment Services Exception: {', '.join(missing) or 'initiative'}"
        return Response({"statusCode": "400", "statusMessage": message}, status_code=400)
    now = int(state_of(request).now() * 1000)
    return Response(
        {
            "epochTimestamp": now,
            "expiresAt": now + SECONDS * 1000,
            "merchantSessionIdentifier": f"SSH{secrets.token_hex(16).upper()}",
            "nonce": secrets.token_hex(4),
            "merchantIdentifier": asked["merchantIdentifier"],
            "domainName": asked["initiativeContext"],
            "displayName": asked["displayName"],
            "signature": secrets.token_hex(32),
        }
    )


HANDLERS = (payment_session,)
