// Pay once: the second press does nothing, and without a network nothing is sent.
(() => {
  const form = document.querySelector("[data-pay]");
  if (!form) return;
  const button = form.querySelector("[data-busy]");
  const now = form.querySelector("[data-now]");
  const labels = [...button.childNodes];
  const title = document.title;
  const say = (text) => {
    now.textContent = text;
    now.previousElementSibling.classList.toggle("can-not", !!text);
  };
  const busy = (on) => {
    form.classList.toggle("busy", on);
    button.ariaDisabled = on || null;
    document.title = on ? button.dataset.busy : title;
    button.replaceChildren(...(on ? [button.dataset.busy] : labels));
    for (const input of form.querySelectorAll("input:not([readonly]), [data-held]")) {
      input.toggleAttribute("data-held", on);
      input.readOnly = on;
    }
    say(on ? now.dataset.slow : "");
  };
  const offline = () => say(navigator.onLine ? "" : now.dataset.offline);

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (!navigator.onLine || form.classList.contains("busy")) {
      event.preventDefault();
      return;
    }
    busy(true);
    setTimeout(busy, 45000, false); // longer than the server takes: the browser's Stop was pressed
  });
  const look = () => form.classList.contains("busy") || offline();
  addEventListener("online", look);
  addEventListener("offline", look);
  look();
})();
