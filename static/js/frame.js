// Talks with the shop's page around us, or the one that opened this window: ready, its height, where
// to look, how the payment stands, close. Only origins that the shop registered can read it, and
// only theirs is listened to.
(() => {
  const { frame, uid, status, live, logo, darkLogo, words, ...order } = document.body.dataset;
  const around = self === top ? opener : parent;
  if (!around || !frame) return;
  const registered = frame.split(" ");
  const above = location.ancestorOrigins?.[0];
  let origins = registered.filter((origin) => !above || origin === above);
  const root = document.documentElement;
  const state = { uid, status, live: live !== undefined };
  state.bank = !!document.querySelector("[data-leave]:not([target])"); // it comes next, into this frame
  const inputs = [...document.querySelectorAll("[data-pay] input:not([type=hidden])")];
  const typed = () => inputs.some(({ value, defaultValue }) => value !== defaultValue);
  const tell = (event, more) => {
    const back = document.querySelector("[data-back]:not([data-stay])");
    const said = {
      source: "checkout",
      event,
      ...state,
      typed: typed(),
      height: Math.ceil(root.getBoundingClientRect().height),
      url: back?.getAttribute("href"),
      scheme: getComputedStyle(root).colorScheme,
      ...more,
    };
    for (const origin of origins) around.postMessage(said, origin);
  };
  const ready = () => {
    tell("ready", { ...order, dir: root.dir, words: words?.split("|") });
    if (status) tell("status");
  };

  ready();
  addEventListener("pageshow", ({ persisted }) => persisted && ready());
  new ResizeObserver(() => tell("resize")).observe(root);
  document.addEventListener("checkout:close", () => tell("close"));
  // The form can be sent again: what was under way has ended, without a new page.
  document.addEventListener("checkout:open", () => {
    state.live = false;
    tell("status");
  });

  // While the card is on its way nothing is known but that; a bank that wants the whole window
  // takes the shop's page away.
  document.addEventListener("submit", ({ target, defaultPrevented }) => {
    if (target.matches(".busy[data-pay]")) {
      state.live = true;
      tell("status");
    }
    if (!defaultPrevented && target.matches("[data-leave][target]")) tell("status", { status: "redirected" });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[data-leave][target]")) tell("status", { status: "redirected" });
  });
  let said = typed();
  document.addEventListener("input", () => said !== (said = typed()) && tell("status"));
  // A note or a mistake to which the page has gone may be out of sight in the shop's page.
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("[data-focus], [aria-invalid=true]"))
      tell("look", { top: Math.max(0, Math.floor(target.getBoundingClientRect().top + scrollY) - 48) });
  });

  const bitmap = async () => {
    const image = new Image();
    image.src = (matchMedia("(prefers-color-scheme: dark)").matches && darkLogo) || logo;
    await image.decode();
    tell("logo", { logo: await createImageBitmap(image, { resizeHeight: 96 }) });
  };
  addEventListener("message", ({ data, origin, source }) => {
    if (source !== around || !registered.includes(origin)) return;
    if (data?.source !== "checkout" || data.event !== "hello" || root.dataset.around) return;
    origins = [origin];
    root.dataset.around = data.popup ? "popup" : data.modal ? "modal" : "inline";
    tell("resize");
    // As pixels: the shop's policy need not allow our pictures. One that can't be drawn is left out.
    if (logo && data.modal) bitmap().catch(() => {});
  });
  // A modal's Escape, which the page around can't hear; not while the card is on its way.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (root.dataset.around === "modal" && !document.querySelector(".busy")) tell("close", { escape: true });
  });
})();
