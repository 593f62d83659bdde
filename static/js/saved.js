// A saved card sends its code alone.
(() => {
  const choices = document.querySelectorAll("[name=card][type=radio]");
  const field = (name) => document.getElementById("f-" + name);
  const show = () => {
    const chosen = [...choices].find((choice) => choice.checked);
    const saved = chosen?.value === "saved";
    for (const name of ["number", "expiry", "holder", "remember"]) if (field(name)) field(name).disabled = saved;
    if (field("code")) field("code").disabled = saved && "codeless" in chosen.dataset;
  };
  if (!choices.length) return;
  for (const choice of choices) choice.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
})();
