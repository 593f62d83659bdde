(() => {
  const button = document.querySelector("[data-print]");
  if (!button) return;
  button.classList.remove("can-not");
  button.addEventListener("click", () => print());
})();
