"""An exchanger as payment processor: the customer pays its order, and it pays the shop.

Documents: the exchanger's page on payment processing, and public clients of the same script. JSON
without credentials; amounts are decimal numbers in major units, and `amount` is what the customer
gives. An order carries no key of ours, and who knows its uid and secret may do all with it: both
together are the id that we keep, and no page of ours shows it unless the customer is sent to the
exchanger's (`page = "exchanger"`).

    gateway        the adapter                   request        what an order is created with
    options        an account's settings         templates      field values made from an order
    codes          its words to ours             response       reading orders and refusals
    signature      proof of notifications        instructions   how an order is paid
    orders         the calls about orders        html           its texts as plain lines
    route          rates and limits              quote          what the customer is to give
    routes         when they are read            description    the same for the operator
"""

from __future__ import annotations

from typing import Final

from checkout.gateways.exchanger import gateway

ADAPTERS: Final = {"exchanger": gateway}
