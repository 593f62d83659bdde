// Another language comes into this page, and all that was typed stays: the server's page in both
// languages is laid side by side, and each text that stands here changes into its other.
(() => {
  const picker = document.querySelector(".language");
  const form = document.querySelector("[data-pay]");
  if (!picker || !form) return;
  const OURS = /^(value|id|name|nonce|src|integrity)$/;

  // Notes the texts and attributes of a page by those of the other; whether the two are alike.
  const pair = (one, other, texts) => {
    if (one.nodeName !== other.nodeName) return false;
    if (one.data !== undefined) return texts.set(one.data, other.data);
    if (one.type === "select-one" && one.name !== "language") {
      for (const each of other.options) texts.set("=" + each.value, each.text);
      return true;
    }
    for (const { name, value } of one.attributes ?? [])
      if (!OURS.test(name)) texts.set(name + "=" + value, other.getAttribute(name));
    const [here, there] = [one.childNodes, other.childNodes];
    return here.length === there.length && [...here].every((each, place) => pair(each, there[place], texts));
  };
  const change = (node, texts) => {
    if (node.data !== undefined) node.data = texts.get(node.data) ?? node.data;
    for (const { name, value } of [...(node.attributes ?? [])]) {
      const other = texts.get(name + "=" + value);
      if (other && other !== value) node.setAttribute(name, other);
    }
    if (node.type === "select-one" && node.name !== "language")
      for (const each of node.options) each.text = texts.get("=" + each.value) ?? each.text;
    for (const each of node.childNodes) change(each, texts);
  };

  picker.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.classList.contains("busy")) return;
    const [now, then] = await Promise.all([
      ask(location.pathname),
      ask(`${location.pathname}?${new URLSearchParams(new FormData(picker))}`),
    ]);
    const texts = new Map();
    if (!formOf(then.page) || !now.page || !pair(now.page.body, then.page.body, texts)) return picker.submit();
    document.querySelector(".note a")?.closest(".note").remove(); // mistakes are told anew
    change(document.body, texts);
    Object.assign(document.documentElement, { lang: then.page.documentElement.lang, dir: then.page.documentElement.dir });
    document.title = then.page.title;
    history.replaceState(null, "", then.url);
    for (const each of form.querySelectorAll("[aria-invalid]")) each.dispatchEvent(new Event("input"));
  });
})();
