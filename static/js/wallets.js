// The wallets that this browser can pay with, by its own interfaces: no script of theirs is on the
// page. What one gives is sent in the place of a card.
(() => {
  const form = document.querySelector("[data-pay]");
  const place = form?.querySelector("[data-wallets]");
  if (!place) return;
  const { label, total: value, currency } = place.dataset;
  const options = JSON.parse(place.dataset.wallets);
  const said = place.querySelector("[role=status]");
  const { form_token, wallet, wallet_data } = form.elements;
  const card = form.querySelector("[data-card-fields]");

  // The card's fields are out of it: neither checked nor sent. Returns what takes them in again.
  const leaveCard = () => {
    const was = card?.disabled;
    if (card) card.disabled = true;
    return () => {
      if (card) card.disabled = was;
    };
  };
  const isReady = () => {
    const back = leaveCard();
    const ready = form.dispatchEvent(new Event("check", { cancelable: true }));
    back();
    return ready;
  };
  // `end` is told once whether the payment went on from this page.
  const send = (name, data, end = () => {}) => {
    const back = leaveCard();
    wallet.value = name;
    wallet_data.value = data;
    const go = () => end(true);
    const stay = () => {
      removeEventListener("pagehide", go);
      document.removeEventListener("checkout:open", stay);
      wallet.value = wallet_data.value = "";
      back();
      end(false);
    };
    addEventListener("pagehide", go, { once: true });
    document.addEventListener("checkout:open", stay);
    form.requestSubmit();
    if (!form.classList.contains("busy")) stay(); // it was not sent
  };

  const google = () => {
    const { transactionInfo, ...data } = options.google_pay;
    data.transactionInfo = { ...transactionInfo, currencyCode: currency, totalPrice: value };
    const details = { total: { label, amount: { currency, value } } };
    return new PaymentRequest([{ supportedMethods: "https://google.com/pay", data }], details);
  };

  const CAN = {
    apple_pay: () => window.ApplePaySession?.canMakePayments(),
    google_pay: () => window.PaymentRequest && google().canMakePayment(),
  };
  const PAY = {
    apple_pay() {
      const total = { label, amount: value };
      const sheet = new ApplePaySession(3, { ...options.apple_pay, total });
      sheet.onvalidatemerchant = async ({ validationURL: url }) => {
        try {
          const body = new URLSearchParams({ form_token: form_token.value, url });
          const answer = await fetch(new URL("apple-pay/session", form.action), { method: "POST", body });
          if (!answer.ok) throw answer.status;
          sheet.completeMerchantValidation(await answer.json());
        } catch {
          sheet.abort();
          say();
        }
      };
      // The sheet stays until it is known whether there is a next page.
      sheet.onpaymentauthorized = ({ payment: { token } }) =>
        send("apple_pay", JSON.stringify({ paymentData: token.paymentData }), (on) =>
          sheet.completePayment({ status: on ? 0 : 1 }), // STATUS_SUCCESS, STATUS_FAILURE
        );
      sheet.begin();
    },
    async google_pay() {
      const answer = await google().show();
      const { token } = answer.details.paymentMethodData.tokenizationData;
      await answer.complete("unknown"); // closes Google's sheet, which says nothing of the money
      send("google_pay", typeof token === "string" ? token : JSON.stringify(token));
    },
  };

  const say = () => {
    said.textContent = said.dataset.problem;
  };
  let open = false; // a sheet that says by itself when it is closed
  const press = async (name) => {
    if (open || form.classList.contains("busy")) return;
    if (!isReady()) return; // what else the form asks for comes first
    open = true;
    try {
      await PAY[name]();
    } catch (error) {
      if (error.name !== "AbortError") say(); // else the customer has closed the sheet
    }
    open = false;
  };

  const look = async (button) => {
    const { wallet: name } = button.dataset;
    try {
      button.hidden = !(await CAN[name]());
    } catch {
      return; // a frame that the shop's page does not let pay
    }
    if (button.hidden) return;
    place.classList.add("on");
    button.addEventListener("click", () => press(name));
  };
  place.querySelectorAll("[data-wallet]").forEach(look);
  // Where neither can ever be its place goes, unless that would move what is in sight already.
  const never = !window.ApplePaySession && !window.PaymentRequest;
  if (never && !performance.getEntriesByType("paint").length) place.hidden = true;
})();
