// The page moves by itself where its scripts do not come; they are here.
(() => {
  const refresh = document.querySelector("[data-late]");
  if (!refresh) return;
  refresh.remove();
  addEventListener("load", () => stop());
})();
