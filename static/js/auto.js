// Nothing is left to ask: the form is sent as soon as the page is seen, by whoever has just come.
(() => {
  const form = document.querySelector("[data-by-itself]");
  const [visit] = performance.getEntriesByType("navigation");
  if (!form || form.hidden || visit?.type !== "navigate") return;
  const send = () => {
    if (document.hidden || document.prerendering) return;
    document.removeEventListener("visibilitychange", send);
    form.requestSubmit();
  };
  document.addEventListener("visibilitychange", send);
  send();
})();
