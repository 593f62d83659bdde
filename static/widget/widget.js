// checkout's widget: the payment page on the shop's own page, as a modal, inline or in a window of
// its own. docs/widget.md tells its use. It is served without comments and indentation.
(() => {
  const HOME = document.currentScript?.src || location.href;
  // Until the page has spoken, which has its own. Served with those of every catalogue.
  const WORDS = { en: ["Payment", "Close", "The payment opens in a window of its own.", "Open the payment page"] };
  // Milliseconds until the frame's first word: from the start, from its load.
  const LONG = 30000;
  const SHORT = 3000;
  // A bank's page does not tell its height.
  const ROOM = "min(100dvh - 1rem,45rem)";
  // Pixels of a new page that are to be seen, where it has as many.
  const SEEN = 720;
  // What `closeWidget` is told; null where nothing was begun or the customer gave up.
  const CLOSED = { successful: "successful", failed: "failed", refunded: "failed", pending: "pending", expired: "error" };
  const STYLE = `
    :host{display:block;position:relative;color-scheme:light dark;scroll-margin:.5rem}
    iframe,.bars{display:block;width:100%;height:26rem;margin:0;border:0;scroll-margin:inherit}
    iframe.wait{position:absolute;opacity:0}
    [hidden]{display:none!important}
    .bars{background:repeating-linear-gradient(#0000 0 1.5rem,#8883 0 4.25rem,#0000 0 5rem)}
    .aside{padding:2rem 1.25rem;font:1rem/1.5 system-ui,sans-serif}
    .aside p{margin:0 0 1rem}
    a,dialog dialog button{box-sizing:border-box;display:inline-block;min-height:2.75rem;padding:.625rem 1rem;border:1px solid;
    border-radius:.5rem;font:600 1rem/1.5 system-ui,sans-serif;color:inherit;background:none;text-decoration:none;cursor:pointer}
    dialog{box-sizing:border-box;width:min(30rem,100vw - 2rem);max-width:none;max-height:calc(100dvh - 2rem);padding:0;border:0;
    border-radius:.75rem;overflow:hidden;overscroll-behavior:contain;color:light-dark(#16181d,#eceef2);
    background:light-dark(#fff,#191c21);font:1rem/1.4 system-ui,sans-serif}
    dialog[open]{display:flex;flex-direction:column}
    dialog::backdrop{background:rgb(10 12 16/.6)}
    dialog iframe,dialog .bars{flex:0 1 auto;width:auto;min-height:0}
    dialog iframe:not(.bank),dialog .bars{margin:0 .75rem .75rem}
    dialog iframe.wait{inset:3.5rem 0 0}
    dialog dialog{width:min(22rem,100vw - 3rem);padding:1.25rem}
    dialog dialog p{margin:0 0 1.25rem}
    dialog dialog div{display:flex;flex-wrap:wrap;gap:.75rem}
    header{flex:none;display:flex;align-items:center;gap:.75rem;min-height:2.75rem;padding-block:.375rem;padding-inline-start:1rem;
    border-bottom:1px solid #8883}
    canvas{flex:none;max-width:6rem;max-height:2rem}
    header div{flex:1;min-width:0}
    header div *{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    small{font-size:.875rem;opacity:.75}
    b{font-weight:600}
    header>b{white-space:nowrap}
    header button{flex:none;width:2.75rem;height:2.75rem;padding:0;border:0;font:1.75rem/1 system-ui,sans-serif;color:inherit;
    background:none;cursor:pointer}
    :focus-visible{outline:2px solid;outline-offset:-4px}
    @media(max-width:540px),(max-height:480px){
    dialog:not(dialog dialog){width:100vw;height:100dvh;max-height:none;border-radius:0}
    dialog iframe{flex:1}
    }`;

  const words = WORDS[(document.documentElement.lang || navigator.language).slice(0, 2)] || WORDS.en;
  const make = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    element.append(...inside);
    return element;
  };
  // Constructed, not written into the page: a strict policy of the shop's page allows that.
  const styled = (host) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    return root;
  };

  // The page at `address` in `place`: in a frame, or in a window of its own where `popup` says so or
  // the frame can't be shown. `hear` gets what it says, {event: "error"} where the frame can't be
  // shown, and {event: "close"} once that window is closed. Gives the function that takes all away.
  const embed = (place, address, label, { modal, popup }, hear) => {
    const { origin, href } = new URL(address, location.href);
    const link = make("a", { href, target: "_blank" }, words[3]);
    const aside = make("div", { class: "aside", role: "status" }, make("p", {}, words[2]), link);
    const bars = make("p", { class: "bars" });
    const frame = make("iframe", {
      title: label,
      class: "wait",
      allow: "payment *; clipboard-write *; publickey-credentials-get *",
    });
    if (!origin.startsWith("http")) throw new TypeError("not a web address");
    let timer, known, own, watch;
    let said = {};

    const asides = (on) => {
      aside.hidden = !on;
      frame.hidden = bars.hidden = on;
    };
    const patience = (time) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        asides(true);
        hear({ event: "error" });
      }, time);
    };
    // The window closes the payment by being closed; a bank's page may only look as if it were.
    const open = () => {
      if (own && !own.closed) return own.focus();
      own = window.open(href, "_blank", "popup,width=480,height=800");
      clearInterval(watch);
      watch = own && setInterval(() => {
        if (!own.closed) return;
        clearInterval(watch);
        if (!said.bank) hear({ ...said, event: "close" });
      }, 500);
    };
    link.addEventListener("click", (event) => {
      open();
      if (own) event.preventDefault();
    });

    // What the customer is to see now, `from` pixels down in the frame, wherever they have scrolled to.
    const look = (from) => {
      const { top, bottom } = frame.getBoundingClientRect();
      if (top + from >= 0 && Math.min(bottom, top + from + SEEN) <= innerHeight) return;
      frame.style.scrollMarginTop = "";
      if (from) frame.style.scrollMarginTop = `calc(${getComputedStyle(frame).scrollMarginTop} - ${from}px)`;
      frame.scrollIntoView();
    };
    const listen = ({ data, origin: from, source }) => {
      if (!source || from !== origin || data?.source !== "checkout") return;
      const framed = source === frame.contentWindow;
      if (!framed && source !== own) return;
      const fresh = data.event === "ready";
      said = data;
      if (fresh) source.postMessage({ source: "checkout", event: "hello", modal, popup: !framed }, origin);
      if (framed) {
        frame.classList.toggle("bank", data.bank);
        if (data.height > 0) frame.style.height = data.bank ? ROOM : data.height + "px";
        if (fresh) {
          clearTimeout(timer);
          asides(false);
          bars.remove();
          frame.classList.remove("wait");
          if (modal && !known) frame.focus();
          if (known) look(0);
          known = true;
        }
        if (data.event === "look") look(data.top);
      }
      hear(data);
      if (!framed && data.event === "close") {
        clearInterval(watch);
        own.close();
      }
    };
    // A page that was refused tells nothing at all.
    frame.addEventListener("load", () => known || patience(SHORT));
    addEventListener("message", listen);
    asides(popup);
    place.append(aside, bars, frame);
    if (popup) open();
    else {
      frame.src = href;
      patience(LONG);
    }
    return () => {
      clearTimeout(timer);
      clearInterval(watch);
      removeEventListener("message", listen);
      for (const each of [aside, bars, frame]) each.remove();
    };
  };

  // On to the shop's return address, where the payment is over and the order has one.
  const leave = ({ url }) => url && location.assign(url);

  let open; // a second press on the shop's button opens no second modal

  class BeGateway {
    constructor(params) {
      this.params = params;
    }

    createWidget() {
      const { checkout_url, checkout, closeWidget, popup = false, token = checkout?.token } = this.params;
      const tell = (status) => closeWidget?.(status);
      if (open) return;
      if (!token) return void tell("error");
      const address = new URL("/widget/hpp.html?token=" + encodeURIComponent(token), checkout_url || HOME);
      if (!window.HTMLDialogElement || !document.adoptedStyleSheets) return location.assign(address);

      const host = make("div");
      const logo = make("canvas", { hidden: "" });
      const shop = make("b", { dir: "auto" }, words[0]);
      const order = make("small", { dir: "auto" });
      const amount = make("b");
      const button = make("button", { type: "button", "aria-label": words[1] }, "×");
      const header = make("header", {}, logo, make("div", {}, shop, order), amount, button);
      const dialog = make("dialog", { "aria-label": words[0] }, header);
      styled(host).append(dialog);
      document.body.append(host);

      const page = document.documentElement;
      const { overflow, scrollbarGutter } = page.style;
      if (innerWidth > page.clientWidth) page.style.scrollbarGutter = "stable";
      page.style.overflow = "hidden";

      let last = {};
      let texts; // the page's own: close, stay, and what is lost by closing
      let redirected;
      const heard = {
        ready(data) {
          if (!data.words) return; // a window of its own says it itself
          [shop.textContent, order.textContent, amount.textContent] = [data.shop, data.order, data.amount];
          texts = data.words;
          button.ariaLabel = texts[0];
          dialog.dir = data.dir;
        },
        logo(data) {
          logo.getContext("bitmaprenderer").transferFromImageBitmap(data.logo);
          logo.hidden = false;
        },
        close: ({ escape }) => (escape ? ask() : close()),
      };
      const remove = embed(dialog, address, words[0], { modal: true, popup }, (data) => {
        if (data.status === "redirected") {
          if (!redirected) tell(data.status);
          redirected = true;
          return;
        }
        last = data;
        dialog.style.colorScheme = data.scheme || "";
        if (Object.hasOwn(heard, data.event)) heard[data.event](data);
      });
      const close = (open = this.close = () => {
        if (open !== close) return;
        open = null;
        remove();
        dialog.close();
        host.remove();
        Object.assign(page.style, { overflow, scrollbarGutter });
        const status = last.event === "error" ? "error" : CLOSED[last.status] || (last.live ? "pending" : null);
        if (tell(status) !== false) leave(last);
      });
      // Escape, or Back on Android: a slip that would cost what is typed.
      const ask = () => {
        if (!last.typed || last.live) return close();
        const yes = make("button", { type: "button" }, texts[0]);
        const no = make("button", { type: "button", autofocus: "" }, texts[1]);
        const question = make("dialog", { role: "alertdialog", "aria-label": texts[2] });
        question.append(make("p", {}, texts[2]), make("div", {}, no, yes));
        question.addEventListener("cancel", (event) => event.stopPropagation());
        question.addEventListener("close", (event) => {
          event.stopPropagation();
          question.remove();
        });
        no.addEventListener("click", () => question.close());
        yes.addEventListener("click", close);
        dialog.append(question);
        question.showModal();
      };
      button.addEventListener("click", close);
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        ask();
      });
      dialog.addEventListener("close", close); // by a browser that was not to be prevented
      dialog.showModal();
    }
  }

  class CheckoutFrame extends HTMLElement {
    static observedAttributes = ["src"];

    connectedCallback() {
      this.disconnectedCallback();
      const address = this.getAttribute("src");
      if (!address) return;
      this.root ??= styled(this);
      this.away = embed(this.root, address, this.title || words[0], { modal: false, popup: false }, (data) => {
        const event = new CustomEvent(data.event, { detail: data, cancelable: true });
        if (this.dispatchEvent(event) && data.event === "close") leave(data);
      });
    }

    disconnectedCallback() {
      this.away?.();
    }

    attributeChangedCallback() {
      if (this.isConnected) this.connectedCallback();
    }
  }

  window.BeGateway = BeGateway;
  customElements.get("checkout-frame") || customElements.define("checkout-frame", CheckoutFrame);
})();
