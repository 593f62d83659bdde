// The API of older pages: `new BeGateway({ type, id, url, size }).buildForm()`. It is served after
// the widget, which has the frame and the modal; docs/widget.md tells its use.
(() => {
  // Pixels, where the page names no `size`.
  const WIDTH = 320;

  // What shows the payment at `url`: its token says which it is, whatever the path around.
  const checkout = (url) => {
    const { origin, href, protocol, searchParams } = new URL(url, location.href);
    if (!protocol.startsWith("http")) throw new TypeError("not a web address");
    const token = searchParams.get("token");
    const page = token ? origin + "/widget/hpp.html?token=" + encodeURIComponent(token) : href;
    return { origin, token, page };
  };
  // The page goes on as soon as the payment is over, without its result in the frame.
  const over = ({ event, url }) => event === "status" && url;

  // By the place or the button: what is there now. A form that is built again takes its place.
  const frames = new WeakMap();
  const modals = new WeakMap();

  const FORMS = {
    inline(place, { url, size }) {
      const frame = document.createElement("checkout-frame");
      const width = Number(size?.width ?? WIDTH);
      const { colorScheme } = getComputedStyle(place);
      frame.id = "beGatewayForm";
      Object.assign(frame.style, {
        width: "100%",
        maxWidth: width > 0 ? width + "px" : "",
        margin: "auto",
        // As the page around it: one that says nothing is light for everybody.
        colorScheme: colorScheme === "normal" ? "light" : colorScheme,
      });
      frame.addEventListener("status", ({ detail }) => over(detail) && location.assign(detail.url));
      frame.setAttribute("src", checkout(url).page);
      frames.get(place)?.remove();
      frames.set(place, frame);
      place.append(frame);
    },

    overlay(button, { url, closeWidget }) {
      const { origin, token, page } = checkout(url);
      const open = () => {
        if (!token) return location.assign(page);
        const end = ({ origin: from, data }) => {
          if (from === origin && data?.source === "checkout" && over(data)) widget.close();
        };
        const widget = new BeGateway({
          checkout_url: origin,
          token,
          closeWidget(status) {
            if (status !== "redirected") removeEventListener("message", end);
            return closeWidget?.(status);
          },
        });
        widget.createWidget();
        // After the widget's own: it knows the address by then. Nothing opens beside another modal.
        if (widget.close) addEventListener("message", end);
      };
      if (!modals.has(button))
        button.addEventListener("click", (event) => {
          event.preventDefault();
          modals.get(button)();
        });
      modals.set(button, open);
    },
  };

  BeGateway.prototype.buildForm = function () {
    const { type, id, url } = this.params;
    const place = document.getElementById(id) || (type === "inline" && document.body);
    const wrong = (!FORMS[type] && "type") || (!url && "url") || (!place && "id");
    if (wrong) console.error(`BeGateway: the option "${wrong}" leads to nothing`);
    else FORMS[type](place, this.params);
    return false;
  };
})();
