// Back to the shop after a countdown that can be stopped; a frame asks its parent to close it.
(() => {
  const line = document.querySelector("[data-return]");
  const link = document.querySelector("[data-back]");
  const close = () => document.dispatchEvent(new CustomEvent("checkout:close"));
  // The order names no address to go back to: the shop's page is there, around the frame.
  if (link && "stay" in link.dataset)
    link.addEventListener("click", (event) => {
      if (!document.documentElement.dataset.around) return; // and nobody there who would close it
      event.preventDefault();
      close();
    });
  if (!line || !link) return;
  const framed = self !== top;
  const end = Date.now() + line.dataset.return * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    line.querySelector(".tick").textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    if (left) return;
    clearInterval(timer);
    if (framed) close();
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
