// Tells the shop's page around us: ready, its height, how the payment stands, close. Only origins
// that the shop registered can read it.
(() => {
  const { frame, uid, status } = document.body.dataset;
  if (self === top || !frame) return;
  const around = location.ancestorOrigins?.[0];
  const origins = frame.split(" ").filter((origin) => !around || origin === around);
  const tell = (event) => {
    const height = document.documentElement.getBoundingClientRect().height;
    for (const origin of origins)
      parent.postMessage({ source: "checkout", event, uid, status, height: Math.ceil(height) }, origin);
  };
  tell("ready");
  if (status) tell("status");
  new ResizeObserver(() => tell("resize")).observe(document.documentElement);
  document.addEventListener("checkout:close", () => tell("close"));
})();
