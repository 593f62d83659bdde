// "gmial.com": ask whether another address was meant; a press on the question takes it.
(() => {
  const DOMAINS = (
    "gmail.com googlemail.com yahoo.com hotmail.com outlook.com live.com icloud.com me.com aol.com " +
    "proton.me gmx.de gmx.net web.de t-online.de yandex.ru yandex.by ya.ru mail.ru bk.ru list.ru " +
    "inbox.ru rambler.ru tut.by"
  ).split(" ");

  // One slip apart: a letter missing, added, changed, or two swapped.
  const near = (a, b) => {
    let i = 0;
    while (i < a.length && a[i] === b[i]) i++;
    return (
      a.slice(i + 1) === b.slice(i) || a.slice(i) === b.slice(i + 1) || a.slice(i + 1) === b.slice(i + 1) ||
      (a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2))
    );
  };

  for (const input of document.querySelectorAll("input[data-typo]")) {
    const ask = document.createElement("button");
    ask.type = "button";
    ask.className = "quiet hint";
    ask.hidden = true;
    document.getElementById("e-" + input.name).after(ask);
    let pause;
    const look = () => {
      const [name, domain = ""] = input.value.trim().toLowerCase().split("@");
      const meant = !DOMAINS.includes(domain) && DOMAINS.find((known) => near(domain, known));
      ask.hidden = !meant;
      ask.dataset.value = `${name}@${meant}`;
      ask.textContent = input.dataset.typo.replace("{}", ask.dataset.value);
    };
    // While the customer is still in the field: nothing may move under a press on the button.
    input.addEventListener("input", () => {
      ask.hidden = true;
      clearTimeout(pause);
      pause = setTimeout(look, 500);
    });
    ask.addEventListener("click", () => {
      input.value = ask.dataset.value;
      ask.hidden = true;
      input.focus();
    });
  }
})();
