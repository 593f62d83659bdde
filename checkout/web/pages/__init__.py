"""The customer's pages. A page is one module with its handlers and its view, and its template has
the same name (`templates/pages/`): each handler reads its input, says one verb, answers.

payment    where the customer chooses how to pay and types the card
pay        its form: one attempt
who        the form by which a stranger shows to be the customer
redirect   leaves for the bank
wait       waits for the bank or a transfer; its status, "I have paid"
result     the end
receipt    to print, by a secret of its own
apple_pay  the session that the wallet's sheet asks for
cancel     the form that gives up, or chooses another way to pay
product    what is bought by one link
error      every failure that a person sees

page_request     one request to a page: shop, language, frame
payment_request  the same of a payment: whose browser, which page the payment is at
layout           what every page has around it
components       what several pages show
messages         the texts
declines         the texts of why a payment was not made
outcome          what the result page and the receipt say of the end
formatting       amounts and times
recognition      who is shown what is known of the customer
submission       what is sent with Pay, by the form or by an app
payment_cache    the payment page made once for many payments
order_lines      what is bought and what its amount is made of
wallets          the buttons of Apple Pay and Google Pay
likely_country   which country is chosen before the customer chooses
receipt_email    where the receipt goes, where nobody has said it
*_fields, gateway_inputs, checkboxes, amount_input, field_values     inputs, shown and read
saved_card, qr_code
"""
