// Back to the shop after a countdown that can be stopped; a frame asks its parent to close it.
(() => {
  const line = document.querySelector("[data-return]");
  const link = document.querySelector("[data-back]");
  const close = () => document.dispatchEvent(new CustomEvent("checkout:close"));
  const around = () => document.documentElement.dataset.around; // nothing where nobody would close us
  // The shop's page is there already: around the frame, where the order names no address to go back
  // to, or behind this window.
  link?.addEventListener("click", (event) => {
    if (around() !== "popup" && !(around() && "stay" in link.dataset)) return;
    event.preventDefault();
    close();
  });
  if (!line || !link) return;
  const end = Date.now() + line.dataset.return * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    line.querySelector(".tick").textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    if (left) return;
    clearInterval(timer);
    if (self !== top || around() === "popup") close();
    else location.assign(link.href);
  };
  const timer = setInterval(tick, 250);
  const stay = line.querySelector("button");
  stay.classList.remove("can-not");
  stay.addEventListener("click", () => {
    clearInterval(timer);
    line.classList.add("can-not");
    link.focus();
  });
})();
