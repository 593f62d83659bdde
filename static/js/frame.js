// Talks with the shop's page around us: ready, its height, how the payment stands, close. Only
// origins that the shop registered can read it, and only theirs is listened to.
(() => {
  const { frame, uid, status, live } = document.body.dataset;
  if (self === top || !frame) return;
  const registered = frame.split(" ");
  const around = location.ancestorOrigins?.[0];
  let origins = registered.filter((origin) => !around || origin === around);
  const root = document.documentElement;
  const state = { uid, status, live: live !== undefined };
  const tell = (event, more) => {
    const back = document.querySelector("[data-back]:not([data-stay])");
    const said = {
      source: "checkout",
      event,
      ...state,
      height: Math.ceil(root.getBoundingClientRect().height),
      url: back?.getAttribute("href"),
      scheme: getComputedStyle(root).colorScheme,
      ...more,
    };
    for (const origin of origins) parent.postMessage(said, origin);
  };

  tell("ready");
  if (status) tell("status");
  new ResizeObserver(() => tell("resize")).observe(root);
  document.addEventListener("checkout:close", () => tell("close"));

  // While the card is on its way nothing is known but that; a bank that wants the whole window
  // takes the shop's page away.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.matches("[data-pay]")) {
      state.live = true;
      tell("status");
    }
    if (event.target.matches("[data-leave][target]")) tell("status", { status: "redirected" });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[data-leave][target]")) tell("status", { status: "redirected" });
  });

  // The form is open again: nothing is on its way any more.
  document.addEventListener("checkout:open", () => {
    state.live = false;
    tell("status");
  });

  addEventListener("message", ({ data, origin, source }) => {
    if (source !== parent || !registered.includes(origin)) return;
    if (data?.source !== "checkout" || data.event !== "hello" || root.dataset.around) return;
    origins = [origin];
    root.dataset.around = data.modal ? "modal" : "inline";
    tell("resize");
  });
  // A modal's Escape, which the page around can't hear; not while the card is on its way.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (root.dataset.around === "modal" && !document.querySelector(".busy")) tell("close");
  });
})();
