// Slips are shown before the card is sent, in the server's own words: it gives no card back to mend.
(() => {
  const form = document.querySelector("[data-pay]");
  if (!form) return;
  const digits = (input) => input.value.replace(/\P{Nd}/gu, "");
  const luhn = (text) =>
    [...text]
      .reverse()
      .map((digit, i) => (i % 2 ? (digit * 2) % 10 + (digit > 4) : +digit))
      .reduce((sum, each) => sum + each, 0) % 10 === 0;

  // The forms of an expiry date that people type and autofill produces, as the server reads them.
  const MONTH_FIRST = [/^(\d{1,2})\D+(\d{4}|\d{2})$/, /^(\d{2})(\d{4}|\d{2})$/, /^(\d)(\d{2})$/];
  const YEAR_FIRST = [/^(\d{4})\D+(\d{1,2})(?:\D+\d{1,2})?$/, /^(20\d{2})(0[1-9]|1[0-2])$/];
  const month = (text) => {
    const find = (patterns) => patterns.map((each) => each.exec(text)).find(Boolean) ?? [];
    let [, year, number] = find(YEAR_FIRST);
    if (!year) [, number, year] = find(MONTH_FIRST);
    if (!(number > 0 && number < 13)) return 0;
    return (year < 100 ? +year + 2000 : +year) * 100 + +number; // as 202611
  };

  const PROBLEM = {
    number(input) {
      const typed = digits(input);
      if (!typed) return "missing";
      if (input.lengths ? !input.lengths.includes(typed.length) : typed.length < 12) return "length";
      return /^\d+$/.test(typed) && !luhn(typed) ? "wrong" : "";
    },
    expiry(input) {
      const text = input.value.trim();
      if (/[^\x20-\x7e]/.test(text)) return ""; // other digits and dashes: the server reads them
      const typed = month(text);
      return !typed ? "missing" : typed < input.dataset.oldest ? "past" : "";
    },
    code(input) {
      const { length } = digits(input);
      const wanted = document.getElementById("f-number")?.code;
      if (!length) return input.required ? "missing" : ""; // some cards have none
      return (wanted ? length === wanted : length > 2) ? "" : wanted === 4 ? "four" : "three";
    },
    holder: (input) => (input.value.trim() || !input.required ? "" : "missing"),
    agreed: (input) => (input.checked ? "" : "missing"),
  };

  const check = (input) => {
    const problem = input.matches(":disabled") ? "" : PROBLEM[input.name](input);
    document.getElementById("e-" + input.name).textContent = problem ? input.dataset[problem] : "";
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return problem;
  };

  const inputs = Object.keys(PROBLEM).map((name) => document.getElementById("f-" + name)).filter(Boolean);
  for (const input of inputs) {
    // Going on to another field checks this one, but a press on the button does not: an error that
    // comes up then would move the button away under the finger.
    input.addEventListener("focusout", (event) => {
      if (input.value && event.relatedTarget?.matches("input, select")) check(input);
    });
    // Mending a field takes its error away at once.
    input.addEventListener("input", () => input.hasAttribute("aria-invalid") && check(input));
  }
  const stop = (event) => {
    const [first] = inputs.filter(check);
    if (!first) return;
    event.preventDefault();
    first.focus();
  };
  form.addEventListener("submit", stop);
  form.addEventListener("check", stop); // before a wallet opens
})();
