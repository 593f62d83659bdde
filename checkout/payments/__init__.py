"""Everything that happens to a payment, from its creation to the removal of its personal data.

Verbs, called by the pages, the API and the commands:
  create                create a payment: a shop's request, a payment link
  find                  find a payment by its address, token or tracking id
  charge                submit an attempt and send it to the gateway once
  status_query          query the gateway for an attempt's status
  due_queries           the same behind the pages that wait, many in one write
  customer_actions      return from the bank, abandon, confirm, cancel, resume
  customer_check        recognise the customer by browser or e-mail address
  gateway_notifications a gateway's callbacks
  merchant_initiated    charges without the customer, by a card's token
  operations            capture, void, refund; query and resolve them
  review                a person resolves a mismatch
  webhooks              list a shop's webhooks, send them again
  products, invoices    what shops sell by a page or by mail
  personal_data         export and erase one customer's data

Transitions, transactions over one connection:
  transitions           the moves of a payment and its attempts
  gateway_answers       record an answer or a notification of the gateway
  facts                 merge what a gateway states of an attempt
  mismatches            facts that differ from ours, and success that comes late
  operation_checks      which operation is allowed, and its submission
  operation_outcomes    record how an operation ended
  gateway_initiated     operations that the gateway did by itself
  duplicate_operations  the same operation recorded twice
  remaining             how much can still be captured, voided, refunded
  operation_webhooks    the shop's webhooks about operations
  webhook_address       where a payment's webhooks go
  reservations          a product's stock
  renewal               the payment that takes the place of one that expired untried
  apple_pay             a session with Apple, for the browser's sheet

Methods and money:
  methods               which of the shop's methods can take an order
  offered_methods       the same with all that pages and apps show
  currencies            decimals of a payment's currency
  outcome_filter        what of a gateway's answer is not stored

Limits:
  limits                limits on card testing, counted in the ledger
  card_testing          slowing down and challenging before the limits
  app_limits            limits on publishable keys
  concurrency           slots for outgoing calls
  dns, connections      lookups and connections that can't block others
  http_transport        what carries requests, over a pool of connections
  http_connection       one of these

Background:
  background            runs the tasks
  recovery              queries open attempts and operations, expires payments
  webhook_sender        sends webhooks to shops
  verification          asks the shop's verification_url before a charge
  mailer                sends invoices, reminders, receipts; mails: which there are
  summaries             the mail about a shop's day
  retention             removes personal data after their time
  readiness             whether this worker can take payments

Shared:
  context               settings, ledger, gateways, clock
  schedule              every timeout and retry, in seconds
  pictures              of what is bought, fetched at shops
  shop_requests         calls shops at the addresses that they name, once those are checked
  call_failures         why a call failed, in words
  answer_bodies         what was answered, read up to a size
  metrics, alerts       for the operator
  dropped_data          logs what was cut or dropped of a shop's data
"""
