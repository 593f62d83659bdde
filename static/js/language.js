// Another language costs nothing that was typed: the page's texts change where they stand. What they
// become is read of the same page, asked for in both languages.
(() => {
  const form = document.querySelector("[data-pay]");
  const link = document.querySelector("[data-languages]");
  if (!form || !link) return;
  const OWN = ["dir", "lang", "nonce", "value"];
  // Countries stand in another order in each language: their names go by their codes.
  const options = (page) => [...page.querySelectorAll("[data-pay] option")];
  const parts = (page) =>
    [...page.querySelectorAll(":not([data-pay] option)")].flatMap((each) => [
      ...[...each.attributes].filter(({ name }) => !OWN.includes(name)),
      ...[...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE),
    ]);
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const { page } = await ask(link.href);
    const picker = page?.getElementById("language");
    if (!picker) return location.assign(link.href);
    picker.addEventListener("submit", change);
    link.replaceWith(document.adoptNode(picker));
    picker.querySelector("select").focus();
  });
  const change = async (event) => {
    event.preventDefault();
    const picker = event.target;
    if (form.classList.contains("busy")) return;
    const wish = new URLSearchParams(new FormData(picker));
    const there = (await ask(`${form.action}?${wish}`)).page;
    const both = [document, there].map((page) => ask(new URL("?languages", page?.URL ?? location.href)));
    const [{ page: before }, { page: after }] = await Promise.all(both);
    const said = before ? parts(before) : [];
    const says = after ? parts(after) : [];
    if (!says.length || said.length !== says.length) return picker.submit();
    const words = new Map();
    said.forEach((each, i) => {
      const whole = [each, says[i]].map(({ nodeValue }) => nodeValue.trim());
      words.set(...whole);
      // A field's slips stand in one attribute, and one of them in sight.
      const [ours, theirs] = whole.map((text) => text.split("|"));
      ours.forEach((text, j) => words.set(text, theirs[j]));
    });
    for (const each of parts(document)) {
      const text = each.nodeValue.trim();
      const word = words.get(text) ?? text;
      if (word !== text) each.nodeValue = each.nodeValue.replace(text, () => word);
    }
    const names = new Map(options(after).map((each) => [each.value, each.text]));
    for (const each of options(document)) each.text = names.get(each.value) ?? each.text;
    document.querySelector(".note a")?.closest(".note").remove(); // mistakes are told anew, where they are
    for (const each of form.querySelectorAll("[aria-invalid]")) each.dispatchEvent(new Event("input"));
    const { lang, dir } = after.documentElement;
    Object.assign(document.documentElement, { lang, dir });
    history.replaceState(null, "", there.URL);
  };
})();
