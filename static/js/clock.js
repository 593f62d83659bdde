// Time left (data-countdown) and time passed (data-elapsed), in seconds, shown as 1:05.
(() => {
  const start = Date.now();
  const text = (seconds) => Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  const tick = () => {
    const passed = Math.floor((Date.now() - start) / 1000);
    for (const element of document.querySelectorAll("[data-countdown]")) {
      const left = Math.max(0, element.dataset.countdown - passed);
      if (left < 3600) element.textContent = text(left); // above an hour the server's words do
    }
    for (const element of document.querySelectorAll("[data-elapsed]"))
      element.textContent = text(+element.dataset.elapsed + passed);
  };
  tick();
  setInterval(tick, 1000);
})();
