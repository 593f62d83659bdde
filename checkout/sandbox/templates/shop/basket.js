// Keeps prices and total right while quantities and currency change; the server counts anyway.
const form = document.querySelector("[data-basket]");
const exponents = JSON.parse(form.dataset.exponents);

const written = (amount, currency) =>
  `${(amount / 10 ** exponents[currency]).toFixed(exponents[currency])} ${currency}`;

function count() {
  const currency = form.elements.currency.value;
  let total = 0;
  for (const item of form.querySelectorAll("[data-prices]")) {
    const price = JSON.parse(item.dataset.prices)[currency];
    item.querySelector("[data-price]").textContent = written(price, currency);
    total += price * Math.max(0, Math.min(99, Math.trunc(item.querySelector("input").value) || 0));
  }
  for (const place of form.querySelectorAll("[data-total]")) {
    place.textContent = written(total, currency);
  }
}

for (const part of form.querySelectorAll("[data-without-script]")) part.hidden = true;
form.addEventListener("input", count);
addEventListener("pageshow", count);
