"""Moving orders: what the customer says, what happens by itself, and what a control wants."""

from __future__ import annotations

import asyncio

from checkout.sandbox.exchanger.codes import NEXT, TRANSACTION_STATUS
from checkout.sandbox.exchanger.notification import notification_of
from checkout.sandbox.exchanger.order import Order
from checkout.sandbox.exchanger.settings import settings_of
from checkout.sandbox.state import SandboxState


def find(state: SandboxState, uid: str) -> Order | None:
    found = state.transactions.get(uid)
    if not isinstance(found, Order):
        return None
    state.expire(found)
    return found


def move(state: SandboxState, order: Order, order_status: str) -> bool:
    """Move an order and tell the shop; False, and nothing done, if it may not move."""
    if TRANSACTION_STATUS[order_status] != "pending":
        return state.settle(order, TRANSACTION_STATUS[order_status])
    if order.final or order.order_status == order_status:
        return False
    order.order_status = order.code = order_status
    order.updated_at = state.now()
    if (notification := notification_of(state, order)) is not None:
        state.notifier.post(notification)
    settings = settings_of(state)
    if settings.by_itself and order_status in NEXT:
        asyncio.get_running_loop().call_later(settings.delay, _go_on, state, order, order_status)
    return True


def _go_on(state: SandboxState, order: Order, order_status: str) -> None:
    """Unless something else has happened meanwhile."""
    if state.transactions.get(order.uid) is order and order.order_status == order_status:
        move(state, order, NEXT[order_status])
