(() => {
const HOME = document.currentScript?.src || location.href;
const WORDS = {
en: ["Payment", "Close", "Open the payment page"],
ru: ["Оплата", "Закрыть", "Открыть страницу оплаты"],
de: ["Zahlung", "Schließen", "Zahlungsseite öffnen"],
};
const LONG = 30000;
const SHORT = 3000;
const CLOSED = { successful: "successful", failed: "failed", refunded: "failed", pending: "pending", expired: "error" };
const STYLE = `
:host{display:block;color-scheme:light dark}
iframe{display:block;width:100%;height:26rem;border:0}
a{display:block;margin:2rem;font:1rem/1.5 system-ui,sans-serif;color:inherit}
dialog{width:min(30rem,100vw - 2rem);max-width:none;max-height:calc(100dvh - 4rem);padding:0;border:0;border-radius:.75rem;
overflow:hidden;overscroll-behavior:contain;color:light-dark(#16181d,#eceef2);background:light-dark(#fff,#191c21)}
dialog[open]{display:flex;flex-direction:column}
dialog::backdrop{background:rgb(10 12 16/.6)}
dialog iframe{flex:0 1 auto;min-height:0;width:auto;margin:0 1rem 1rem}
header{display:flex;justify-content:space-between;padding:.25rem .25rem .25rem 1.25rem;font:600 1rem/2.75rem system-ui,sans-serif}
button{width:2.75rem;padding:0;border:0;font-size:1.75rem;line-height:1;color:inherit;background:none;cursor:pointer}
button:focus-visible{outline:2px solid;outline-offset:-6px}
@media(max-width:540px),(max-height:480px){
dialog{width:100vw;height:100dvh;max-height:none;border-radius:0}
dialog iframe{flex:1}
}`;

const words = WORDS[(document.documentElement.lang || navigator.language).slice(0, 2)] || WORDS.en;
const make = (name, attributes, text) => {
const element = document.createElement(name);
for (const key in attributes) element.setAttribute(key, attributes[key]);
element.textContent = text;
return element;
};
const styled = (host) => {
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
const root = host.attachShadow({ mode: "open" });
root.adoptedStyleSheets = [sheet];
return root;
};

const embed = (place, address, label, modal, hear) => {
const { origin, href } = new URL(address, location.href);
const frame = make("iframe", { title: label, allow: "clipboard-write *; publickey-credentials-get *" });
const link = make("a", { href }, words[2]);
if (!origin.startsWith("http")) throw new TypeError("not a web address");
let known, fresh, timer;
const patience = (time) => {
clearTimeout(timer);
timer = setTimeout(() => {
frame.hidden = true;
place.append(link);
hear({ event: "error" });
}, time);
};
const listen = ({ data, origin: from, source }) => {
if (source !== frame.contentWindow || from !== origin || data?.source !== "checkout") return;
if (data.event === "ready") {
source.postMessage({ source: "checkout", event: "hello", modal }, origin);
clearTimeout(timer);
link.remove();
frame.hidden = false;
if (modal && !known) frame.focus();
known = fresh = true;
}
if (data.height > 0) frame.style.height = data.height + "px";
hear(data);
};
frame.addEventListener("load", () => {
if (!known) patience(SHORT);
else if (!fresh) frame.style.height = Math.max(600, frame.offsetHeight) + "px";
fresh = false;
});
addEventListener("message", listen);
frame.src = href;
place.append(frame);
patience(LONG);
return () => {
clearTimeout(timer);
removeEventListener("message", listen);
link.remove();
frame.remove();
};
};

const leave = ({ url }) => url && location.assign(url);

let open; // a second press on the shop's button opens no second modal

class BeGateway {
constructor(params) {
this.params = params;
}

createWidget() {
const { checkout_url, checkout, closeWidget, token = checkout?.token } = this.params;
const tell = (status) => closeWidget?.(status);
if (open) return;
if (!token) return void tell("error");
const address = new URL("/widget/hpp.html?token=" + encodeURIComponent(token), checkout_url || HOME);
if (!window.HTMLDialogElement || !document.adoptedStyleSheets) return location.assign(address);

const host = make("div");
const dialog = make("dialog", { "aria-label": words[0] });
const header = make("header", {}, words[0]);
const button = make("button", { type: "button", "aria-label": words[1] }, "×");
header.append(button);
dialog.append(header);
styled(host).append(dialog);
document.body.append(host);

const page = document.documentElement;
const { overflow, scrollbarGutter } = page.style;
if (innerWidth > page.clientWidth) page.style.scrollbarGutter = "stable";
page.style.overflow = "hidden";

let last = {};
let redirected;
const remove = embed(dialog, address, words[0], true, (data) => {
if (data.status === "redirected") {
if (!redirected) tell(data.status);
redirected = true;
return;
}
last = data;
dialog.style.colorScheme = data.scheme || "";
if (data.event === "close") close();
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
button.addEventListener("click", close);
dialog.addEventListener("cancel", (event) => {
event.preventDefault();
close();
});
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
this.away = embed(this.root, address, this.title || words[0], false, (data) => {
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
