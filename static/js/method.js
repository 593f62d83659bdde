// A way to pay without a card sends no card fields.
(() => {
  const fields = document.querySelector("[data-card-fields]");
  const choices = document.querySelectorAll("[name=method][type=radio]");
  if (!fields || !choices.length) return;
  const show = () => {
    fields.disabled = ![...choices].some((choice) => choice.checked && "card" in choice.dataset);
  };
  for (const choice of choices) choice.addEventListener("change", show);
  show();
})();
