// A way to pay without a card sends no card fields; they stand under the chosen one that takes a card.
(() => {
  const fields = document.querySelector("[data-card-fields]");
  const choices = document.querySelectorAll("[name=method][type=radio]");
  if (!fields || !choices.length) return;
  const show = () => {
    const chosen = [...choices].find((choice) => choice.checked && "card" in choice.dataset);
    fields.disabled = !chosen;
    const row = chosen?.parentNode;
    if (row && row.nextSibling !== fields) row.after(fields);
  };
  for (const choice of choices) choice.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
})();
