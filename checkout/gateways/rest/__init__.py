"""The white-label REST card gateway: one platform, sold under many brands and hosts.

Documents: the platform's REST overview, completed by its public clients. Bodies are forms with
dotted names, answers JSON or XML; amounts are major units with two decimals ("50.00"). A token
and a checksum that knows the secure key go into every call. Our key travels as
`merchantTransactionId` and finds the payment again. Success and most failures are both HTTP 200:
the words `status` and `transactionStatus` decide.

    gateway        the adapter                   request          the fields of a call
    options        an account's settings         encoding         forms out, JSON or XML in
    codes          its words to ours             response         reading what it says
    signature      checksums, theirs and ours    interpretation   what an answer means
    account        signed calls                  operations       capture, reversal, refund
    token          the token they need           unconfirmed      what no document confirms
    calls          which call a charge is
"""

from __future__ import annotations

from typing import Final

from checkout.gateways.rest import gateway

ADAPTERS: Final = {"rest": gateway}
