// The wallets that this browser can pay with, by its own interfaces: no script of theirs is on the
// page. What one gives is sent in the place of a card.
(() => {
  const form = document.querySelector("[data-pay]");
  const place = form?.querySelector("[data-wallets]");
  if (!place) return;
  const { label, total: value, currency } = place.dataset;
  const button = (name) => place.querySelector(`[data-wallet=${name}]`);
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

  // https://developers.google.com/pay/api/web/reference/request-objects
  const google = () => {
    const { environment, gateway, gatewayMerchant, merchant, country, networks } = button("google_pay").dataset;
    const data = {
      environment,
      apiVersion: 2,
      apiVersionMinor: 0,
      merchantInfo: { merchantName: label, ...(merchant && { merchantId: merchant }) },
      allowedPaymentMethods: [
        {
          type: "CARD",
          parameters: {
            allowedAuthMethods: ["PAN_ONLY", "CRYPTOGRAM_3DS"], // cards on file, and of a device
            allowedCardNetworks: networks.split(" "),
          },
          tokenizationSpecification: {
            type: "PAYMENT_GATEWAY",
            parameters: { gateway, gatewayMerchantId: gatewayMerchant },
          },
        },
      ],
      transactionInfo: {
        countryCode: country,
        currencyCode: currency,
        totalPriceStatus: "FINAL",
        totalPrice: value,
      },
    };
    const details = { total: { label, amount: { currency, value } } };
    return new PaymentRequest([{ supportedMethods: "https://google.com/pay", data }], details);
  };
  // Google's mark, as Google wants it on the button.
  const MARK = [
    ["4285f4", "M22.6 12.3c0-.8-.1-1.5-.2-2.3H12v4.3h5.9a5 5 0 0 1-2.2 3.3v2.8h3.6c2.1-1.9 3.3-4.8 3.3-8.1z"],
    ["34a853", "M12 23c3 0 5.5-1 7.3-2.7l-3.6-2.7a6.6 6.6 0 0 1-9.8-3.5H2.2v2.8A11 11 0 0 0 12 23z"],
    ["fbbc05", "M5.8 14.1a6.6 6.6 0 0 1 0-4.2V7.1H2.2a11 11 0 0 0 0 9.8z"],
    ["ea4335", "M12 5.4c1.6 0 3.1.6 4.2 1.6l3.2-3.1A11 11 0 0 0 2.2 7.1l3.6 2.8A6.6 6.6 0 0 1 12 5.4z"],
  ];
  const mark = () => {
    const paths = MARK.map(([colour, path]) => `<path fill="#${colour}" d="${path}"/>`).join("");
    const drawn = new Image(20, 20);
    drawn.alt = "";
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${paths}</svg>`;
    drawn.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    return drawn;
  };

  const CAN = {
    apple_pay: () => window.ApplePaySession?.canMakePayments(),
    google_pay: () => window.PaymentRequest && google().canMakePayment(),
  };
  const PAY = {
    apple_pay() {
      const { country, networks } = button("apple_pay").dataset;
      const sheet = new ApplePaySession(3, {
        countryCode: country,
        currencyCode: currency,
        merchantCapabilities: ["supports3DS"],
        supportedNetworks: networks.split(" "),
        total: { label, amount: value },
      });
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

  const look = async (shown) => {
    const { wallet: name } = shown.dataset;
    try {
      shown.hidden = !(await CAN[name]());
    } catch {
      return; // a frame that the shop's page does not let pay
    }
    if (shown.hidden) return;
    if (name === "google_pay") shown.prepend(mark());
    place.classList.add("on");
    shown.addEventListener("click", () => press(name));
  };
  place.querySelectorAll("[data-wallet]").forEach(look);
  // Where neither can ever be its place goes, unless that would move what is in sight already.
  const never = !window.ApplePaySession && !window.PaymentRequest;
  if (never && !performance.getEntriesByType("paint").length) place.hidden = true;
})();
