// A frame without an origin of its own can't send the form: said before anything is typed.
(() => {
  const hint = document.querySelector("[data-blocked]");
  if (!hint || self.origin !== "null") return;
  for (const form of document.forms) form.hidden = true;
  hint.hidden = false;
})();
