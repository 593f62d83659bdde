// htmx polls #status. Here: no questions from a hidden tab or without a network, again after a
// failed one, when the server asks for it if it does, at once on return; and a changed headline is
// read aloud, once.
(() => {
  const FIRST = 4000;
  const LONGEST = 60000;
  const announce = document.querySelector("[data-announce]");
  const headline = () => document.getElementById("headline")?.textContent;
  let said = headline();
  let delay = FIRST;
  let retry;
  const awake = () => !document.hidden && navigator.onLine;
  const check = () => {
    clearTimeout(retry);
    if (awake()) document.getElementById("status")?.dispatchEvent(new CustomEvent("check"));
  };

  document.addEventListener("htmx:before:request", (event) => awake() || event.preventDefault());
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target.id !== "status") return; // it was replaced: all is well
    clearTimeout(retry);
    const asked = event.detail.ctx.response?.headers.get("retry-after") * 1000;
    retry = setTimeout(check, (asked || delay) * (1 + Math.random() / 2)); // and not all at once
    delay = Math.min(delay * 2, LONGEST);
  });
  document.addEventListener("htmx:after:swap", () => {
    delay = FIRST;
    if (headline() !== said) announce.textContent = said = headline();
  });
  document.addEventListener("visibilitychange", check);
  addEventListener("online", check);
})();
